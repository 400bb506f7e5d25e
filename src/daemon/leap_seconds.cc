// Where the kernel does the step we must learn of it: the free-running scale goes on as if nothing had happened, and
// nothing else tells the two apart.  The step shows as a second between the readings of two turns that the monotonic
// clock does not know of.  Until it is noticed (the same turn, or the next) local time is right all the same, as it is
// raw time and a small difference.
#include "timed/daemon/leap_seconds.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "timed/base/log.h"

namespace timed::daemon {
namespace {

using discipline::LeapSecondMode;
using LeapBy = discipline::LocalClock::LeapBy;

constexpr Duration kJumpTolerance = Duration::millis(300);
// Behind the second of the leap, so that a turn of ours finds it done (a kernel does it with its next tick).
constexpr Duration kKernelLag = Duration::millis(20);

}  // namespace

LeapSeconds::LeapSeconds(const discipline::LeapSecondOptions& options, discipline::LocalClock& clock,
                         env::Timers& timers, env::Files& files, LeapCallbacks callbacks)
    : clock_(clock),
      data_(options, files),
      callbacks_(std::move(callbacks)),
      schedule_(options.mode),
      timer_(timers, [this] { on_timer(); }),
      wake_(timers, [] {}) {}

void LeapSeconds::start(std::optional<int> tai_offset) {
  kernel_tai_offset_ = tai_offset.value_or(0);
  // A clock that is not ours has no leap second of ours either.
  if (schedule_.mode() == LeapSecondMode::System && !clock_.steering()) schedule_.set_mode(LeapSecondMode::Step);
  data_.start(clock_.read_raw());
}

void LeapSeconds::update(ntp::Leap voted) {
  const RawTime now = clock_.read_raw();
  const ntp::Leap before = schedule_.leap();
  const bool known = voted != ntp::Leap::Unsynchronised;
  if (schedule_.update(voted, known ? data_.look_up(now) : discipline::LeapLookup{}, now)) {
    tell_kernel();
    arm();
  }
  if (schedule_.leap() != before) callbacks_.on_changed();
}

void LeapSeconds::tell_kernel() {
  if (schedule_.mode() != LeapSecondMode::System) return;
  const int pending = schedule_.pending();
  const auto action = pending > 0   ? env::LeapAction::Insert
                      : pending < 0 ? env::LeapAction::Delete
                                    : env::LeapAction::None;
  const int tai_offset = schedule_.tai_offset();
  if (const Status told = clock_.set_leap(action, tai_offset); !told) {
    log::error("%s", told.error().message.c_str());
    return;
  }
  if (tai_offset != 0 && tai_offset != kernel_tai_offset_) {
    kernel_tai_offset_ = tai_offset;
    log::info("System clock TAI offset set to %d seconds", tai_offset);
  }
  if (action == told_) return;
  const char* what = action == env::LeapAction::Insert   ? "set to insert"
                     : action == env::LeapAction::Delete ? "set to delete"
                     : kernel_leapt_                     ? "reset after"
                                                         : "set to not insert/delete";
  log::info("System clock status %s leap second", what);
  told_ = action;
  kernel_leapt_ = false;
}

void LeapSeconds::on_clock_stepped() {
  if (schedule_.pass_over(clock_.read_raw())) {
    tell_kernel();
    callbacks_.on_changed();
  }
  arm();
}

void LeapSeconds::arm() {
  const auto begin = schedule_.begins_at();
  if (begin) timer_.arm_in(*begin - clock_.read_raw());
  if (!begin && !in_progress()) timer_.disarm();
}

void LeapSeconds::on_timer() {
  if (!in_progress()) {
    // Timers run with the monotonic clock: after months the clock may be a little short of the second.
    const auto due = schedule_.begins_at();
    if (due && clock_.read_raw() < *due) {
      arm();
    } else {
      begin();
    }
  } else {
    end();
  }
}

void LeapSeconds::begin() {
  const LeapSecondMode mode = schedule_.mode();
  schedule_.begin();
  callbacks_.on_changed();
  timer_.arm_in(discipline::LeapSchedule::kInProgress);
  if (mode == LeapSecondMode::System) {
    awaiting_kernel_ = true;
    wake_.arm_in(discipline::LeapSchedule::kKernelLead + kKernelLag);
  } else if (mode == LeapSecondMode::Step) {
    leap_local_time(LeapBy::Step);
  } else if (mode == LeapSecondMode::Slew) {
    leap_local_time(LeapBy::Slew);
  } else {
    log::warning("Ignoring leap second");
  }
}

void LeapSeconds::end() {
  awaiting_kernel_ = false;
  schedule_.end();
  tell_kernel();
  callbacks_.on_changed();
}

void LeapSeconds::leap_local_time(LeapBy by) {
  LocalLeap leap;
  leap.seconds = -schedule_.pending();
  leap.before = clock_.read().local;
  if (by == LeapBy::Kernel) leap.before -= Duration::seconds(leap.seconds);
  const bool done = clock_.leap(leap.seconds, by);
  leap.by = done ? by : LeapBy::Slew;
  if (leap.by == LeapBy::Step) {
    log::warning("System clock was stepped for leap second");
  } else if (leap.by == LeapBy::Slew) {
    log::warning("Adjusting system clock for leap second");
  }
  callbacks_.on_leap(leap);
}

void LeapSeconds::watch_kernel(Duration jump) {
  if (!awaiting_kernel_ || abs(jump + Duration::seconds(schedule_.pending())) > kJumpTolerance) return;
  awaiting_kernel_ = false;
  kernel_leapt_ = true;
  if (kernel_tai_offset_ != 0) kernel_tai_offset_ += schedule_.pending();
  leap_local_time(LeapBy::Kernel);
}

bool LeapSeconds::is_close(LocalTime when, Duration offset) const {
  const discipline::Now now = clock_.read();
  const std::int64_t seconds[] = {now.raw.whole_seconds(), now.local.whole_seconds(), when.whole_seconds(),
                                  (when + offset).whole_seconds()};
  return std::any_of(std::begin(seconds), std::end(seconds), [this](std::int64_t s) { return schedule_.is_close(s); });
}

}  // namespace timed::daemon
