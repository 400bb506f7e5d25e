#include "tests/sim/sim_clock.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "timed/base/check.h"
#include "timed/env/kernel_frequency.h"

namespace timed::sim {
namespace {

constexpr std::int64_t kWanderStep_ns = 1'000'000'000;
// Monotonic time when a machine starts: not zero, so that a mix-up with a duration shows.
constexpr std::int64_t kMonoStart_ns = 5000'000'000'000;

}  // namespace

double Gaussian::next() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - random_.uniform()));
  const double angle = 2.0 * std::numbers::pi * random_.uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

Oscillator::Oscillator(TrueTime start, Frequency error, double wander, SeededRandom random)
    : at_(start.nanos()), last_step_(at_), error_(error.to_ratio()), wander_(wander), gaussian_(random) {}

void Oscillator::advance(TrueTime to) {
  if (stands_ && to.nanos() < at_) return;
  TIMED_ASSERT(to.nanos() >= at_);
  stands_ = false;
  while (to.nanos() >= step_end()) {
    advance_within_step(step_end());
    begin_step();
  }
  advance_within_step(to.nanos());
}

void Oscillator::stand_until(TrueTime end) {
  last_step_ += end.nanos() - at_;
  at_ = end.nanos();
  stands_ = true;
}

TrueTime Oscillator::when_counted(std::int64_t target, TrueTime horizon) const {
  Oscillator future = *this;
  while (future.counted_ < target && future.at_ < horizon.nanos()) {
    const double missing = static_cast<double>(target - future.counted_) - future.rest_;
    const double needed = std::ceil(missing / (1.0 + future.excess()));
    const std::int64_t end = std::min(future.step_end(), horizon.nanos());
    if (needed >= static_cast<double>(end - future.at_)) {
      future.advance(TrueTime::from_nanos(end));
    } else {
      future.advance(TrueTime::from_nanos(future.at_ + std::max<std::int64_t>(1, static_cast<std::int64_t>(needed))));
    }
  }
  return TrueTime::from_nanos(future.at_);
}

std::int64_t Oscillator::step_end() const {
  return wander_ > 0.0 ? last_step_ + kWanderStep_ns : std::numeric_limits<std::int64_t>::max();
}

void Oscillator::begin_step() {
  last_step_ = at_;
  error_ += wander_ * gaussian_.next();
}

void Oscillator::advance_within_step(std::int64_t to) {
  const std::int64_t span = to - at_;
  const double rest = rest_ + static_cast<double>(span) * excess();
  const double whole = std::floor(rest);
  counted_ += span + static_cast<std::int64_t>(whole);
  rest_ = rest - whole;
  at_ = to;
}

SimClock::SimClock(World& world, const ClockModel& model)
    : world_(world),
      model_(model),
      may_steer_(model.may_steer),
      random_(world.fork_random()),
      oscillator_(world.now(), model.frequency_error, model.wander, world.fork_random()),
      offset_ns_(world.now().nanos() + units_internal::saturated_nanos(model.start_error.to_seconds()) - kMonoStart_ns),
      tai_offset_(model.tai_offset) {
  oscillator_.set_correction(env::KernelFrequency::from(model.start_correction).to_frequency());
}

MonoTime SimClock::mono_now() {
  oscillator_.advance(world_.now());
  return MonoTime::from_nanos(oscillator_.counted() + kMonoStart_ns);
}

// Nobody sees the clock but by reading it, so it may leap when it is read.
RawTime SimClock::exact_now() {
  if (held_) return *held_;
  RawTime time = unleapt_now();
  if (leap_at_ns_ == 0 || time.nanos() < leap_at_ns_) return time;
  const int seconds = leap_ == env::LeapAction::Insert ? -1 : 1;
  leap_at_ns_ = 0;
  kernel_leaps_ += seconds;
  if (tai_offset_) *tai_offset_ -= seconds;
  disturb(Duration::seconds(seconds));
  return unleapt_now();
}

RawTime SimClock::now() {
  RawTime time = exact_now();
  if (model_.read_noise > Duration::zero()) time += model_.read_noise * random_.uniform();
  const auto grain = std::max<std::int64_t>(1, units_internal::saturated_nanos(model_.resolution.to_seconds()));
  return RawTime::from_nanos(time.nanos() - time.nanos() % grain);
}

