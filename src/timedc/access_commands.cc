#include "access_commands.h"

#include <vector>

#include "timed/base/subnet_text.h"
#include "timed/client/arguments.h"

namespace timed::timedc {
namespace {

using control::AccessRequest;
using control::AccessTable;

// [all] [SUBNET | HOST]
bool set_access(Context& context, const Words& words, AccessTable table, bool allow) {
  AccessRequest request;
  request.table = table;
  request.allow = allow;
  request.all = word_at(words, 1) == "all";
  const std::string what = joined(words, request.all ? 2 : 1);
  if (what.empty()) return context.request(request);
  const auto parsed = parse_subnet(what);
  if (std::holds_alternative<BadPrefixLength>(parsed)) {
    // No prefix has that length, whatever the daemon is.
    control::Received refused;
    refused.status = control::ReplyStatus::BadSubnet;
    return context.conclude(refused);
  }
  if (const auto* subnet = std::get_if<Subnet>(&parsed)) {
    request.network = subnet->address();
    request.bits = subnet->bits();
    return context.request(request);
  }
  const bool is_name = std::get<NotASubnet>(parsed).may_be_host_name;
  const auto found = is_name ? client::resolve(what, 0, context.family) : std::vector<Endpoint>();
  if (found.empty()) return Context::complain("Could not read address");
  request.network = found.front().address;
  request.bits = found.front().address.width();
  return context.request(request);
}

bool check_access(Context& context, const Words& words, AccessTable table) {
  const auto address = client::find_address(joined(words, 1), context.family);
  if (!address || !address->ip.is_set()) return Context::complain("Could not read address");
  return context.request(control::AccheckRequest{table, *address});
}

}  // namespace

bool allow(Context& context, const Words& words) {
  return set_access(context, words, AccessTable::Ntp, true);
}

bool deny(Context& context, const Words& words) {
  return set_access(context, words, AccessTable::Ntp, false);
}

bool cmdallow(Context& context, const Words& words) {
  return set_access(context, words, AccessTable::Command, true);
}

bool cmddeny(Context& context, const Words& words) {
  return set_access(context, words, AccessTable::Command, false);
}

bool accheck(Context& context, const Words& words) {
  return check_access(context, words, AccessTable::Ntp);
}

bool cmdaccheck(Context& context, const Words& words) {
  return check_access(context, words, AccessTable::Command);
}

}  // namespace timed::timedc
