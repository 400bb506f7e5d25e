// The window of one source's samples, the two machines that read it, and what they say in our types.
//
//   kalman_bank     always: the first idea of the wander, and the answer where nothing better can be trusted
//   model_average   the smoother under several models: the answer where delays mean something
//
// Where offsets scatter far more than delays can make them (hidden_noise), delays mean nothing, and the bank that goes
// by the scatter answers alone: the smoother would call that noise wander, and follow it.
//
// Between them the watch over the route: delays that are all far above what the smallest can be explained by say that
// the base delay itself has grown.  A route that became shorter needs no watch: what was a bound before still is one.
//
// And the watch over the clock: samples that contradict what was believed, whatever their delay (contradictions.cc).
//
// The window ought to reach back over the time in which noise hides the wander, however short the polls are.  So where
// samples come much faster than that, a block of them becomes one entry: the best of them where delays tell which that
// is, their mean where offsets just scatter.  An update a block is enough, which also bounds what short polls cost.
#include "timed/discipline/estimator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "contradictions.h"
#include "exchanges.h"
#include "hidden_noise.h"
#include "kalman_bank.h"
#include "model_average.h"
#include "sample_window.h"
#include "timed/base/check.h"

namespace timed::discipline {
namespace {

constexpr Duration kLeastPrecision = Duration::nanos(2);  // nothing that stamps packets is better
// What still tells of the present: so many Allan intercepts (the poll that this gives with chrony's rule is chrony's in
// a usual network).
constexpr double kSpanOfPresent = 3.6;
// What Gaussian noise leaves of an error falls with the root of the number of samples, what queues leave, the shortest
// of which are near nothing, with the number itself.  So beside queues a Gaussian variance weighs about as many times
// as there are samples.  With 1 the row of Gaussian jitter took 1.35 times the regression's packets, with 20 1.09, with
// 40 and 80 1.06 and 1.04 (seeds 401 to 432).
constexpr double kGaussianWeight = 80.0;
// However quiet one direction is, polls are as if it had this share of the mean of both: what is known by few queues is
// worth no more packets.  With 0, 0.15 and 0.2 the row asymmetric jitter has 0.27, 0.31 and 0.33 of the regression's
// error for 1.56, 1.15 and 0.96 of its packets (seeds 1 to 12).
constexpr double kQuietest = 0.2;
// A block lasts so much of an Allan intercept: in the open loop the error is then 1.5 times smaller at polls of a
// second, and no larger at any.
constexpr double kBlockShare = 1.0 / 160.0;
constexpr Duration kLeastBlock = Duration::seconds(0.25);  // however good the stamps are: four updates a second
// Usual polls need none.  With 4 s polls of 1 s and 4 s have 0.34 and 0.43 instead of 0.28 and 0.34 of the regression's
// error, with 16 s they are the same (seeds 401 to 410).
constexpr Duration kLongestBlock = Duration::seconds(8);
// Samples; before, the intercept is a guess.  With 8 and 32 the row lan, and polls of 1 s and 4 s in the usual network,
// have the same time errors within 0.004 of the regression's (seeds 401 to 410).
constexpr std::size_t kEnoughForBlocks = 16;
// Samples; before, too little is known to be contradicted: three that were in queues of like length look like a quiet
// network, and the next one like a jump.  Without this limit on jumps of the frequency its error at the default was
// 1.26 instead of 0.99 times the regression's (seeds 201 to 280).
constexpr std::size_t kEnoughForJumps = 8;
// For one of the offset, which is 20 deviations away and too far for any oscillator, the first belief is enough.  With
// 8 a step there and back among the first seven samples passed for wander, and what was believed of the frequency was
// wrong for hours, by more than was said.
constexpr std::size_t kEnoughForOffsetJumps = 3;
// Nor is one called so that comes after so many times what those few samples reach back: a server whose clock
// was still moving in the six seconds of a burst looks like a frequency that is known to a part of a ppm, and a minute
// later nothing is where that says.  With jumps there a client was 29 ms off and said 19 ms (world 8086 of the swarm);
// with 4 steps after longer bursts pass for wander (9456).
constexpr double kFarthestForOffsetJumps = 8.0;
constexpr double kMostAsymmetry = 0.5;
constexpr double kAnotherClock_s = 1e9;  // offsets so far apart are of another one

}  // namespace

struct Estimator::Workspace {
  SampleWindow window;
  ModelAverage models;
  std::optional<AverageAnswer> last;  // of the window one sample ago
  OffsetJumpWatch offset_jumps;
  FrequencyJumpWatch frequency_jumps;
  FreeTime block_end;            // until then samples belong to the newest entry
  FreeTime last_seen;            // sample; its entry may be older
  bool noise_is_hidden = false;  // from delays: the smoother has nothing to say
  bool is_due = false;           // an update would say something new
  bool jumped = false;           // the frequency, as the last entry says
  double jump_sd_s = 0.0;        // of the jump before the next entry

