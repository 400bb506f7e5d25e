#include "timed/base/lacking_addresses.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"

namespace timed {

LackingAddresses::Prospect LackingAddresses::prospect_of(const Error& why) {
  switch (why.kind) {
    case ErrorKind::Permission:
      return Prospect::Forbidden;
    case ErrorKind::Unsupported:
      return Prospect::NoFamily;
    default:
      return Prospect::MayCome;
  }
}

std::vector<LackingAddresses::Lacking>::iterator LackingAddresses::find(const IpAddress& address) {
  return std::find_if(lacking_.begin(), lacking_.end(), [&](const Lacking& l) { return l.address == address; });
}

// A kernel without IPv6 is no fault while the other family is served.
void LackingAddresses::tell(const Lacking& lacking, const Error& why) const {
  const auto severity = lacking.prospect == Prospect::NoFamily ? log::Severity::Info : log::Severity::Error;
  std::string text = "Could not open " + name_ + " on ";
  text += Endpoint{lacking.address, port_, 0}.to_string();
  text += " : ";
  text += why.reason();
  log::message(severity, text);
}

void LackingAddresses::refused(const IpAddress& address, const Error& why) {
  const Prospect prospect = prospect_of(why);
  const auto found = find(address);
  if (found == lacking_.end()) {
    lacking_.push_back({address, prospect});
    return tell(lacking_.back(), why);
  }
  const Prospect before = std::exchange(found->prospect, prospect);
  if (prospect == Prospect::Forbidden && before != prospect) tell(*found, why);
}

void LackingAddresses::opened(const IpAddress& address) {
  const auto found = find(address);
  if (found == lacking_.end()) return;
  log::info("Opened %s on %s", name_.c_str(), Endpoint{address, port_, 0}.to_string().c_str());
  lacking_.erase(found);
}

void LackingAddresses::forget(const IpAddress& address) {
  const auto found = find(address);
  if (found != lacking_.end()) lacking_.erase(found);
}

bool LackingAddresses::any() const {
  return std::any_of(lacking_.begin(), lacking_.end(),
                     [](const Lacking& l) { return l.prospect != Prospect::NoFamily; });
}

bool LackingAddresses::any_may_come() const {
  return std::any_of(lacking_.begin(), lacking_.end(),
                     [](const Lacking& l) { return l.prospect == Prospect::MayCome; });
}

bool LackingAddresses::may_come(const IpAddress& address) const {
  return std::any_of(lacking_.begin(), lacking_.end(),
                     [&](const Lacking& l) { return l.address == address && l.prospect == Prospect::MayCome; });
}

std::vector<IpAddress> LackingAddresses::those_that_may_come() const {
  std::vector<IpAddress> some;
  for (const Lacking& lacking : lacking_) {
    if (lacking.prospect == Prospect::MayCome) some.push_back(lacking.address);
  }
  return some;
}

}  // namespace timed
