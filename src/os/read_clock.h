// Readings of the kernel's clocks as points of our time scales.
#ifndef TIMED_SRC_OS_READ_CLOCK_H_
#define TIMED_SRC_OS_READ_CLOCK_H_

#include <ctime>
#include <optional>

#include "timed/base/check.h"
#include "timed/base/units.h"

namespace timed::os {

// In nanoseconds; empty where the kernel does not have that clock.
inline std::optional<std::int64_t> read_clock(clockid_t clock) {
  timespec t{};
  if (::clock_gettime(clock, &t) != 0) return std::nullopt;
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

inline RawTime read_real_time() {
  const auto ns = read_clock(CLOCK_REALTIME);
  TIMED_ASSERT(ns.has_value());
  return RawTime::from_nanos(*ns);
}

inline MonoTime read_monotonic_time() {
  const auto ns = read_clock(CLOCK_MONOTONIC);
  TIMED_ASSERT(ns.has_value());
  return MonoTime::from_nanos(*ns);
}

}  // namespace timed::os

#endif  // TIMED_SRC_OS_READ_CLOCK_H_
