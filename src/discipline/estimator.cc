// The window of one source's samples, the two machines that read it, and what they say in our types.
//
//   kalman_bank     always: the first idea of the wander, and the answer where nothing better can be trusted
//   model_average   the smoother under several models: the answer where delays mean something
//
// Between them the watch over the route: delays that are all far above what the smallest can be explained by say that
// the base delay itself has grown.  A route that became shorter needs no watch: what was a bound before still is one.
//
// And the watch over the clock: a sample that contradicts what was believed, whatever its delay, says that the
// frequency has jumped (a fan that stopped, a machine that was moved).  The frequency may then have gained as much
// between the two samples as explains it, and nothing else is forgotten: neither the route nor how the clock usually
// wanders. To take the jump for wander instead would make the clock a bad one for as long as the window remembers it.
#include "timed/discipline/estimator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "exchanges.h"
#include "kalman_bank.h"
#include "model_average.h"
#include "timed/base/check.h"

namespace timed::discipline {
namespace {

constexpr Duration kLeastPrecision = Duration::nanos(2);  // nothing that stamps packets is better
// A run of delays that queues make once in a million times is a longer route.
const double kRouteOdds = std::log(1e-6);
// What still tells of the present: so many Allan intercepts (research F.6: the poll that this gives with chrony's rule
// is chrony's in a usual network).
constexpr double kSpanOfPresent = 3.4;
constexpr double kSamplesPerSample = 2.0;  // what a sample may count for where they are less frequent than before
constexpr std::size_t kIntervals = 3;      // whose mean is the present one: one alone may be a burst's
constexpr double kLateJump = 2.0;          // times what explains the sample: the jump may have come late
constexpr double kMostJump = 1e-4;         // above it the reference was set, or the machine slept
constexpr double kMostAsymmetry = 0.5;
constexpr double kLimit_s = 1e9;     // delays beyond it are nonsense; offsets so far apart are of another clock
constexpr double kFarthest_s = 9e9;  // of an offset: what points of time can hold, and not their limit

struct Entry {
  FreeTime when;
  WideDuration offset;
  Duration delay;
  bool route_moved = false;  // before this one
  double jump = 0.0;         // of the frequency before this one, as in Exchange
};

// Logarithm of the chance that a round trip is so many times the mean of one direction above the smallest: the sum of
// two exponential delays, or one of the rare long ones in either direction (one_sided_noise.cc).
double log_chance_above(double above) {
  return std::log((1.0 + above) * std::exp(-above) + 2.0 * kRareShare * std::exp(-above / kRareFactor));
}

}  // namespace

struct Estimator::Workspace {
  std::array<Entry, kEstimatorWindow> entries{};  // oldest first
  std::size_t size = 0;
  std::array<Exchange, kEstimatorWindow> exchanges{};
  ModelAverage models;
  std::optional<AverageAnswer> last;  // of the window one sample ago

