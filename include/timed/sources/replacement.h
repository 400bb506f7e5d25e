// When a source that was named gets another of its name's addresses: because it is bad, or because its name has long
// not been looked up ("refresh").  Pure.
#ifndef TIMED_SOURCES_REPLACEMENT_H_
#define TIMED_SOURCES_REPLACEMENT_H_

#include <optional>
#include <span>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/units.h"

namespace timed::sources {

// Bad sources are replaced one at a time: a network that is down makes all of them bad at once, and must not make a
// name server answer for it.
class ReplacementLimit {
 public:
  static constexpr Duration kLongestPause = Duration::seconds(3584);

  // Whether one may be replaced now; the next then not before a random time.  `random` is uniform in [0, 1).
  bool allow(MonoTime now, double random);

 private:
  std::optional<MonoTime> next_;
};

// Looks at one name an interval, that whose last look-up is the longest ago and an interval or more.
class RefreshPlan {
 public:
  // Zero: never.  `start`: no refresh within the first interval.
  RefreshPlan(Duration interval, MonoTime start) : interval_(interval), next_(start + interval) {}

  // Whether it is worth asking which name was looked up first.
  bool is_due(MonoTime now) const { return interval_ > Duration::zero() && now >= next_; }
  // `oldest` is the time of that look-up, if there is any name.  True: it is to be repeated now.
  bool begin(MonoTime now, std::optional<MonoTime> oldest);

 private:
  Duration interval_;
  MonoTime next_;
};

// The addresses from a random one on, those before it at the end.  `random` is uniform in [0, 1).
std::vector<IpAddress> from_random_one(std::span<const IpAddress> addresses, double random);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_REPLACEMENT_H_
