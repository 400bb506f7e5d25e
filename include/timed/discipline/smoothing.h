// Time smoothing: what is served follows the clock without haste ("smoothtime").  Pure.
//
// What the clock is corrected by at once is taken off served time again, so that this does not jump, and then given
// back in three stages of constant wander: faster and faster, evenly, slower and slower.
#ifndef TIMED_DISCIPLINE_SMOOTHING_H_
#define TIMED_DISCIPLINE_SMOOTHING_H_

#include <array>

#include "timed/base/units.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/options.h"
#include "timed/discipline/own_state.h"

namespace timed::discipline {

struct SmoothingReport {
  bool active = false;
  bool leap_only = false;
  Duration offset;        // served - local
  Frequency frequency;    // positive = served time runs faster than local time
  double wander = 0.0;    // change of that frequency, 1/s
  Duration since_update;  // since it was planned
  Duration remaining;     // until served time is local time again
};

class Smoothing {
 public:
  explicit Smoothing(const SmoothingOptions& options) : options_(options) {}

  bool enabled() const { return options_.max_frequency > Frequency::zero() && options_.max_wander > 0.0; }
  bool active() const { return active_; }
  bool leap_only() const { return options_.leap_only; }

  // From now on.  False where it is active already, or not configured.
  bool activate(LocalTime now);
  // After a correction of the clock, of which our knowledge of its frequency is good to `skew`.  True where this has
  // activated it; the correction itself is not smoothed then.
  bool on_adjustment(const ClockChange& change, Frequency skew);
  // Local time has leapt by so many seconds from `before` on.  Smoothed as any correction where the kernel's clock
  // follows slowly, also where only leap seconds are.  The kernel's own leap is served as it comes; ours by a step is
  // a step of the clock (reset()).
  void on_leap(LocalTime before, int seconds, bool slewed);
  // A step of the clock, or a command: served time is local time.  False where it was not active.
  bool reset(LocalTime now);

  SmoothingReport report(LocalTime now) const;
  // The part of what is published that follows from it; holds until the stage ends.
  ServedOffset served(LocalTime now) const;

 private:
  struct Stage {
    double wander = 0.0;  // 1/s
    double length = 0.0;  // s
  };
  // In seconds: `offset` is served - local, `approach` the rate at which it becomes less.
  struct Point {
    double offset = 0.0;
    double approach = 0.0;
    double wander = 0.0;  // of approach
  };

  Point at(LocalTime now) const;
  double remaining(LocalTime now) const;
  void change(LocalTime before, double jump_s, double smoothed_s, Frequency gained);
  void plan();

  SmoothingOptions options_;
  bool active_ = false;
  LocalTime since_;  // of the plan
  double offset_ = 0.0;
  double approach_ = 0.0;
  std::array<Stage, 3> stages_{};
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SMOOTHING_H_
