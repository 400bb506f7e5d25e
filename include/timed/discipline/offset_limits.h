// What may be done about an offset at once: whether the clock is moved by it at all ("maxchange"), and whether it is
// stepped ("makestep") or slewed.  Both count updates.
#ifndef TIMED_DISCIPLINE_OFFSET_LIMITS_H_
#define TIMED_DISCIPLINE_OFFSET_LIMITS_H_

#include "timed/base/units.h"
#include "timed/discipline/options.h"

namespace timed::discipline {

class OffsetLimits {
 public:
  OffsetLimits(const MaxChange& max_change, const MakeStep& make_step)
      : max_change_(max_change), make_step_(make_step) {}

  // In place of what is configured, from now on.
  void set_make_step(const MakeStep& make_step) { make_step_ = make_step; }
  // In the next updates, besides that.
  void allow_steps(const MakeStep& allowed) { extra_steps_ = allowed; }

  enum class Answer { Move, Ignore, Exit };
  // Once for each update, with its offset.
  Answer check(Duration offset);
  // Once for each update that moves the clock, with all that is to be corrected.
  bool wants_step(Duration left);

 private:
  // With what is left of their counts.
  MaxChange max_change_;
  MakeStep make_step_, extra_steps_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_OFFSET_LIMITS_H_
