// The kernel's clock, steered by adjtimex(2): frequency in ticks and remainder, steps, leap seconds, status.
// Offsets are never slewed by the kernel; the discipline does that with the frequency.
#ifndef TIMED_SRC_OS_CLOCK_H_
#define TIMED_SRC_OS_CLOCK_H_

#include <sys/timex.h>

#include <functional>
#include <optional>
#include <string_view>

#include "timed/env/clock.h"

namespace timed::os {

struct ClockOptions {
  bool rtc_sync = false;  // the kernel may be told that it is synchronised (and then copies its time to the RTC)
};

class LinuxClock : public env::SystemClock {
 public:
  // adjtimex(2), or what stands for it: negative with errno set is failure.  The only door to the kernel's state.
  using Adjtimex = std::function<int(timex*)>;

  explicit LinuxClock(ClockOptions options, Adjtimex adjtimex = ::adjtimex);

  RawTime now() override;
  Result<env::ClockState> start(bool steer) override;
  Result<Frequency> set_frequency(Frequency wanted) override;
  Status step(Duration offset) override;
  Status set_leap(env::LeapAction action, std::optional<int> tai_offset) override;
  Status set_sync_status(const env::SyncStatus& status) override;
  std::optional<Duration> suspended() override;

 private:
  // What only we should change.
  struct Steering {
    decltype(timex::tick) tick = 0;
    decltype(timex::freq) frequency = 0;
    decltype(timex::constant) time_constant = 0;
    bool phase_locked = false;
    bool operator==(const Steering&) const = default;
  };

  static Steering steering_of(const timex& state);
  bool stop_other_steering();
  Status adjust(timex& request, std::string_view what);
  void notice_interference(const timex& answered);

  ClockOptions options_;
  Adjtimex adjtimex_;
  bool may_steer_ = false;
  bool interference_ = false;  // an episode of it goes on
  Steering expected_;
  int leap_flag_ = 0;
  int unsynchronised_flag_ = STA_UNSYNC;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_CLOCK_H_
