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
// And the watch over the clock: a sample that contradicts what was believed, whatever its delay, says that the
// frequency has jumped (a fan that stopped, a machine that was moved).  The frequency may then have gained as much
// between the two samples as explains it, and nothing else is forgotten: neither the route nor how the clock usually
// wanders.  To take the jump for wander instead would make the clock a bad one for as long as the window remembers it.
//
// The window ought to reach back over the time in which noise hides the wander, however short the polls are.  So where
// samples come much faster than that, a block of them becomes one entry: the best of them where delays tell which that
// is, their mean where offsets just scatter.  An update a block is enough, which also bounds what short polls cost.
//
// Neither wander nor queues explain a jump of the offset: of a clock that somebody else set, or of the server's.  Two
// samples that agree on one make the past be shifted by it, with room for how well it is known; so the frequency stays
// known, as nothing happened to it.  One such sample alone is left out.
#include "timed/discipline/estimator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "exchanges.h"
#include "hidden_noise.h"
#include "kalman_bank.h"
#include "model_average.h"
#include "timed/base/check.h"

namespace timed::discipline {
namespace {

constexpr Duration kLeastPrecision = Duration::nanos(2);  // nothing that stamps packets is better
// A clock that counts in steps is off by any part of one, as likely by each: the deviation, as a part of the step.
const double kPartOfStep = 1.0 / std::sqrt(12.0);
// A run of delays that queues make once in a million times is a longer route.
const double kRouteOdds = std::log(1e-6);
// What still tells of the present: so many Allan intercepts (the poll that this gives with chrony's rule is chrony's in
// a usual network).
constexpr double kSpanOfPresent = 3.4;
// What Gaussian noise leaves of an error falls with the root of the number of samples, what queues leave, the shortest
// of which are near nothing, with the number itself.  So beside queues a Gaussian variance weighs about as many times
// as there are samples.  With 1 the row of Gaussian jitter took 1.35 times the regression's packets, with 20 1.09.
constexpr double kGaussianWeight = 40.0;
// However quiet one direction is, polls are as if it had this share of the mean of both: what is known by few queues is
// worth no more packets.  With 0, 0.15 and 0.2 the row asymmetric jitter has 0.27, 0.31 and 0.33 of the regression's
// error for 1.56, 1.15 and 0.96 of its packets (seeds 1 to 12).
constexpr double kQuietest = 0.2;
constexpr double kSamplesPerSample = 2.0;  // what a sample may count for where they are less frequent than before
constexpr std::size_t kIntervals = 3;      // whose mean is the present one: one alone may be a burst's
constexpr double kLateJump = 2.0;          // times what explains the sample: the jump may have come late
constexpr double kMostJump = 1e-4;         // above it the reference was set, or the machine slept
// Of the frequency, by one sample after so short a time.  At polls of seconds a sample in ten thousand is off by four
// deviations, which would be a jump of tens of ppm: with kMostJump here the clock of polls of 1/4 to 4 s had spikes of
// 0.2 ms, 57 times its RMS error.  The next sample is soon there to say what it was.
constexpr double kMostFrequencyJump = 1e-5;
constexpr double kSoon_s = 8.0;
// A block lasts so much of an Allan intercept: in the open loop the error is then 1.5 times smaller at polls of a
// second, and no larger at any.
constexpr double kBlockShare = 1.0 / 160.0;
constexpr Duration kLeastBlock = Duration::seconds(0.25);  // however good the stamps are: four updates a second
constexpr Duration kLongestBlock = Duration::seconds(8);   // usual polls need none
constexpr std::size_t kEnoughForBlocks = 16;               // samples; before, the intercept is a guess
// A jump of the offset: so many deviations beyond what the delay excuses, and too much for one of the frequency.
constexpr double kJumpDeviations = 20.0;
constexpr double kJumpRate = kMostJump / kLateJump;
constexpr std::size_t kEnoughForJumps = 8;  // samples; before, too little is known to be contradicted
constexpr double kSameJump = 0.25;          // two samples agree on it to such a share
constexpr int kMostSuspects = 3;            // in a row: then it is no jump, and the models must make the best of it
constexpr double kJumpSlack = 10.0;         // deviations for how well it is known, beside half the delay
constexpr double kMostAsymmetry = 0.5;
constexpr double kLimit_s = 1e9;     // delays beyond it are nonsense; offsets so far apart are of another clock
constexpr double kFarthest_s = 9e9;  // of an offset: what points of time can hold, and not their limit

struct Entry {
  FreeTime when;
  WideDuration offset;
  Duration delay;
  bool route_moved = false;  // before this one
  double jump = 0.0;         // of the frequency before this one, as in Exchange
  double count = 1.0;        // samples whose mean it is
  double jump_sd_s = 0.0;    // of a jump before this one
  Duration step = {};        // of the clocks, its server's among them: as its dispersion says

