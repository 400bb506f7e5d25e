// Over a restart: by what the clock is known again.
#ifndef TIMED_DISCIPLINE_CLOCK_MARKS_H_
#define TIMED_DISCIPLINE_CLOCK_MARKS_H_

#include <optional>

#include "timed/base/units.h"
#include "timed/discipline/timeline.h"

namespace timed::discipline {

// By what one daemon tells whether the clock that it finds has gone on as the one before it has left it.
struct ClockMarks {
  // What the clock read when the monotonic one was at zero: steps move it, a sleep and a start of the machine too.
  RawTime mono_zero;
  std::optional<Frequency> kernel;  // correction that it is left with, or was found with; none where we do not steer

  // What they say of the time between two of them: how far the clock has moved at most, or that it may be anywhere.
  static std::optional<Duration> moved_between(const ClockMarks& left, const ClockMarks& found);
};

// The clock that the next daemon will find, and how that one will know it.
struct LastingClock {
  LocalView view;
  ClockMarks marks;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_CLOCK_MARKS_H_
