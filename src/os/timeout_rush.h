// Notices timers that are made anew faster than they can mean anything: more than 20 in one go, more than four times as
// many as wait, less than 10 ms apart on average.  A go lasts while a timer is due again as soon as those of a turn
// have run.  Pure.
#ifndef TIMED_SRC_OS_TIMEOUT_RUSH_H_
#define TIMED_SRC_OS_TIMEOUT_RUSH_H_

#include <cstddef>

#include "timed/base/units.h"

namespace timed::os {

class TimeoutRush {
 public:
  static constexpr std::size_t kFewTimeouts = 20;
  static constexpr std::size_t kRoundsOfTheQueue = 4;
  static constexpr Duration kLeastSpacing = Duration::millis(10);

  struct Turn {
    MonoTime begin, end;
    std::size_t waited = 0;   // timers that there were before
    std::size_t ran = 0;      // of them
    std::size_t waiting = 0;  // timers that there are now
    bool more_due = false;    // one of them already
  };
  // True where it has gone on for too long.
  bool note(const Turn& turn);

 private:
  MonoTime begin_;
  std::size_t waited_ = 0;
  std::size_t ran_ = 0;  // since then; 0 = no go is under way
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_TIMEOUT_RUSH_H_
