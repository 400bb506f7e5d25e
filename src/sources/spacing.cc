#include "timed/sources/spacing.h"

#include <algorithm>
#include <utility>

namespace timed::sources {

MonoTime SpacedTimes::place(MonoTime wanted, Duration separation) {
  MonoTime when = wanted;
  if (last_dispatch_) when = std::max(when, *last_dispatch_ + separation);
  // Whatever is too early to be near now is so at each later time.
  auto other = std::upper_bound(queued_.begin(), queued_.end(), when - separation);
  for (; other != queued_.end() && *other - when < separation; ++other) when = *other + separation;
  queued_.insert(std::upper_bound(queued_.begin(), queued_.end(), when), when);
  return when;
}

void SpacedTimes::remove(MonoTime when) {
  const auto found = std::lower_bound(queued_.begin(), queued_.end(), when);
  if (found != queued_.end() && *found == when) queued_.erase(found);
}

SpacedTimer::SpacedTimer(env::Timers& timers, SpacedTimes& others, std::function<void()> fn)
    : timers_(timers), times_(others), fn_(std::move(fn)), timer_(timers, [this] {
        times_.remove(timer_.when());
        times_.note_dispatch(timers_.now());
        fn_();
      }) {}

void SpacedTimer::arm_in(Duration delay, Duration separation) {
  disarm();
  timer_.arm_at(times_.place(timers_.now() + delay, separation));
}

void SpacedTimer::disarm() {
  if (timer_.armed()) times_.remove(timer_.when());
  timer_.disarm();
}

}  // namespace timed::sources