  bool holds_back(const Sample& sample, std::optional<Posterior>& posterior);
  Duration block_length(const std::optional<Posterior>& posterior) const;
};

Duration Posterior::offset_sd_after(Duration elapsed) const {
  const Growth growth{covariance_s, wander, {}, when};
  return growth.offset_sd_after(elapsed, offset_sd, frequency_sd);
}

namespace {

RouteTerms known_of(const EstimatorOptions& options) {
  RouteTerms known;
  if (options.min_delay > Duration::zero()) known.least_delay_s = options.min_delay.to_seconds();
  if (std::fabs(options.asymmetry) <= kMostAsymmetry) known.asymmetry = options.asymmetry;
  return known;
}

// The time below which noise hides the wander.
Duration allan_intercept(Duration noise, double wander) {
  const double noise_s = noise.to_seconds();
  return Duration::seconds(std::cbrt(noise_s * noise_s / wander));
}

// Of one offset.  With the base delay known each direction alone gives the offset, and the quiet one gives it well; it
// counts for no quieter than that share of what both have in the mean.
Duration noise_of(const AverageAnswer& average, double gaussian_weight, double least_share) {
  const double gaussian2 = gaussian_weight * average.gaussian_sd_s * average.gaussian_sd_s;
  const double least_s = least_share * 0.5 * (average.forward_mean_s + average.backward_mean_s);
  const double there_s = std::max(average.forward_mean_s, least_s), back_s = std::max(average.backward_mean_s, least_s);
  const double there2 = there_s * there_s + gaussian2, back2 = back_s * back_s + gaussian2;
  return Duration::seconds(std::sqrt(there2 * back2 / (there2 + back2)));
}

// The span that still tells of the present.  Where the wander is not well known yet its mean counts, not the likeliest:
// what a poll that is too long costs grows with the cube of it, one that is too short costs a packet.
Duration present_of(const Posterior& p, const std::optional<AverageAnswer>& average) {
  if (!average) return allan_intercept(p.noise_sd, p.wander) * kSpanOfPresent;
  return allan_intercept(noise_of(*average, kGaussianWeight, kQuietest), average->mean_wander) * kSpanOfPresent;
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
    p.noise_sd = noise_of(*average, 1.0, 0.0);
    p.base_delay = Duration::seconds(average->base_delay_s);
    p.asymmetry = 0.5 * (backward2 - forward2) / (backward2 + forward2);
  }
  const bool finite = p.offset_sd.is_finite() && p.noise_sd.is_finite() && p.frequency.is_finite() &&
                      p.frequency_sd.is_finite() && std::isfinite(p.covariance_s) && std::isfinite(p.wander) &&
                      std::isfinite(clock.offset_s);
  return finite ? std::optional(p) : std::nullopt;
}

}  // namespace

Duration Estimator::Workspace::block_length(const std::optional<Posterior>& posterior) const {
  if (!posterior || window.size() < kEnoughForBlocks) return Duration::zero();
  return std::clamp(allan_intercept(posterior->noise_sd, posterior->wander) * kBlockShare, kLeastBlock, kLongestBlock);
}

// Whether a sample is to wait for what the next one says.  Where that says the same the past is shifted.
bool Estimator::Workspace::holds_back(const Sample& sample, std::optional<Posterior>& posterior) {
  if (!posterior || window.size() < kEnoughForOffsetJumps) return false;
  const bool is_young = window.size() < kEnoughForJumps;
  if (is_young && sample.when - posterior->when > window.reach() * kFarthestForOffsetJumps) {
    offset_jumps.reset();
    return false;
  }
  const OffsetJumpWatch::Verdict verdict = offset_jumps.check(sample, *posterior, last);
  if (verdict.jump) {
    window.shift(verdict.jump->offset);
    posterior->offset = posterior->offset + WideDuration(verdict.jump->offset);
    frequency_jumps.shift(verdict.jump->offset);
    jump_sd_s = verdict.jump->sd_s;
  }
  return verdict.held_back;
}

Estimator::Estimator(const EstimatorOptions& options) : options_(options), work_(std::make_unique<Workspace>()) {
  static_assert(sizeof(Estimator) + sizeof(Workspace) <= std::size_t{64} * 1024, "of memory a source");
  TIMED_ASSERT(options.window >= 1 && options.window <= kEstimatorWindow);
  options_.precision = std::max(options_.precision, kLeastPrecision);
}

Estimator::~Estimator() = default;
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;

