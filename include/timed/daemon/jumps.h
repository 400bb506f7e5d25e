// Notices that somebody else has moved the system clock, or that the machine was asleep (spec discipline.md D.10).
// Pure: given the readings of two clocks at each turn.
#ifndef TIMED_DAEMON_JUMPS_H_
#define TIMED_DAEMON_JUMPS_H_

#include <optional>

#include "timed/base/units.h"

namespace timed::daemon {

class Jumps {
 public:
  // Smaller ones show up as measurements; chrony's threshold.
  static constexpr Duration kThreshold = Duration::seconds(10);

  // At the begin of a turn.  The kernel slews both clocks alike, so that only a step (or sleep, in which the
  // monotonic clock stands) sets them apart: by how much raw time has jumped since the last turn, positive = forward.
  std::optional<Duration> check(RawTime raw, MonoTime mono);
  // What the last check found, however small.
  Duration latest() const { return latest_; }
  // We have stepped the clock ourselves.
  void on_own_step(Duration offset);

 private:
  struct Readings {
    RawTime raw;
    MonoTime mono;
  };
  std::optional<Readings> last_;
  Duration latest_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_JUMPS_H_
