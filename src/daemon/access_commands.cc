#include "timed/daemon/access_commands.h"

namespace timed::daemon {
namespace {

using control::Reply;
using control::ReplyStatus;

AccessNames& table_of(control::AccessTable table, const AccessRules& rules) {
  return table == control::AccessTable::Ntp ? rules.ntp : rules.command;
}

// Nothing where it is no subnet at all.
std::vector<Subnet> subnets_of(const control::AccessRequest& q) {
  if (q.network.unresolved_id) return {};
  if (q.network.ip.is_set()) {
    const auto subnet = Subnet::make(q.network.ip, q.bits);
    return subnet ? std::vector{*subnet} : std::vector<Subnet>();
  }
  if (q.bits != 0) return {};
  return {*Subnet::make(IpAddress::any(Family::Inet4), 0), *Subnet::make(IpAddress::any(Family::Inet6), 0)};
}

std::optional<Reply> answer(const control::AccessRequest& q, const AccessRules& rules) {
  server::AccessRule rule;
  rule.allow = q.allow;
  rule.all = q.all;
  rule.subnets = subnets_of(q);
  if (!rule.is_known()) return Reply::failure(ReplyStatus::BadSubnet);
  table_of(q.table, rules).add(std::move(rule));
  return Reply{};
}

// Of the table alone: that this machine may always send commands is not in it.
std::optional<Reply> answer(const control::AccheckRequest& q, const AccessRules& rules) {
  const bool allowed = table_of(q.table, rules).list().allows(q.address.ip);
  return Reply{allowed ? ReplyStatus::AccessAllowed : ReplyStatus::AccessDenied, {}};
}

template <class Other>
std::optional<Reply> answer(const Other&, const AccessRules&) {
  return std::nullopt;
}

}  // namespace

std::optional<Reply> change_access(const control::Request& request, const AccessRules& rules) {
  return std::visit([&](const auto& q) { return answer(q, rules); }, request);
}

}  // namespace timed::daemon
