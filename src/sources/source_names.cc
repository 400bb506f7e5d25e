#include "timed/sources/source_names.h"

#include <algorithm>
#include <cmath>

namespace timed::sources {

Family wanted_family(const SourceLine& line, Family daemon) {
  return line.family != Family::Unspecified ? line.family : daemon;
}

HostKind host_kind(const SourceLine& line, Family wanted) {
  HostKind kind{IpAddress::parse(line.name), false};
  kind.wrong_family = kind.literal && wanted != Family::Unspecified && kind.literal->family() != wanted;
  return kind;
}

void NameQueue::remove(discipline::SourceId id) {
  const auto found = std::find_if(lookups_.begin(), lookups_.end(), [id](const Lookup& l) { return l.id == id; });
  if (found == lookups_.end()) return;
  if (static_cast<std::size_t>(found - lookups_.begin()) < at_) --at_;
  lookups_.erase(found);
}

std::optional<NameQueue::Lookup> NameQueue::next() {
  if (at_ < lookups_.size()) return lookups_[at_++];
  at_ = 0;
  return std::nullopt;
}

Duration NameQueue::retry_delay() {
  const Duration delay = Duration::seconds(std::ldexp(kUnit_s, doubling_));
  doubling_ = std::min(doubling_ + 1, kLastDoubling);
  return delay;
}

void NameQueue::hurry() {
  at_ = 0;
  doubling_ = kFirstDoubling;
}

}  // namespace timed::sources
