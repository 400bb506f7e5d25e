// Lets the clock fall back to long-term frequencies when updates stay away ("fallbackdrift").
#ifndef TIMED_DAEMON_FALLBACK_TIMER_H_
#define TIMED_DAEMON_FALLBACK_TIMER_H_

#include <functional>
#include <optional>

#include "timed/base/units.h"
#include "timed/discipline/fallback_drift.h"
#include "timed/env/timers.h"

namespace timed::daemon {

class FallbackTimer {
 public:
  struct Callbacks {
    std::function<void(Frequency)> set_frequency;  // absolute
    std::function<void()> lose_synchronisation;    // which calls note_loss()
  };

  FallbackTimer(const discipline::FallbackDriftOptions& options, env::Timers& timers, Callbacks callbacks);

  // After an update of the synchronised clock; `absolute` is the frequency that came out.
  void note_update(Duration interval, Frequency absolute);
  // Synchronisation was lost.
  void note_loss();

 private:
  void carry_out_plan();
  void fall_back();

  discipline::FallbackDrift drift_;
  env::Timers& timers_;
  Callbacks callbacks_;
  env::Timer timer_;
  std::optional<MonoTime> last_update_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_FALLBACK_TIMER_H_
