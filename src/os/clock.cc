// Facts of the kernel that shape this driver (adjtimex(2)): adjtimex answers TIME_ERROR while STA_UNSYNC is set, which
// is no failure; the frequency answered is the one kept, after the kernel's rounding; a step wants nanoseconds that are
// not negative; STA_UNSYNC must stay set unless the operator wants the kernel to write the RTC.
#include "clock.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "clock_precision.h"
#include "read_clock.h"
#include "system_error.h"
#include "timed/base/log.h"
#include "timed/env/kernel_frequency.h"
#include "timed/env/kernel_sync.h"

namespace timed::os {
namespace {

// A machine without a battery begins in 1970; nothing that NTP can measure is further off than its 32 bits of seconds.
constexpr double kLargestStep_s = 4294967296.0;
constexpr std::int64_t kSecond_ns = 1'000'000'000;

Frequency frequency_of(const timex& state) {
  return env::KernelFrequency{state.tick, state.freq}.to_frequency();
}

std::int64_t counter_nanos() {
  return read_clock(CLOCK_MONOTONIC_RAW).value_or(0);
}

std::int64_t clock_nanos() {
  return read_clock(CLOCK_REALTIME).value_or(0);
}

}  // namespace

LinuxClock::LinuxClock(ClockOptions options, Adjtimex adjtimex) : options_(options), adjtimex_(std::move(adjtimex)) {}

RawTime LinuxClock::now() {
  return read_real_time();
}

LinuxClock::Steering LinuxClock::steering_of(const timex& state) {
  return {state.tick, state.freq, state.constant, (state.status & STA_PLL) != 0};
}

Result<env::ClockState> LinuxClock::start(bool steer) {
  may_steer_ = steer && stop_other_steering();
  env::ClockState found;
  found.may_steer = may_steer_;
  timex state{};
  // A container may forbid even this; the daemon then still serves and measures.
  if (adjtimex_(&state) >= 0) {
    expected_ = steering_of(state);
    found.frequency = frequency_of(state);
    if (state.tai != 0) found.tai_offset = state.tai;
  } else if (may_steer_) {
    return system_error("Could not read kernel clock state", errno);
  }
  found.precision = measure_precision(counter_nanos, clock_nanos);
  return found;
}

// False where we may not.  The first call is the test of CAP_SYS_TIME too: what counts is what the kernel allows.
bool LinuxClock::stop_other_steering() {
  timex adjtime_cancelled{};
  adjtime_cancelled.modes = ADJ_OFFSET_SINGLESHOT;
  timex loop_emptied{};
  loop_emptied.modes = ADJ_OFFSET | ADJ_STATUS;
  loop_emptied.status = STA_PLL;
  timex loop_off{};
  loop_off.modes = ADJ_STATUS;
  loop_off.status = STA_UNSYNC;
  for (timex* const request : {&adjtime_cancelled, &loop_emptied, &loop_off}) {
    if (adjtimex_(request) >= 0) continue;
    if (errno == EPERM) {
      log::warning("CAP_SYS_TIME not present");
    } else {
      log::warning("%s", system_error("Could not control kernel clock", errno).message.c_str());
    }
    return false;
  }
  return true;
}

Status LinuxClock::adjust(timex& request, std::string_view what) {
  if (!may_steer_) return system_error(what, EPERM);
  if (adjtimex_(&request) < 0) return system_error(what, errno);
  notice_interference(request);
  return Status::success();
}

// Whatever a request does not set must still be as we left it.
void LinuxClock::notice_interference(const timex& answered) {
  const Steering found = steering_of(answered);
  const bool sets_frequency = (answered.modes & ADJ_FREQUENCY) != 0;
  if (sets_frequency) {
    expected_.tick = found.tick;
    expected_.frequency = found.frequency;
  }
  if ((answered.modes & ADJ_STATUS) != 0) expected_.phase_locked = found.phase_locked;
  const bool changed = found != expected_;
  if (changed && !interference_) log::warning("System clock interference detected (another NTP client?)");
  // Only the reading before a new frequency looks back over all the time since the last one: only it ends an episode.
  interference_ = changed || (interference_ && answered.modes != 0);
  expected_ = found;
}

Result<Frequency> LinuxClock::set_frequency(Frequency wanted) {
  const auto asked = env::KernelFrequency::from(wanted);
  // Read first: what somebody else has set would be overwritten unseen.
  timex reading{};
  if (may_steer_ && adjtimex_(&reading) >= 0) notice_interference(reading);
  timex request{};
  request.modes = ADJ_TICK | ADJ_FREQUENCY;
  request.tick = static_cast<decltype(request.tick)>(asked.tick_us);
  request.freq = static_cast<decltype(request.freq)>(asked.scaled_ppm);
  if (auto done = adjust(request, "Could not set clock frequency"); !done) return done.error();
  return frequency_of(request);
}

Status LinuxClock::step(Duration offset) {
  constexpr std::string_view kWhat = "Could not step system clock";
  const double seconds = offset.to_seconds();
  if (!(std::fabs(seconds) <= kLargestStep_s)) return system_error(kWhat, EINVAL);
  const std::int64_t nanos = (RawTime() + offset).nanos();
  timex request{};
  request.modes = ADJ_SETOFFSET | ADJ_NANO;
  request.time.tv_usec = static_cast<decltype(request.time.tv_usec)>(((nanos % kSecond_ns) + kSecond_ns) % kSecond_ns);
  request.time.tv_sec = static_cast<decltype(request.time.tv_sec)>((nanos - request.time.tv_usec) / kSecond_ns);
  return adjust(request, kWhat);
}

Status LinuxClock::set_leap(env::LeapAction action, std::optional<int> tai_offset) {
  leap_flag_ = action == env::LeapAction::Insert ? STA_INS : action == env::LeapAction::Delete ? STA_DEL : 0;
  timex request{};
  request.modes = ADJ_STATUS;
  request.status = leap_flag_ | unsynchronised_flag_;
  if (tai_offset.value_or(0) != 0) {
    request.modes |= ADJ_TAI;
    request.constant = *tai_offset;
  }
  return adjust(request, "Could not set leap second status");
}

Status LinuxClock::set_sync_status(const env::SyncStatus& status) {
  const auto told = env::KernelSync::from(status, options_.rtc_sync);
  unsynchronised_flag_ = told.unsynchronised ? STA_UNSYNC : 0;
  timex request{};
  request.modes = ADJ_STATUS | ADJ_ESTERROR | ADJ_MAXERROR;
  request.status = leap_flag_ | unsynchronised_flag_;
  request.esterror = static_cast<decltype(request.esterror)>(told.esterror_us);
  request.maxerror = static_cast<decltype(request.maxerror)>(told.maxerror_us);
  return adjust(request, "Could not set synchronisation status");
}

std::optional<Duration> LinuxClock::suspended() {
  const auto awake = read_clock(CLOCK_MONOTONIC);
  const auto total = read_clock(CLOCK_BOOTTIME);
  if (!awake || !total) return std::nullopt;
  return MonoTime::from_nanos(*total) - MonoTime::from_nanos(*awake);
}

}  // namespace timed::os
