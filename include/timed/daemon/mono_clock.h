// Local time without its corrections of phase: what chrony's extension field F323 tells clients, so that they can tell
// a server's corrections from an offset of their own.  Pure.
#ifndef TIMED_DAEMON_MONO_CLOCK_H_
#define TIMED_DAEMON_MONO_CLOCK_H_

#include <cstdint>

#include "timed/base/units.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/own_state.h"

namespace timed::daemon {

class MonoClock {
 public:
  // Local time has moved without a step.
  void on_change(const discipline::ClockChange& change) { moved_ += change.offset; }
  // Nothing of before can be compared with what follows.
  void on_step() {
    ++steps_;
    moved_ = Duration::zero();
  }
  void tell(discipline::OwnState& own) const {
    own.moved = moved_;
    own.steps = steps_;
  }

 private:
  Duration moved_;
  std::uint32_t steps_ = 0;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_MONO_CLOCK_H_
