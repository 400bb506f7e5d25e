// Timers of one class kept apart, so that requests of many sources do not leave in one burst and disturb each other's
// stamps.
#ifndef TIMED_SOURCES_SPACING_H_
#define TIMED_SOURCES_SPACING_H_

#include <functional>
#include <optional>
#include <vector>

#include "timed/base/units.h"
#include "timed/env/timers.h"

namespace timed::sources {

// The deadlines of a class, of which there may be tens of thousands.  Pure.
class SpacedTimes {
 public:
  // The time nearest to `wanted`, not before it, that lies `separation` after the last dispatch of the class and away
  // from each deadline that is there: one pass in the order of time, as chrony does, in which later deadlines may push
  // it on and earlier ones never do.  It is a deadline from now on.
  MonoTime place(MonoTime wanted, Duration separation);
  // The deadline is no longer one.
  void remove(MonoTime when);
  void note_dispatch(MonoTime now) { last_dispatch_ = now; }

 private:
  std::vector<MonoTime> queued_;  // ascending
  std::optional<MonoTime> last_dispatch_;
};

// A timer of the class.  Disarms itself when destroyed.
class SpacedTimer {
 public:
  // `timers` and `others` outlive it.
  SpacedTimer(env::Timers& timers, SpacedTimes& others, std::function<void()> fn);
  ~SpacedTimer() { disarm(); }
  SpacedTimer(const SpacedTimer&) = delete;
  SpacedTimer& operator=(const SpacedTimer&) = delete;

  // Replaces an earlier deadline.
  void arm_in(Duration delay, Duration separation);
  void disarm();

 private:
  env::Timers& timers_;
  SpacedTimes& times_;
  std::function<void()> fn_;
  env::Timer timer_;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SPACING_H_
