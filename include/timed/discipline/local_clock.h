// Steers the kernel's clock through the SystemClock seam and keeps the Timeline that says what its readings mean.
//
// The kernel only lets us change the rate, so an offset is removed by running a little fast or slow for a while.  Until
// that while is over raw time is wrong by a known amount; raw plus that amount is local time.
#ifndef TIMED_DISCIPLINE_LOCAL_CLOCK_H_
#define TIMED_DISCIPLINE_LOCAL_CLOCK_H_

#include <functional>
#include <optional>
#include <string>

#include "timed/base/result.h"
#include "timed/discipline/clock_marks.h"
#include "timed/discipline/options.h"
#include "timed/discipline/timeline.h"
#include "timed/env/clock.h"
#include "timed/env/timers.h"

namespace timed::discipline {

// What the reference wants done.
struct ClockUpdate {
  Frequency frequency;           // slope of reference - local to be taken out
  Duration offset;               // to be slewed in: reference - local
  double correction_rate = 0.0;  // s²: the slew takes R / |offset| seconds; 0 = as fast as allowed
  std::optional<Duration> step;  // to be added to the kernel's clock afterwards, at once
};

// What a change did to local time.
struct ClockChange {
  RawTime raw;  // just before it
  LocalTime local;
  Frequency frequency;  // local seconds gained per local second
  Duration offset;      // jump of local time
};

class LocalClock {
 public:
  // A slew that ends or is re-planned moves the line raw -> local: `on_line_changed` is told, also by the calls below.
  // Whatever changes local time itself, steps and leap seconds excepted, is told to `on_change` after it was done.
  LocalClock(const ClockOptions& options, env::SystemClock& clock, env::Timers& timers,
             std::function<void()> on_line_changed, std::function<void(const ClockChange&)> on_change = {});

  // Takes the clock over.  Without permission to steer all corrections stay in local time (as with control = false).
  Result<env::ClockState> start();
  bool steering() const { return steering_; }

  const Timeline& timeline() const { return timeline_; }
  // All scales, from a clock reading made now.
  Now read();
  Now at(RawTime raw) { return timeline_.now(raw, timers_.now()); }
  RawTime read_raw() { return clock_.now(); }
  // Frequency of the whole clock: correction of the free-running oscillator, positive = it is slow.
  Frequency frequency() const { return base_; }
  // local - raw now: what is still to be slewed in.
  Duration pending() { return timeline_.pending(clock_.now()); }

  // Absolute frequency, from the drift file; clamped to maxdrift.
  void set_frequency(Frequency absolute);
  // What the temperature does to the oscillator now, a correction: positive = it is slow.  Applied beside frequency(),
  // which does not contain it.
  void set_compensation(Frequency compensation);
  // The kernel is told again what it was told, as somebody else may have changed it; a slew goes on.
  void renew();
  ClockChange apply(const ClockUpdate& update);
  // False where the kernel refused: the offset is slewed instead.
  bool step(Duration offset);
  // How a leap second comes to the kernel's clock.
  enum class LeapBy { Kernel, Step, Slew };
  // Local time leaps: -1 for a second inserted, 1 for one left out.  Kernel: its clock has just done so.  False where
  // it refused a step: the second is slewed instead.
  bool leap(int seconds, LeapBy by);
  // What the kernel is to do at the end of the day, and TAI - UTC (0: as it is).
  Status set_leap(env::LeapAction action, int tai_offset);
  // Local time becomes raw time.
  void cancel_slew();
  // The clock that the next daemon will find: local time, with what is still to be slewed; raw time where we do not
  // steer, as the next one knows nothing of what we thought of it.
  LastingClock left_behind();
  // The one that the daemon before has left, if it was marked and nobody else has stepped it since; whatever we did to
  // it.
  std::optional<LastingClock> found() const;
  // Before it is steered or stepped.
  void mark_found();
  // Somebody else stepped the clock.
  void on_unknown_step(Duration dispersion);
  void set_sync_status(const env::SyncStatus& status);

  // For reports and replay.
  struct SlewState {
    Frequency kernel;      // total correction in force
    Frequency correction;  // of that, what slews
    Duration planned;      // length of the slew in raw seconds
    Duration excess;       // how late the end of slews comes
    double correction_rate = 0.0;
    Duration left;  // local - raw when it began
  };
  const SlewState& slew() const { return slew_; }
  // Limit reached by the last frequency that was asked for; cleared by reading.
  std::optional<Frequency> take_clamped();

 private:
  void plan_slew();
  void continue_slew();
  void run_slew(RawTime now, Duration left, Duration wanted);
  ClockChange change_frequency(Frequency absolute);
  void shift(RawTime at, Duration offset);
  void tell(const ClockChange& change) const;
  LocalView lasting_view();
  RawTime mono_zero();
  Frequency set_kernel(Frequency wanted);
  Frequency compensated_base() const;

  ClockOptions options_;
  env::SystemClock& clock_;
  env::Timers& timers_;
  std::function<void()> on_line_changed_;
  std::function<void(const ClockChange&)> on_change_;
  Timeline timeline_;
  env::Timer slew_end_;
  bool steering_ = false;
  RawTime started_;  // the scales agreed then
  Frequency kernel_found_;
  std::optional<ClockMarks> found_;
  Frequency base_;
  Frequency compensation_;
  RawTime slew_start_;
  SlewState slew_;
  std::optional<Frequency> clamped_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_LOCAL_CLOCK_H_
