// Notices that somebody else has moved or stopped the system clock, or that the machine was asleep.  Pure: given the
// readings of the clocks at each turn.
#ifndef TIMED_DAEMON_JUMPS_H_
#define TIMED_DAEMON_JUMPS_H_

#include <cstdint>
#include <optional>

#include "timed/base/units.h"

namespace timed::daemon {

struct Jump {
  enum class Kind {
    Step,       // raw time has jumped; after a long sleep too, as the kernel then adds it
    Asleep,     // the machine slept, and raw time has hardly jumped
    Stopped,    // raw time stands still; once, until it runs again
    RunsAgain,  // after it stood still
  };
  Kind kind = Kind::Step;
  Duration size;  // of the jump, positive = forward; Asleep: how long
};

class Jumps {
 public:
  // Smaller ones show up as measurements; chrony's threshold.
  static constexpr Duration kThreshold = Duration::seconds(10);
  static constexpr Duration kShortestSleep = Duration::seconds(1);

  // At the begin of a turn.  The kernel slews raw and monotonic time alike, so that only a step (or sleep, in which
  // monotonic time stands) sets them apart.  suspended: how long the machine was ever asleep, where that matters.
  std::optional<Jump> check(RawTime raw, MonoTime mono, std::optional<Duration> suspended = {});
  // We have stepped the clock ourselves.
  void on_own_step(Duration offset);
  // What the last check found between two turns, however small.
  Duration latest() const { return latest_; }
  // Raw time stands still: what is measured with it means nothing.
  bool stopped() const { return stopped_; }

 private:
  struct Readings {
    RawTime raw;
    MonoTime mono;
    std::optional<Duration> suspended;
  };
  std::optional<Jump> check_running(const Readings& now);

  std::optional<Readings> last_;
  Duration latest_;
  std::optional<Readings> anchor_;  // where the present look at a standing clock began
  bool stopped_ = false;
};

// What has happened to the clock since the start, for whoever asks.
struct Incidents {
  std::uint32_t own_steps = 0;
  std::uint32_t other_steps = 0;
  std::uint32_t sleeps = 0;
  std::uint32_t standstills = 0;
  std::uint32_t pauses = 0;
  Duration longest_delay;          // by which a timer was late
  std::optional<MonoTime> latest;  // of those that were not our doing

  void note(const Jump& jump, MonoTime when);
  void note_pause(MonoTime when);
  void note_delay(Duration late);
};

// Notices that the process did not run while the clocks did: it was stopped, or its host had other things to do.
// Nothing that was measured is wrong for that, but what was due was not done.
class Pauses {
 public:
  static constexpr Duration kThreshold = Duration::seconds(10);

  // At the begin of a turn, with how long its first timer has been due: true once, until a timer is on time again.
  bool check(Duration late);

 private:
  bool told_ = false;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_JUMPS_H_
