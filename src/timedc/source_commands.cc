#include "source_commands.h"

#include <span>

#include "timed/client/arguments.h"

namespace timed::timedc {
namespace {

template <class Request>
bool set_online(Context& context, const Words& words) {
  auto which = client::parse_which_sources(joined(words, 1), context.family);
  if (!which) return Context::complain(which.error().message);
  return context.request(Request{*which});
}

}  // namespace

bool add(Context& context, const Words& words) {
  auto request = client::parse_add_source(std::span(words).subspan(1), context.family);
  if (!request) return Context::complain(request.error().message);
  return context.request(*request);
}

bool remove(Context& context, const Words& words) {
  if (words.size() < 2) return Context::complain("Invalid syntax for address");
  const auto address = client::find_address(joined(words, 1), context.family);
  if (!address) return Context::complain("Could not get address for hostname");
  return context.request(control::DelSourceRequest{*address});
}

bool burst(Context& context, const Words& words) {
  const std::string_view counts = word_at(words, 1);
  const std::size_t slash = counts.find('/');
  const bool has_slash = slash != std::string_view::npos;
  const auto good = parse_saturated_prefix(counts);
  const auto total = has_slash ? integer_of(counts.substr(slash + 1)) : std::nullopt;
  if (!good || !total || good->length != slash) return Context::complain("Invalid syntax for burst command");
  auto which = client::parse_which_sources(joined(words, 2), context.family);
  if (!which) return Context::complain(which.error().message);
  return context.request(control::BurstRequest{*which, *integer_of(counts), *total});
}

bool online(Context& context, const Words& words) {
  return set_online<control::OnlineRequest>(context, words);
}

bool offline(Context& context, const Words& words) {
  return set_online<control::OfflineRequest>(context, words);
}

bool reload(Context& context, const Words& words) {
  if (joined(words, 1) != "sources") return Context::complain("Invalid syntax for reload command");
  return context.request(control::ReloadSourcesRequest{});
}

bool reset(Context& context, const Words& words) {
  if (joined(words, 1) != "sources") return Context::complain("Invalid syntax for reset command");
  return context.request(control::ClockRequest(control::ResetSourcesRequest{}));
}

}  // namespace timed::timedc
