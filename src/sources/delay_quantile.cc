#include "timed/sources/delay_quantile.h"

#include <algorithm>

#include "timed/base/check.h"

namespace timed::sources {

DelayQuantile::DelayQuantile(double share, Duration min_step) : share_(share), min_step_s_(min_step.to_seconds()) {
  TIMED_ASSERT(share >= 0.05 && share <= 0.95 && min_step > Duration::zero());
}

// A step grows while the estimate keeps going one way and shrinks when it turns; one that would go past the delay
// stops just beside it.
void DelayQuantile::move_up(Copy& copy, double delay_s) const {
  copy.step_s += copy.upwards ? min_step_s_ : -min_step_s_;
  copy.estimate_s += std::max(copy.step_s, min_step_s_);
  if (copy.estimate_s > delay_s) {
    copy.step_s += delay_s - copy.estimate_s;
    copy.estimate_s = delay_s + min_step_s_ / 4.0;
  }
  if (!copy.upwards) copy.step_s = std::min(copy.step_s, min_step_s_);
  copy.upwards = true;
}

void DelayQuantile::move_down(Copy& copy, double delay_s) const {
  copy.step_s += copy.upwards ? -min_step_s_ : min_step_s_;
  copy.estimate_s -= std::max(copy.step_s, min_step_s_);
  if (copy.estimate_s < delay_s) {
    copy.step_s += copy.estimate_s - delay_s;
    copy.estimate_s = delay_s - min_step_s_ / 4.0;
  }
  if (copy.upwards) copy.step_s = std::min(copy.step_s, min_step_s_);
  copy.upwards = false;
}

void DelayQuantile::add(Duration delay, EntropyPool& random) {
  const double delay_s = delay.to_seconds();
  if (empty_) {
    copies_.fill({delay_s, min_step_s_, true});
    empty_ = false;
    return;
  }
  for (Copy& copy : copies_) {
    const double chance = random.uniform();
    if (delay_s >= copy.estimate_s) {
      if (chance < 1.0 - share_) continue;
      move_up(copy, delay_s);
    } else {
      if (chance < share_) continue;
      move_down(copy, delay_s);
    }
    copy.step_s = std::max(copy.step_s, -kMaxBackSteps * min_step_s_);
  }
}

Duration DelayQuantile::estimate() const {
  TIMED_ASSERT(!empty_);
  std::array<double, kCopies> sorted{};
  std::transform(copies_.begin(), copies_.end(), sorted.begin(), [](const Copy& c) { return c.estimate_s; });
  std::nth_element(sorted.begin(), sorted.begin() + kCopies / 2, sorted.end());
  return Duration::seconds(sorted[kCopies / 2]);
}

}  // namespace timed::sources