void Estimator::add(const Sample& sample) {
  expectation_ = Expectation::Met;
  if (!is_measurement(sample)) {
    ++counts_.refused;
    return;
  }
  if (work_->window.size() > 0) {
    const double apart_s = (sample.offset - work_->window.newest().offset).to_duration().to_seconds();
    if (sample.when <= work_->last_seen || !(std::fabs(apart_s) < kAnotherClock_s)) reset();
  }
  work_->last_seen = sample.when;
  if (work_->holds_back(sample, posterior_)) {
    expectation_ = Expectation::Contradicted;
    ++counts_.held_back;
    return;
  }
  std::optional<Contradiction> against;
  if (posterior_) against = contradiction_of(sample, *posterior_, work_->last);
  // How well the jump is known that the past was just shifted by.
  if (against) against->sd_s = std::hypot(against->sd_s, work_->jump_sd_s);
  const bool contradicted = work_->jump_sd_s > 0.0 || (against && against->surprise() > kContradiction);
  if (contradicted) expectation_ = Expectation::Contradicted;
  if (work_->window.size() > 0 && !contradicted && sample.when < work_->block_end) {
    WindowEntry& block = work_->window.newest();
    return by_delay() ? block.take_better(sample) : block.take_mean_with(sample);
  }
  work_->is_due = true;
  work_->block_end = sample.when + work_->block_length(posterior_);
  WindowEntry entry{sample.when, sample.offset, std::max(sample.peer_delay, Duration::zero())};
  entry.step = sample.peer_dispersion;
  entry.jump = watch_frequency(sample, against);
  entry.jump_sd_s = std::exchange(work_->jump_sd_s, 0.0);
  work_->window.add(entry, options_.window);
}

// Of a new entry: whether the frequency has jumped before it, or before the one that is the newest still.
double Estimator::watch_frequency(const Sample& sample, const std::optional<Contradiction>& against) {
  Workspace& w = *work_;
  w.jumped = false;
  if (!against || !by_delay() || w.window.size() < kEnoughForJumps) {
    w.frequency_jumps.reset();
    return 0.0;
  }
  const FrequencyJumpWatch::Verdict verdict = w.frequency_jumps.check(sample, *against, *posterior_, w.last);
  if (verdict.in_doubt && expectation_ == Expectation::Met) expectation_ = Expectation::Doubtful;
  if (verdict.earlier_jump > 0.0) {
    expectation_ = Expectation::Contradicted;
    w.window.newest().jump = verdict.earlier_jump;
  }
  w.jumped = verdict.jump > 0.0 || verdict.earlier_jump > 0.0;
  if (w.jumped) ++counts_.jumps;
  return verdict.jump;
}

void Estimator::reset() {
  posterior_.reset();
  work_->window.clear();
  work_->models.reset();
  work_->last.reset();
  work_->noise_is_hidden = false;
  work_->offset_jumps.reset();
  work_->frequency_jumps.reset();
  work_->jumped = false;
}

void Estimator::shift(Duration offset) {
  work_->window.shift(offset);
  work_->offset_jumps.shift(offset);
  work_->frequency_jumps.shift(offset);
  if (posterior_) posterior_->offset = posterior_->offset + WideDuration(offset);
}

bool Estimator::by_delay() const {
  return options_.one_sided && !work_->noise_is_hidden;
}

std::size_t Estimator::samples() const {
  return work_->window.size();
}

bool Estimator::smoothed() const {
  return work_->last.has_value();
}

BankUse Estimator::bank_use() const {
  if (!posterior_ || smoothed()) return BankUse::None;
  if (!options_.one_sided) return BankUse::TwoSided;
  return work_->noise_is_hidden ? BankUse::HiddenNoise : BankUse::NoRun;
}

void Estimator::update() {
  Workspace& w = *work_;
  if (!std::exchange(w.is_due, false)) return;
  if (w.window.size() < 3) return posterior_.reset();
  ++counts_.updates;
  if (w.last && w.window.watch_route(*w.last)) ++counts_.route_moves;
  const std::span<const Exchange> exchanges = w.window.relative();
  const double precision_s = w.window.stamp_sd_s(options_.precision);
  const RouteTerms known = known_of(options_);
  auto bank = bank_by_scatter(exchanges, precision_s, known);
  if (options_.one_sided) {
    const auto by_delay = bank_by_delay(exchanges, precision_s, known);
    w.noise_is_hidden = bank && by_delay && hides_noise(exchanges, precision_s, *by_delay, *bank, w.noise_is_hidden);
    if (!w.noise_is_hidden) bank = by_delay;
  }
  if (bank) {
    const SlopeRange slopes = supported_slopes(exchanges, precision_s);
    bank->clock.frequency = std::clamp(bank->clock.frequency, slopes.least, slopes.largest);
  }
  std::optional<AverageAnswer> answer;
  if (by_delay() && bank) {
    SmootherTerms terms{known, {}};
    for (std::size_t i = 0; i < w.window.size(); ++i) terms.moved[i] = w.window.entries()[i].route_moved;
    answer = w.models.run(exchanges, precision_s, terms, *bank);
    counts_.runs += w.models.runs();
    counts_.rounds += w.models.rounds();
    counts_.rejected += w.models.rejected();
    if (!answer) ++counts_.fallbacks;
  }
  w.last = answer;
  posterior_.reset();
  if (bank) posterior_ = conclude(*bank, answer, w.window.newest().when, w.window.newest().offset);
  if (posterior_) {
    posterior_->jumped = w.jumped;
    posterior_->recent = std::min(w.window.recent(present_of(*posterior_, answer)), options_.window);
  }
}

}  // namespace timed::discipline
