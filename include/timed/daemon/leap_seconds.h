// Brings leap seconds to the clock: knows when one is due, tells the kernel, and does what "leapsecmode" says when it
// is there.
#ifndef TIMED_DAEMON_LEAP_SECONDS_H_
#define TIMED_DAEMON_LEAP_SECONDS_H_

#include <functional>
#include <optional>

#include "timed/base/units.h"
#include "timed/daemon/leap_data.h"
#include "timed/discipline/leap.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/timeline.h"
#include "timed/env/clock.h"
#include "timed/env/files.h"
#include "timed/env/timers.h"

namespace timed::daemon {

// What others must do when local time leaps.
struct LocalLeap {
  LocalTime before;  // what it would have read
  int seconds = 0;   // -1 inserted, 1 left out: what local time has gained
  // How the kernel's clock came to it; Slew also where it refused the step.
  using By = discipline::LocalClock::LeapBy;
  By by = By::Kernel;

  Duration gained() const { return Duration::seconds(seconds); }
};

struct LeapCallbacks {
  std::function<void()> on_changed;               // leap() or in_progress() is another one
  std::function<void(const LocalLeap&)> on_leap;  // local time has leapt
};

class LeapSeconds {
 public:
  // All that is referred to outlives it.
  LeapSeconds(const discipline::LeapSecondOptions& options, discipline::LocalClock& clock, env::Timers& timers,
              env::Files& files, LeapCallbacks callbacks);

  // After the clock was started; tai_offset is the one that the kernel knows.
  void start(std::optional<int> tai_offset);
  // After each update of the reference and whenever a voting source changes its mind; Unsynchronised when there is
  // none to go by.
  void update(ntp::Leap voted);
  // The clock was stepped, by us or by others: the timer is set anew, or nothing is due any more.
  void on_clock_stepped();
  // At the begin of each turn: by how much the kernel's clock has jumped since the last one.
  void watch_kernel(Duration jump);

  ntp::Leap leap() const { return schedule_.leap(); }
  int tai_offset() const { return schedule_.tai_offset(); }  // TAI - UTC, s; 0 = unknown
  bool in_progress() const { return schedule_.in_progress(); }
  // Local time leaps, the kernel's clock follows slowly.
  bool slews() const { return schedule_.mode() == discipline::LeapSecondMode::Slew; }
  // So near to a leap second, now or when it was measured, that an offset is not to be believed.
  bool is_close(LocalTime when, Duration offset) const;

 private:
  void arm();
  void on_timer();
  void begin();
  void end();
  void leap_local_time(discipline::LocalClock::LeapBy by);
  void tell_kernel();

  discipline::LocalClock& clock_;
  LeapData data_;
  LeapCallbacks callbacks_;
  discipline::LeapSchedule schedule_;
  env::Timer timer_;
  env::Timer wake_;               // makes a turn behind the kernel's step
  bool awaiting_kernel_ = false;  // its step is due
  bool kernel_leapt_ = false;     // since it was last told of one
  env::LeapAction told_ = env::LeapAction::None;
  int kernel_tai_offset_ = 0;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_LEAP_SECONDS_H_
