// Local time is what we believe; it jumps when we believe something else.  The kernel's clock must not jump, and is
// only ever told a rate: that of the oscillator as it is known, and while local time is ahead or behind a little more
// or less.  So each change of mind is first one of local time, and then a slew by which the kernel's clock arrives
// there.
//
// How long a slew takes is decided with the offset, as R/|offset| (slew_pace.cc), and it ends by a timer.  Timers come
// late, and until then the clock runs on beyond the offset by the slew's rate: a fifth of the offset at most, as a slew
// lasts five times as long as ends have been late lately, and the next look takes it back.  What is left is always the
// difference of two scales (the Timeline), never a sum of what was done, so nothing is lost where the kernel rounds a
// rate, a timer is late, or a new update comes in the middle of a slew.
#include "timed/discipline/local_clock.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace timed::discipline {
namespace {

constexpr Duration kNothing = Duration::nanos(1);      // offsets below it are not worth a slew
constexpr Duration kLongest = Duration::seconds(1e4);  // of a slew, and between looks at the clock
constexpr Duration kShortest = Duration::seconds(1);
constexpr double kExcessFactor = 5.0;  // a slew lasts at least so many times its end may be late
constexpr double kExcessDecay = 0.9;
constexpr Duration kMaxExcess = Duration::seconds(100);
constexpr Frequency kMaxKernel = Frequency::ratio(0.1);  // tick 9000 … 11000 µs
constexpr int kMarkReadings = 3;                         // of which one at least is not interrupted
// Since Linux 4.19 a frequency takes effect within 10 µs; a tenth more for safety.
constexpr Duration kEffectDelay = Duration::micros(11);

template <class T>
T clamp(T low, T value, T high) {
  return std::max(low, std::min(value, high));
}

}  // namespace

LocalClock::LocalClock(const ClockOptions& options, env::SystemClock& clock, env::Timers& timers,
                       std::function<void()> on_line_changed, std::function<void(const ClockChange&)> on_change)
    : options_(options),
      clock_(clock),
      timers_(timers),
      on_line_changed_(std::move(on_line_changed)),
      on_change_(std::move(on_change)),
      timeline_(clock.now()),
      slew_end_(timers, [this] { plan_slew(); }) {}

Result<env::ClockState> LocalClock::start() {
  auto state = clock_.start(options_.control);
  if (!state) return state;
  steering_ = options_.control && state->may_steer;
  if (options_.precision && *options_.precision > Duration::zero()) {
    state->precision = clamp(Duration::nanos(1), *options_.precision, Duration::seconds(1));
  }
  slew_start_ = clock_.now();
  timeline_ = Timeline(slew_start_);
  started_ = slew_start_;
  kernel_found_ = steering_ ? state->frequency : Frequency::zero();
  base_ = kernel_found_;
  slew_.kernel = base_;
  slew_.planned = kLongest;
  timeline_.set_frequencies(slew_start_, {slew_.kernel, base_, {}}, Duration::zero(), Duration::zero());
  // A daemon that was killed during a slew has left its rate behind, which no oscillator needs.
  if (abs(base_) > options_.max_drift) change_frequency(base_);
  return state;
}

Now LocalClock::read() {
  return at(clock_.now());
}

Frequency LocalClock::set_kernel(Frequency wanted) {
  const auto in_force = clock_.set_frequency(wanted);
  return in_force ? *in_force : slew_.kernel;
}

// Decides how fast to run from now on, and until when.
void LocalClock::plan_slew() {
  const RawTime now = clock_.now();
  const Duration left = timeline_.pending(now);
  const Duration late = (now - slew_start_) - slew_.planned;
  slew_.excess = (slew_.excess + Duration::nanos(1)) * kExcessDecay;
  if (slew_.excess < late && late <= kMaxExcess) slew_.excess = late;

  Duration wanted = kLongest;
  if (abs(left) >= kNothing) {
    wanted = std::max(
        {Duration::seconds(slew_.correction_rate / abs(left).to_seconds()), kShortest, slew_.excess * kExcessFactor});
  }
  run_slew(now, left, wanted);
}

// To plan the rest of a slew by the rate that the whole was given would stretch it each time, and it would never end.
void LocalClock::continue_slew() {
  const RawTime now = clock_.now();
  const Duration left = timeline_.pending(now);
  const double rest_s = left.to_seconds() / slew_.correction.to_ratio();
  if (abs(left) < kNothing || !std::isfinite(rest_s) || rest_s <= 0.0) return plan_slew();
  run_slew(now, left, std::max(Duration::seconds(rest_s), kShortest));
}

void LocalClock::run_slew(RawTime now, Duration left, Duration wanted) {
  if (!steering_) {
    timeline_.set_frequencies(now, {Frequency::zero(), compensated_base(), compensation_}, Duration::zero(),
                              Duration::zero());
    on_line_changed_();
    return;
  }
  slew_.correction = clamp(-options_.max_slew_rate, Frequency::ratio(left / wanted), options_.max_slew_rate);
  const Frequency base = compensated_base();
  const Frequency total = base + slew_.correction * (1.0 + base.to_ratio());
  const Frequency rate_before = timeline_.local_rate();
  slew_.kernel = set_kernel(clamp(-kMaxKernel, total, kMaxKernel));
  const Frequency rate = (base - slew_.kernel) / (1.0 + slew_.kernel.to_ratio());
  const Duration error = kEffectDelay * abs(rate - rate_before);
  timeline_.set_frequencies(now, {slew_.kernel, base, compensation_}, error, kEffectDelay);
  if (error >= Duration::nanos(1)) timeline_.add_dispersion(error);

  const bool shrinking = abs(left) >= kNothing && left.to_seconds() * rate.to_ratio() < 0.0;
  slew_.planned = shrinking ? clamp(kShortest, left / -rate.to_ratio(), kLongest) : kLongest;
  slew_.left = left;
  slew_start_ = now;
  slew_end_.arm_in(slew_.planned);
  on_line_changed_();
}

