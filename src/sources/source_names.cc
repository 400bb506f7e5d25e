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

void NameQueue::add(NameLookup lookup) {
  const auto same = [&](const NameLookup& l) { return l.is_for_same(lookup); };
  if (lookup.source && std::any_of(lookups_.begin(), lookups_.end(), same)) return;
  lookups_.push_back(std::move(lookup));
}

template <class Condition>
void NameQueue::remove_where(const Condition& condition) {
  const auto asked = lookups_.begin() + static_cast<std::ptrdiff_t>(at_);
  at_ -= static_cast<std::size_t>(std::count_if(lookups_.begin(), asked, condition));
  std::erase_if(lookups_, condition);
  if (lookups_.empty()) doubling_ = kFirstDoubling;
}

void NameQueue::remove_line(LineId line) {
  remove_where([line](const NameLookup& l) { return l.line == line; });
}

void NameQueue::remove_source(discipline::SourceId source) {
  remove_where([source](const NameLookup& l) { return l.source == source; });
}

void NameQueue::remove(const NameLookup& done) {
  remove_where([&done](const NameLookup& l) { return l.is_for_same(done); });
}

std::optional<NameLookup> NameQueue::next() {
  if (at_ < lookups_.size()) return lookups_[at_++];
  at_ = 0;
  return std::nullopt;
}

Duration NameQueue::retry_delay() {
  const Duration delay = Duration::seconds(std::ldexp(kUnit_s, doubling_));
  doubling_ = std::min(doubling_ + 1, kLastDoubling);
  return delay;
}

void NameQueue::begin_early() {
  at_ = 0;
  doubling_ = std::max(doubling_ - 1, kFirstDoubling);
}

void NameQueue::hurry() {
  at_ = 0;
  doubling_ = kFirstDoubling;
}

}  // namespace timed::sources
