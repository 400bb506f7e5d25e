#include "timed/daemon/access_names.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "timed/base/log.h"

namespace timed::daemon {

AccessNames::AccessNames(std::vector<server::AccessRule> rules, Family family, env::Host& host, env::Timers& timers,
                         std::function<void()> on_change)
    : rules_(std::move(rules)),
      family_(family),
      on_change_(std::move(on_change)),
      lookups_(host, timers,
               [this](const sources::NameLookup& lookup, const sources::NameLookups::Addresses& addresses) {
                 return take(lookup, addresses);
               }) {}

// The number of a rule takes the place of a line of sources.
void AccessNames::start() {
  std::uint32_t number = 0;
  for (const server::AccessRule& rule : rules_) {
    sources::NameLookup lookup;
    lookup.line.value = number++;
    lookup.name = rule.host;
    lookup.family = family_;
    if (!rule.is_known()) lookups_.add(std::move(lookup));
  }
  lookups_.start();
}

// A rule marks what an earlier one of the same subnets has marked, so that is dropped, unless it has also wiped out
// what was said before of smaller ones: whoever repeats a command for ever does not fill the memory.
void AccessNames::add(server::AccessRule rule) {
  std::erase_if(added_, [&](const server::AccessRule& earlier) {
    return earlier.subnets == rule.subnets && (rule.all || !earlier.all);
  });
  if (list_ && !holds_all_back()) list_->apply(rule);
  added_.push_back(std::move(rule));
  on_change_();
}

bool AccessNames::holds_all_back() const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [](const server::AccessRule& rule) { return !rule.allow && !rule.is_known(); });
}

std::vector<server::AccessRule> AccessNames::rules() const {
  if (holds_all_back()) return {};
  std::vector<server::AccessRule> known;
  std::copy_if(rules_.begin(), rules_.end(), std::back_inserter(known),
               [](const server::AccessRule& rule) { return rule.is_known(); });
  known.insert(known.end(), added_.begin(), added_.end());
  return known;
}

const server::AccessList& AccessNames::list() {
  if (!list_) list_.emplace(rules());
  return *list_;
}

server::AccessTable AccessNames::key_table() const {
  if (holds_all_back()) return {};
  return server::AccessList(server::key_rules(rules_)).compile();
}

bool AccessNames::take(const sources::NameLookup& lookup, const sources::NameLookups::Addresses& addresses) {
  server::AccessRule& rule = rules_[lookup.line.value];
  if (!addresses.ok() || addresses->empty()) {
    const bool first = told_.emplace(lookup.name, rule.allow).second;
    if (first && !addresses.ok()) {
      log::warning("%s (%s)", addresses.error().message.c_str(),
                   rule.allow ? "nobody is allowed by this name" : "nobody is allowed until this name is known");
    }
    return false;
  }
  const IpAddress& address = addresses->front();
  rule.subnets = {*Subnet::make(address, address.width())};
  list_.reset();  // rules behind it may overrule it
  on_change_();
  return true;
}

}  // namespace timed::daemon