void LocalClock::tell(const ClockChange& change) const {
  if (on_change_) on_change_(change);
}

ClockChange LocalClock::change_frequency(Frequency absolute) {
  const RawTime raw = clock_.now();
  ClockChange change{raw, timeline_.to_local(raw), {}, {}};
  const Frequency before = base_;
  base_ = clamp(-options_.max_drift, absolute, options_.max_drift);
  if (base_ != absolute) clamped_ = absolute;
  plan_slew();
  change.frequency = (base_ - before) / (1.0 + before.to_ratio());
  return change;
}

void LocalClock::set_frequency(Frequency absolute) {
  tell(change_frequency(absolute));
}

// Local time jumps, and the kernel's clock follows as fast as it may.
void LocalClock::shift(RawTime at, Duration offset) {
  slew_.correction_rate = 0.0;
  const ClockChange change{at, timeline_.to_local(at), {}, offset};
  timeline_.shift_local(at, offset);
  plan_slew();
  tell(change);
}

Frequency LocalClock::compensated_base() const {
  return base_ * (1.0 - compensation_.to_ratio()) + compensation_;
}

void LocalClock::set_compensation(Frequency compensation) {
  compensation_ = compensation;
  continue_slew();
}

void LocalClock::renew() {
  continue_slew();
}

ClockChange LocalClock::apply(const ClockUpdate& update) {
  ClockChange change = change_frequency(base_ + update.frequency * (1.0 + base_.to_ratio()));
  change.offset = update.offset;
  slew_.correction_rate = update.correction_rate;
  timeline_.shift_local(clock_.now(), update.offset);
  plan_slew();
  tell(change);
  return change;
}

bool LocalClock::step(Duration offset) {
  const Duration whole = Duration::nanos(std::round(offset.to_nanos()));
  const RawTime before = clock_.now();
  if (steering_ && clock_.step(whole).ok()) {
    timeline_.step(before, whole, true);
    timeline_.shift_local(timeline_.line_start(), offset - whole);  // the kernel steps by whole nanoseconds
    slew_start_ = slew_start_ + whole;
    on_line_changed_();
    return true;
  }
  shift(before, offset);
  return false;
}

bool LocalClock::leap(int seconds, LeapBy by) {
  const Duration moved = Duration::seconds(seconds);
  RawTime before = clock_.now();
  const bool stepped = by == LeapBy::Step && steering_ && clock_.step(moved).ok();
  if (by == LeapBy::Kernel) before = before - moved;
  if (by == LeapBy::Kernel || stepped) {
    timeline_.leap(before, seconds, true);
    slew_start_ += moved;
    on_line_changed_();
    return true;
  }
  slew_.correction_rate = 0.0;
  timeline_.leap(before, seconds, false);
  plan_slew();
  return by == LeapBy::Slew;
}

Status LocalClock::set_leap(env::LeapAction action, int tai_offset) {
  if (!steering_) return {};
  return clock_.set_leap(action, tai_offset != 0 ? std::optional(tai_offset) : std::nullopt);
}

void LocalClock::cancel_slew() {
  const RawTime now = clock_.now();
  shift(now, -timeline_.pending(now));
}

// By the reading that took the shortest time.
RawTime LocalClock::mono_zero() {
  RawTime zero;
  Duration shortest = Duration::infinity();
  for (int i = 0; i < kMarkReadings; ++i) {
    const MonoTime before = timers_.now();
    const RawTime raw = clock_.now();
    const Duration took = timers_.now() - before;
    if (took >= shortest) continue;
    shortest = took;
    zero = RawTime::from_nanos(raw.nanos() - before.nanos()) - took * 0.5;
  }
  return zero;
}

LastingClock LocalClock::left_behind() {
  return {lasting_view(), {mono_zero(), steering_ ? std::optional(compensated_base()) : std::nullopt}};
}

void LocalClock::mark_found() {
  found_ = ClockMarks{mono_zero(), steering_ ? std::optional(kernel_found_) : std::nullopt};
}

// Local time was what the clock read, at the rate that the kernel had.
std::optional<LastingClock> LocalClock::found() const {
  if (!found_) return std::nullopt;
  LastingClock found{{}, *found_};
  found.view.start = FreeTime::from_nanos(started_.nanos());
  found.view.rate = (kernel_found_ - compensation_) / (1.0 + compensation_.to_ratio());
  found.view.added_dispersion = timeline_.view().added_dispersion;
  return found;
}

LocalView LocalClock::lasting_view() {
  LocalView view = timeline_.view();
  if (steering_) return view;
  const Now now = read();
  view.start = now.free;
  view.local_minus_free = WideDuration::between(now.raw, now.free) - view.leaps();
  view.rate = -compensation_;
  return view;
}

void LocalClock::on_unknown_step(Duration dispersion) {
  found_.reset();
  slew_.correction_rate = 0.0;
  slew_start_ = clock_.now();
  timeline_.restart(slew_start_);
  plan_slew();
  timeline_.add_dispersion(abs(dispersion));
}

void LocalClock::set_sync_status(const env::SyncStatus& status) {
  if (steering_) static_cast<void>(clock_.set_sync_status(status));
}

std::optional<Frequency> LocalClock::take_clamped() {
  return std::exchange(clamped_, std::nullopt);
}

}  // namespace timed::discipline
