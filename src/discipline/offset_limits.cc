#include "timed/discipline/offset_limits.h"

namespace timed::discipline {

OffsetLimits::Answer OffsetLimits::check(Duration offset) {
  if (max_change_.start < 0) return Answer::Move;
  if (max_change_.start > 0) {
    --max_change_.start;
    return Answer::Move;
  }
  if (abs(offset) <= max_change_.offset) return Answer::Move;
  if (max_change_.ignore == 0) return Answer::Exit;
  if (max_change_.ignore > 0) --max_change_.ignore;
  return Answer::Ignore;
}

bool OffsetLimits::wants_step(Duration left) {
  bool wanted = false;
  for (MakeStep* const allowed : {&make_step_, &extra_steps_}) {
    if (allowed->limit == 0) continue;
    if (allowed->limit > 0) --allowed->limit;
    wanted = wanted || abs(left) > allowed->threshold;
  }
  return wanted;
}

}  // namespace timed::discipline