  void take_better(const Sample& sample);
  void take_mean_with(const Sample& sample);
};

void Entry::take_better(const Sample& sample) {
  if (sample.peer_delay >= delay) return;
  when = sample.when;
  offset = sample.offset;
  delay = std::max(sample.peer_delay, Duration::zero());
  step = sample.peer_dispersion;
}

void Entry::take_mean_with(const Sample& sample) {
  count += 1.0;
  when = when + (sample.when - when) * (1.0 / count);
  offset = offset + WideDuration((sample.offset - offset).to_duration() * (1.0 / count));
  delay = delay + (std::max(sample.peer_delay, Duration::zero()) - delay) * (1.0 / count);
}

// Logarithm of the chance that a round trip is so many times the mean of one direction above the smallest: the sum of
// two exponential delays, or one of the rare long ones in either direction (one_sided_noise.cc).
double log_chance_above(double above) {
  return std::log((1.0 + above) * std::exp(-above) + 2.0 * kRareShare * std::exp(-above / kRareFactor));
}

// What a sample says against what was believed.
struct Contradiction {
  double error_s = 0.0;    // of the offset, against what was expected
  double excused_s = 0.0;  // by its delay
  double sd_s = 0.0;       // of the rest
  double elapsed_s = 0.0;
  double beyond_s() const { return std::max(0.0, std::fabs(error_s) - excused_s); }
  double surprise() const { return beyond_s() / sd_s; }
  bool is_jump() const {
    return beyond_s() > kJumpDeviations * sd_s && beyond_s() > kJumpRate * std::max(elapsed_s, 1.0);
  }
};

}  // namespace

struct Estimator::Workspace {
  std::array<Entry, kEstimatorWindow> entries{};  // oldest first
  std::size_t size = 0;
  std::array<Exchange, kEstimatorWindow> exchanges{};
  ModelAverage models;
  std::optional<AverageAnswer> last;  // of the window one sample ago
  FreeTime block_end;                 // until then samples belong to the newest entry
  FreeTime last_seen;                 // sample; its entry may be older
  bool noise_is_hidden = false;       // from delays: the smoother has nothing to say
  bool is_due = false;                // an update would say something new
  std::optional<Sample> suspect;      // that would be a jump, if the next one says so too
  int suspects = 0;                   // in a row
  double jump_sd_s = 0.0;             // of the jump before the next entry

  void add(const Entry& entry, std::size_t room);
  std::span<const Exchange> relative();
  bool watch_route();
  double stamp_sd_s(Duration own_precision) const;
  std::size_t recent(Duration span) const;
  void shift(Duration offset);
  Contradiction contradiction(const Sample& sample, const Posterior& p, bool one_sided) const;
  bool holds_back(const Sample& sample, std::optional<Posterior>& posterior, bool one_sided);
  Duration block_length(const std::optional<Posterior>& posterior) const;
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
    exchanges[i] = {(e.when - newest.when).to_seconds(),
                    (e.offset - newest.offset).to_duration().to_seconds(),
                    e.delay.to_seconds(),
                    e.jump,
                    e.count,
                    e.jump_sd_s * e.jump_sd_s};
  }
  return {exchanges.data(), size};
}

// What the stamps are good for.  The least dispersion of the window is that of the clocks: what a sample has beside it
// is its own.
double Estimator::Workspace::stamp_sd_s(Duration own_precision) const {
  Duration least = entries[0].step;
  for (std::size_t i = 1; i < size; ++i) least = std::min(least, entries[i].step);
  return std::max(own_precision, least * kPartOfStep).to_seconds();
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

void Estimator::Workspace::shift(Duration offset) {
  for (std::size_t i = 0; i < size; ++i) entries[i].offset = entries[i].offset + WideDuration(offset);
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
  const bool finite = p.offset_sd.is_finite() && p.frequency.is_finite() && p.frequency_sd.is_finite() &&
                      std::isfinite(p.covariance_s) && std::isfinite(p.wander) && std::isfinite(clock.offset_s);
  return finite ? std::optional(p) : std::nullopt;
}

}  // namespace

Duration Estimator::Workspace::block_length(const std::optional<Posterior>& posterior) const {
  if (!posterior || size < kEnoughForBlocks) return Duration::zero();
  return std::clamp(allan_intercept(posterior->noise_sd, posterior->wander) * kBlockShare, kLeastBlock, kLongestBlock);
}

Contradiction Estimator::Workspace::contradiction(const Sample& sample, const Posterior& p, bool one_sided) const {
  const Duration elapsed = sample.when - p.when;
  Contradiction c;
  c.error_s = ((sample.offset - p.offset).to_duration() - elapsed * p.frequency).to_seconds();
  c.elapsed_s = elapsed.to_seconds();
  double variance_s2 = p.offset_sd_after(elapsed).to_seconds();
  variance_s2 *= variance_s2;
  if (one_sided && last) {
    c.excused_s = std::max(0.0, 0.5 * sample.peer_delay.to_seconds() - last->base_delay_s);
    variance_s2 += last->gaussian_sd_s * last->gaussian_sd_s + last->base_delay_sd_s * last->base_delay_sd_s;
  } else {
    variance_s2 += p.noise_sd.to_seconds() * p.noise_sd.to_seconds();
  }
  c.sd_s = std::sqrt(variance_s2);
  return c;
}