  void add(const Entry& entry, std::size_t room);
  std::span<const Exchange> relative();
  bool watch_route();
  std::size_t recent(Duration span) const;
};

void Estimator::Workspace::add(const Entry& entry, std::size_t room) {
  if (size == room) {
    std::move(entries.begin() + 1, entries.begin() + static_cast<std::ptrdiff_t>(size), entries.begin());
    --size;
  }
  entries[size++] = entry;
}

std::span<const Exchange> Estimator::Workspace::relative() {
  const Entry& newest = entries[size - 1];
  for (std::size_t i = 0; i < size; ++i) {
    const Entry& e = entries[i];
    exchanges[i] = {(e.when - newest.when).to_seconds(), (e.offset - newest.offset).to_duration().to_seconds(),
                    e.delay.to_seconds(), e.jump};
  }
  return {exchanges.data(), size};
}

// Not how many samples lie within the span, which a faster beginning would make too many: polls would grow beyond
// where they stay.  The first ones, and those after a jump, know little yet.
std::size_t Estimator::Workspace::recent(Duration span) const {
  std::size_t known = 1;
  while (known < size && entries[size - known].jump == 0.0) ++known;
  const std::size_t intervals = std::min(kIntervals, size - 1);
  const Duration interval =
      (entries[size - 1].when - entries[size - 1 - intervals].when) * (1.0 / static_cast<double>(intervals));
  const double held = span / interval;
  const double most = kSamplesPerSample * static_cast<double>(known);
  return static_cast<std::size_t>(std::min({held, most, static_cast<double>(kEstimatorWindow)}));
}

// Whether the route has become longer, with the mark where: the last so many delays are all so long as queues would not
// make them.
bool Estimator::Workspace::watch_route() {
  if (!last) return false;
  const double base_s = 2.0 * last->base_delay_s;
  const double mean_s = 0.5 * (last->forward_mean_s + last->backward_mean_s) + last->gaussian_sd_s;
  double least_s = std::numeric_limits<double>::infinity();
  for (std::size_t run = 1; run <= size / 2; ++run) {
    if (entries[size - run].route_moved) return false;
    least_s = std::min(least_s, entries[size - run].delay.to_seconds());
    const double above = (least_s - base_s) / mean_s;
    if (above <= 0.0) return false;
    if (static_cast<double>(run) * log_chance_above(above) > kRouteOdds) continue;
    std::size_t first = size - run;
    while (first > 1 && entries[first - 1].delay.to_seconds() > base_s + 0.5 * (least_s - base_s)) --first;
    entries[first].route_moved = true;
    return true;
  }
  return false;
}

Duration Posterior::offset_sd_after(Duration elapsed) const {
  const double t = elapsed.to_seconds(), sd = offset_sd.to_seconds(), f = frequency_sd.to_ratio();
  const double variance = sd * sd + 2.0 * t * covariance_s + t * t * f * f + wander * std::fabs(t * t * t) / 3.0;
  return Duration::seconds(std::sqrt(std::max(variance, 0.0)));
}

namespace {

// Within it wander is hidden by noise, and a bit more.
Duration present_span(const Posterior& p) {
  const double noise_s = p.noise_sd.to_seconds();
  return Duration::seconds(kSpanOfPresent * std::cbrt(noise_s * noise_s / p.wander));
}

std::optional<Posterior> conclude(const BankAnswer& bank, const std::optional<AverageAnswer>& average, FreeTime when,
                                  WideDuration newest) {
  const ClockPosterior& clock = average ? average->clock : bank.clock;
  Posterior p;
  p.when = when;
  p.offset = newest + WideDuration(Duration::seconds(clock.offset_s));
  p.offset_sd = Duration::seconds(std::sqrt(clock.offset_variance_s2));
  p.frequency = Frequency::ratio(clock.frequency);
  p.frequency_sd = Frequency::ratio(std::sqrt(clock.frequency_variance));
  p.covariance_s = clock.covariance_s;
  p.wander = std::exp(average ? average->log_wander : bank.log_wander);
  p.noise_sd = Duration::seconds(bank.noise_sd_s);
  if (average) {
    const double forward2 = average->forward_mean_s * average->forward_mean_s;
    const double backward2 = average->backward_mean_s * average->backward_mean_s;
    const double gaussian2 = average->gaussian_sd_s * average->gaussian_sd_s;
    // With the base delay known each direction alone gives the offset, and the quiet one gives it well.
    const double there2 = forward2 + gaussian2, back2 = backward2 + gaussian2;
    p.noise_sd = Duration::seconds(std::sqrt(there2 * back2 / (there2 + back2)));
    p.base_delay = Duration::seconds(average->base_delay_s);
    p.asymmetry = 0.5 * (backward2 - forward2) / (backward2 + forward2);
  }
  const bool finite = p.offset_sd.is_finite() && p.frequency.is_finite() && p.frequency_sd.is_finite() &&
                      std::isfinite(p.covariance_s) && std::isfinite(p.wander) && std::isfinite(clock.offset_s);
  return finite ? std::optional(p) : std::nullopt;
}

}  // namespace

Estimator::Estimator(const EstimatorOptions& options) : options_(options), work_(std::make_unique<Workspace>()) {
  TIMED_ASSERT(options.window >= 1 && options.window <= kEstimatorWindow);
  options_.precision = std::max(options_.precision, kLeastPrecision);
}

Estimator::~Estimator() = default;
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;

void Estimator::add(const Sample& sample) {
  const double delay_s = sample.peer_delay.to_seconds();
  const double offset_s = sample.offset.to_duration().to_seconds();
  if (!(std::fabs(delay_s) < kLimit_s) || !(std::fabs(offset_s) < kFarthest_s)) {
    ++counts_.refused;
    return;
  }
  if (work_->size > 0) {
    const Entry& last = work_->entries[work_->size - 1];
    const double apart_s = (sample.offset - last.offset).to_duration().to_seconds();
    if (sample.when <= last.when || !(std::fabs(apart_s) < kLimit_s)) reset();
  }
  const double jump = jump_before(sample);
  if (jump > 0.0) ++counts_.jumps;
  work_->add({sample.when, sample.offset, std::max(sample.peer_delay, Duration::zero()), false, jump}, options_.window);
}

double Estimator::jump_before(const Sample& sample) const {
  if (!options_.one_sided || surprise(sample) <= kContradiction) return 0.0;
  const Duration elapsed = sample.when - posterior_->when;
  const double error_s =
      ((sample.offset - posterior_->offset).to_duration() - elapsed * posterior_->frequency).to_seconds();
  const double change = kLateJump * error_s / elapsed.to_seconds();
  return std::fabs(change) <= kMostJump ? change * change : 0.0;
}

void Estimator::reset() {
  posterior_.reset();
  work_->size = 0;
  work_->models.reset();
  work_->last.reset();
}

void Estimator::shift(Duration offset) {
  for (std::size_t i = 0; i < work_->size; ++i) {
    work_->entries[i].offset = work_->entries[i].offset + WideDuration(offset);
  }
  if (posterior_) posterior_->offset = posterior_->offset + WideDuration(offset);
}

std::size_t Estimator::samples() const {
  return work_->size;
}

bool Estimator::smoothed() const {
  return work_->last.has_value();
}

void Estimator::update() {
  Workspace& w = *work_;
  if (w.size < 3) return posterior_.reset();
  ++counts_.updates;
  if (options_.one_sided && w.watch_route()) ++counts_.route_moves;
  const std::span<const Exchange> exchanges = w.relative();
  const double precision_s = options_.precision.to_seconds();
  auto bank = options_.one_sided ? bank_by_delay(exchanges, precision_s) : bank_by_scatter(exchanges, precision_s);
  if (bank) {
    const SlopeRange slopes = supported_slopes(exchanges, precision_s);
    bank->clock.frequency = std::clamp(bank->clock.frequency, slopes.least, slopes.largest);
  }
  std::optional<AverageAnswer> answer;
  if (options_.one_sided && bank) {
    SmootherTerms terms;
    if (options_.min_delay > Duration::zero()) terms.base_delay_s = options_.min_delay.to_seconds() * 0.5;
    if (std::fabs(options_.asymmetry) <= kMostAsymmetry) terms.backward_share = 0.5 + options_.asymmetry;
    for (std::size_t i = 0; i < w.size; ++i) terms.moved[i] = w.entries[i].route_moved;
    answer = w.models.run(exchanges, precision_s, terms, *bank);
    counts_.runs += w.models.runs();
    counts_.rounds += w.models.rounds();
    counts_.rejected += w.models.rejected();
    if (!answer) ++counts_.fallbacks;
  }
  w.last = answer;
  posterior_.reset();
  if (bank) posterior_ = conclude(*bank, answer, w.entries[w.size - 1].when, w.entries[w.size - 1].offset);
  if (posterior_) posterior_->recent = std::min(w.recent(present_span(*posterior_)), options_.window);
}

double Estimator::surprise(const Sample& sample) const {
  if (!posterior_) return 0.0;
  const Posterior& p = *posterior_;
  const Duration elapsed = sample.when - p.when;
  const double error_s = ((sample.offset - p.offset).to_duration() - elapsed * p.frequency).to_seconds();
  double variance_s2 = p.offset_sd_after(elapsed).to_seconds();
  variance_s2 *= variance_s2;
  double excused_s = 0.0;
  if (options_.one_sided && work_->last) {
    const AverageAnswer& last = *work_->last;
    excused_s = std::max(0.0, 0.5 * sample.peer_delay.to_seconds() - last.base_delay_s);
    variance_s2 += last.gaussian_sd_s * last.gaussian_sd_s + last.base_delay_sd_s * last.base_delay_sd_s;
  } else {
    variance_s2 += p.noise_sd.to_seconds() * p.noise_sd.to_seconds();
  }
  return std::max(0.0, std::fabs(error_s) - excused_s) / std::sqrt(variance_s2);
}

}  // namespace timed::discipline