Result<env::ClockState> SimClock::start(bool steer) {
  may_steer_ = steer && model_.may_steer;
  env::ClockState state;
  state.frequency = oscillator_.correction();
  state.precision = std::max(Duration::nanos(1), model_.resolution);
  state.tai_offset = tai_offset_;
  state.may_steer = may_steer_;
  return state;
}

Result<Frequency> SimClock::set_frequency(Frequency wanted) {
  if (!may_steer_) return refuse("set the frequency").error();
  oscillator_.advance(world_.now());
  oscillator_.set_correction(env::KernelFrequency::from(wanted).to_frequency());
  ++frequency_changes_;
  tell_rate_changed();
  return oscillator_.correction();
}

void SimClock::suspend(Duration span, Duration error) {
  oscillator_.advance(world_.now());
  oscillator_.stand_until(world_.now() + span);
  disturb(span + error);
  suspended_ += span;
  tell_rate_changed();
}

void SimClock::hold(bool held) {
  if (held) {
    held_ = exact_now();
  } else if (held_) {
    offset_ns_ = held_->nanos() - mono_now().nanos();
    held_.reset();
  }
}

void SimClock::disturb_frequency(Frequency change) {
  oscillator_.advance(world_.now());
  oscillator_.set_correction(env::KernelFrequency::from(oscillator_.correction() + change).to_frequency());
  tell_rate_changed();
}

void SimClock::disturb_oscillator(Frequency change) {
  oscillator_.advance(world_.now());
  oscillator_.disturb(change);
  tell_rate_changed();
}

Status SimClock::step(Duration offset) {
  if (!may_steer_) return refuse("step the clock");
  disturb(offset);
  steps_.push_back(offset);
  return Status::success();
}

Status SimClock::set_leap(env::LeapAction action, std::optional<int> tai_offset) {
  if (!may_steer_) return refuse("set the leap status");
  if (action != leap_) {
    constexpr std::int64_t kSecond_ns = 1'000'000'000, kDay_ns = 86'400 * kSecond_ns;
    const std::int64_t midnight = (exact_now().nanos() / kDay_ns + 1) * kDay_ns;
    leap_at_ns_ = action == env::LeapAction::None     ? 0
                  : action == env::LeapAction::Insert ? midnight
                                                      : midnight - kSecond_ns;
  }
  leap_ = action;
  if (tai_offset) tai_offset_ = tai_offset;
  return Status::success();
}

Status SimClock::set_sync_status(const env::SyncStatus& status) {
  if (!may_steer_) return refuse("set the synchronisation status");
  sync_status_ = status;
  status_set_ = mono_now();
  return Status::success();
}

env::KernelSync SimClock::kernel_sync() {
  constexpr double kGrowth_us_per_s = 500.0;
  constexpr std::int64_t kWorst_us = 16'000'000;
  auto told = env::KernelSync::from(sync_status_, rtc_sync_);
  const double age_s = (mono_now() - status_set_).to_seconds();
  told.maxerror_us = std::min(kWorst_us, told.maxerror_us + static_cast<std::int64_t>(kGrowth_us_per_s * age_s));
  told.unsynchronised = told.unsynchronised || told.maxerror_us == kWorst_us;
  return told;
}

Duration SimClock::error() {
  return WideDuration::between(exact_now(), world_.now()).to_duration();
}

Frequency SimClock::frequency_error() {
  oscillator_.advance(world_.now());
  return oscillator_.steered_error();
}

Frequency SimClock::bare_frequency_error() {
  oscillator_.advance(world_.now());
  return oscillator_.error();
}

TrueTime SimClock::when_mono(MonoTime target, TrueTime horizon) {
  oscillator_.advance(world_.now());
  return oscillator_.when_counted(target.nanos() - kMonoStart_ns, horizon);
}

Status SimClock::refuse(const char* what) const {
  return Error{std::string("Could not ") + what + " : Operation not permitted", ErrorKind::Permission};
}

void SimClock::on_rate_change(const void* owner, std::function<void()> fn) {
  std::erase_if(rate_changed_, [owner](const auto& entry) { return entry.first == owner; });
  if (fn) rate_changed_.emplace_back(owner, std::move(fn));
}

void SimClock::tell_rate_changed() const {
  for (const auto& [owner, fn] : rate_changed_) fn();
}

}  // namespace timed::sim