// Whether a sample is to wait for what the next one says.  Where that says the same the past is shifted.
bool Estimator::Workspace::holds_back(const Sample& sample, std::optional<Posterior>& posterior, bool one_sided) {
  if (!posterior || size < kEnoughForJumps) return false;
  const Contradiction now = contradiction(sample, *posterior, one_sided);
  if (!now.is_jump() || suspects >= kMostSuspects) {
    suspect.reset();
    if (!now.is_jump()) suspects = 0;
    return false;
  }
  if (suspect) {
    const Contradiction before = contradiction(*suspect, *posterior, one_sided);
    const double slack_s = before.excused_s + now.excused_s + kSameJump * std::fabs(before.error_s);
    if (std::fabs(now.error_s - before.error_s) < slack_s) {
      const Duration jump = Duration::seconds(before.error_s);
      shift(jump);
      posterior->offset = posterior->offset + WideDuration(jump);
      jump_sd_s = 0.5 * suspect->peer_delay.to_seconds() + kJumpSlack * before.sd_s;
      suspect.reset();
      suspects = 0;
      return false;
    }
  }
  suspect = sample;
  ++suspects;
  return true;
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
  const double delay_s = sample.peer_delay.to_seconds();
  const double offset_s = sample.offset.to_duration().to_seconds();
  const double step_s = sample.peer_dispersion.to_seconds();
  if (!(std::fabs(delay_s) < kLimit_s) || !(std::fabs(step_s) < kLimit_s) || !(std::fabs(offset_s) < kFarthest_s)) {
    ++counts_.refused;
    return;
  }
  if (work_->size > 0) {
    const Entry& last = work_->entries[work_->size - 1];
    const double apart_s = (sample.offset - last.offset).to_duration().to_seconds();
    if (sample.when <= work_->last_seen || !(std::fabs(apart_s) < kLimit_s)) reset();
  }
  work_->last_seen = sample.when;
  if (work_->holds_back(sample, posterior_, options_.one_sided)) {
    ++counts_.held_back;
    return;
  }
  const bool in_block = work_->jump_sd_s == 0.0 && sample.when < work_->block_end;
  if (work_->size > 0 && in_block && surprise(sample) < kContradiction) {
    Entry& block = work_->entries[work_->size - 1];
    return by_delay() ? block.take_better(sample) : block.take_mean_with(sample);
  }
  work_->is_due = true;
  work_->block_end = sample.when + work_->block_length(posterior_);
  Entry entry{sample.when, sample.offset, std::max(sample.peer_delay, Duration::zero())};
  entry.step = sample.peer_dispersion;
  entry.jump = jump_before(sample);
  if (entry.jump > 0.0) ++counts_.jumps;
  entry.jump_sd_s = std::exchange(work_->jump_sd_s, 0.0);
  work_->add(entry, options_.window);
}

double Estimator::jump_before(const Sample& sample) const {
  if (!by_delay() || !posterior_) return 0.0;
  const Contradiction c = work_->contradiction(sample, *posterior_, true);
  if (c.surprise() <= kContradiction) return 0.0;
  const double change = kLateJump * c.error_s / c.elapsed_s;
  const double most = c.elapsed_s < kSoon_s ? kMostFrequencyJump : kMostJump;
  return std::fabs(change) <= most ? change * change : 0.0;
}

void Estimator::reset() {
  posterior_.reset();
  work_->size = 0;
  work_->models.reset();
  work_->last.reset();
  work_->noise_is_hidden = false;
  work_->suspect.reset();
  work_->suspects = 0;
}

void Estimator::shift(Duration offset) {
  work_->shift(offset);
  if (work_->suspect) work_->suspect->offset = work_->suspect->offset + WideDuration(offset);
  if (posterior_) posterior_->offset = posterior_->offset + WideDuration(offset);
}

bool Estimator::by_delay() const {
  return options_.one_sided && !work_->noise_is_hidden;
}

std::size_t Estimator::samples() const {
  return work_->size;
}

bool Estimator::smoothed() const {
  return work_->last.has_value();
}

void Estimator::update() {
  Workspace& w = *work_;
  if (!std::exchange(w.is_due, false)) return;
  if (w.size < 3) return posterior_.reset();
  ++counts_.updates;
  if (options_.one_sided && w.watch_route()) ++counts_.route_moves;
  const std::span<const Exchange> exchanges = w.relative();
  const double precision_s = w.stamp_sd_s(options_.precision);
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
  if (posterior_) {
    const Duration noise = answer ? noise_of(*answer, kGaussianWeight, kQuietest) : posterior_->noise_sd;
    const Duration span = allan_intercept(noise, posterior_->wander) * kSpanOfPresent;
    posterior_->recent = std::min(w.recent(span), options_.window);
  }
}

double Estimator::surprise(const Sample& sample) const {
  if (!posterior_) return 0.0;
  return work_->contradiction(sample, *posterior_, options_.one_sided).surprise();
}

}  // namespace timed::discipline
