#include "timed/daemon/fallback_timer.h"

#include <utility>

namespace timed::daemon {

FallbackTimer::FallbackTimer(const discipline::FallbackDriftOptions& options, env::Timers& timers, Callbacks callbacks)
    : drift_(options), timers_(timers), callbacks_(std::move(callbacks)), timer_(timers, [this] { fall_back(); }) {}

void FallbackTimer::note_update(Duration interval, Frequency absolute) {
  timer_.disarm();
  last_update_ = timers_.now();
  drift_.note_update(interval, absolute);
  carry_out_plan();
}

void FallbackTimer::note_loss() {
  if (last_update_ && !timer_.armed()) carry_out_plan();
}

void FallbackTimer::carry_out_plan() {
  const auto plan = drift_.plan(timers_.now() - *last_update_);
  if (plan.frequency) callbacks_.set_frequency(*plan.frequency);
  if (plan.wait) timer_.arm_in(*plan.wait);
}

void FallbackTimer::fall_back() {
  callbacks_.set_frequency(drift_.due());
  callbacks_.lose_synchronisation();
}

}  // namespace timed::daemon
