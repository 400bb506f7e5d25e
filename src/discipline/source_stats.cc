// Two machines look at the samples of a source.  The regression answers whatever is defined by it: the reports that
// scripts read, the intervals of the selection, the tests of delays, and how much history is kept.  The estimator,
// unless it is switched off, answers what steers the clock and what sets the poll.  Both are asked for the same
// samples, on the free-running scale, and what they say is brought to the local scale at the end, by the view of the
// clock as it is steered then: steering rewrites nothing.
//
// In what leaves here the estimator speaks the regression's language, as both go to the same places: a deviation
// becomes a skew by the 3.5 that Student's t has for many samples, with what the frequency may wander until the next
// sample; root delay and dispersion are those of the best sample and its age, as with the regression, for they bound
// what no estimate can know.
//
// The regression stands behind the estimator.  Where that is silent, the line steers.  And where it is lost in a clock
// that it believes to be a thousand times worse than it is, the regression, which drops the samples that are on no line
// with the present, says with which ones to begin anew.
#include "timed/discipline/source_stats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "timed/discipline/regression.h"

namespace timed::discipline {
namespace {

constexpr Frequency kWorstSkew = Frequency::ppm(2000);  // before the first fit
constexpr Duration kWorstStdDev = Duration::seconds(4);
constexpr Frequency kMinSkew = Frequency::ratio(1e-12);
constexpr Frequency kMaxSkew = Frequency::ratio(1);
constexpr Duration kMinStdDev = Duration::seconds(1e-9);
constexpr double kMaxAsymmetry = 0.5;     // all extra delay on one side
constexpr double kClearAsymmetry = 0.45;  // an estimate beyond it counts
constexpr int kAsymmetryRun = 10;         // so many in a row are believed
constexpr std::size_t kDelayTestSamples = 6;
// The estimator is lost where its skew is so many times the regression's, which rests on so many samples, and larger
// than any oscillator leaves it, and that after so many in a row.  That has happened in no row of docs/accuracy.md
// (seeds 1 to 20); either alone does, as regressions may be much too sure, and other programs at the same clock leave
// skews of 14 ppm.
constexpr double kFarWorse = 5.0;
constexpr Frequency kLargeSkew = Frequency::ppm(50);
constexpr std::size_t kEnoughForALine = 8;
constexpr int kLostAfter = 8;
// Half a round trip is split unevenly by ways that differ; a tenth of it is usual, and nobody can see it.  Where they
// do not differ, in the row five servers, a twentieth and a fifth give 0.287 and 0.296 instead of 0.290 of the
// regression's error, which is within 1.96 deviations in 97.0 % and 98.5 % instead of 97.7 % of the time (seeds 401 to
// 440).
constexpr double kRouteShare = 0.1;

std::size_t capacity_of(const StatsOptions& options) {
  const auto most = static_cast<int>(SampleHistory::kMaxSamples);
  return static_cast<std::size_t>(options.max_samples <= 0 ? most : std::min(options.max_samples, most));
}

EstimatorOptions estimator_options(const StatsOptions& options, Duration precision) {
  return {.window = capacity_of(options),
          .min_delay = options.min_delay,
          .asymmetry = options.asymmetry,
          .one_sided = !options.averaged,
          .precision = precision};
}

template <class T>
T clamp(T low, T value, T high) {
  return std::max(low, std::min(value, high));
}

// Since a sample was taken clock changes may have added dispersion to all samples.
Duration added_since(const Sample& s, const LocalView& view) {
  return view.added_dispersion - s.added_dispersion;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2] + values[n / 2 - 1]) / 2.0;
}

// Variance of each sample relative to the others, from its distance.
std::vector<double> weights(const SampleHistory& history, const LocalView& view, Duration precision) {
  std::vector<double> distance_s(history.size());
  for (std::size_t i = 0; i < distance_s.size(); ++i) {
    const Sample& s = history.at(static_cast<std::ptrdiff_t>(i));
    distance_s[i] = (s.peer_delay * 0.5 + s.peer_dispersion + added_since(s, view)).to_seconds();
  }
  const double least = *std::min_element(distance_s.begin(), distance_s.end());
  const double spread = clamp(precision.to_seconds(), (median_of(distance_s) - least) / 0.7, least);
  const double reference = least + precision.to_seconds();
  std::vector<double> weight(distance_s.size());
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const double excess = std::max(0.0, distance_s[i] - reference) / spread;
    weight[i] = (1.0 + excess) * (1.0 + excess);
  }
  return weight;
}

}  // namespace

SourceStats::SourceStats(const StatsOptions& options, Duration precision)
    : options_(options), precision_(precision), history_(capacity_of(options)) {
  if (options.estimator == EstimatorKind::Bayes) estimator_.emplace(estimator_options(options, precision));
  reset();
}

void SourceStats::shift(Duration offset) {
  history_.shift(offset);
  estimate_.offset = estimate_.offset + WideDuration(offset);
  if (estimator_) estimator_->shift(offset);
}

void SourceStats::reset() {
  history_.clear();
  if (estimator_) estimator_->reset();
  ok_ = false;
  estimate_ = Estimate{};
  estimate_.skew = estimate_.frequency_sd = kWorstSkew;
  estimate_.offset_sd = std_dev_ = kWorstStdDev;
  fresh_ = true;
  runs_ = best_ = dropped_ = 0;
  asymmetry_ = 0.0;
  asymmetry_run_ = 0;
  stress_ = 0.0;
  far_worse_ = 0;
  held_back_.clear();
}

bool SourceStats::refuses(const Sample& sample) {
  const bool refused = !is_measurement(sample);
  if (refused) ++refused_;
  return refused;
}

SampleVerdict SourceStats::accumulate(const Sample& sample, const LocalView& view) {
  if (refuses(sample)) return SampleVerdict::Refused;
  const bool in_order = history_.empty() || sample.when > history_.last().when;
  if (!in_order) reset();
  Sample kept = sample;
  // A fixed smallest delay: what lies below it is as far off as what lies above by the same amount.
  const Duration least = options_.min_delay;
  if (least > Duration::zero() && kept.peer_delay < least) kept.peer_delay = least * 2.0 - kept.peer_delay;
  history_.add(kept);
  if (estimator_) tell_estimator(kept);
  regress(view);
  if (estimator_is_lost()) begin_estimator_anew();
  return in_order ? SampleVerdict::Added : SampleVerdict::BeganAnew;
}

void SourceStats::tell_estimator(const Sample& sample) {
  const std::uint64_t held_back = estimator_->counts().held_back;
  estimator_->add(sample);
  estimator_->update();
  if (estimator_->counts().held_back > held_back) held_back_.push_back(sample.when);
}

// Steps among the first samples, before there is anything that they contradict, look like a clock that wanders a
// thousand times more than any does, and with such a clock all that follows is in line.  The regression forgets what is
// on no line with the present.
bool SourceStats::estimator_is_lost() {
  if (!estimator_) return false;
  std::erase_if(held_back_, [&](FreeTime when) { return when < history_.at(0).when; });
  // With blocks it may have looked at less than the regression, and need not be lost.  What it held back it looked at.
  const std::size_t looked_at = estimator_->samples() + held_back_.size();
  const bool told =
      estimator_->posterior() && ok_ && history_.size() >= kEnoughForALine && looked_at >= history_.size();
  const Frequency skew = told ? estimator_->posterior()->frequency_sd * kBoundDeviations : Frequency::zero();
  far_worse_ = skew > kLargeSkew && skew > estimate_.skew * kFarWorse ? far_worse_ + 1 : 0;
  return far_worse_ >= kLostAfter;
}

// With what the regression goes by, but for what would be jumps: before it believes anything, it holds nothing back.
void SourceStats::begin_estimator_anew() {
  ++begun_anew_;
  far_worse_ = 0;
  estimator_->reset();
  for (std::size_t i = 0; i < history_.size(); ++i) {
    const Sample& sample = history_.at(static_cast<std::ptrdiff_t>(i));
    if (std::find(held_back_.begin(), held_back_.end(), sample.when) == held_back_.end()) estimator_->add(sample);
  }
  estimator_->update();
}

void SourceStats::restore(const std::vector<Sample>& samples, int asymmetry_run, const LocalView& view) {
  reset();
  for (const Sample& sample : samples) {
    if (refuses(sample)) continue;
    history_.add(sample);
    if (estimator_) estimator_->add(sample);
  }
  if (estimator_) estimator_->update();
  asymmetry_run_ = asymmetry_run;
  regress(view);
}

Duration SourceStats::min_delay() const {
  if (options_.min_delay > Duration::zero()) return options_.min_delay;
  Duration least = Duration::infinity();
  for (std::ptrdiff_t i = -static_cast<std::ptrdiff_t>(history_.runs_size());
       i < static_cast<std::ptrdiff_t>(history_.size()); ++i) {
    least = std::min(least, history_.at(i).peer_delay);
  }
  return least;
}

// Finds how much of the delay above the smallest lies on one side, and takes it out of the offsets.  The asymmetry's
// sign is the one of the `asymmetry` option: positive where extra delay makes our clock look fast.
void SourceStats::correct_asymmetry(std::vector<double>& x_s, std::vector<double>& y_s) {
  if (options_.asymmetry == 0.0) return;
  const Duration least = min_delay();
  const auto runs = static_cast<std::ptrdiff_t>(history_.runs_size());
  std::vector<double> extra_s(y_s.size());
  for (std::size_t i = 0; i < extra_s.size(); ++i) {
    extra_s[i] = (history_.at(static_cast<std::ptrdiff_t>(i) - runs).peer_delay - least).to_seconds();
  }
  if (std::fabs(options_.asymmetry) <= kMaxAsymmetry) {
    asymmetry_ = options_.asymmetry;
  } else {
    const auto fitted = fit_asymmetry(x_s, y_s, extra_s);
    const double a = fitted ? -*fitted : 0.0;
    if (!fitted || a * asymmetry_run_ < 0.0) {
      asymmetry_ = 0.0;
      asymmetry_run_ = 0;
      return;
    }
    if (a <= -kClearAsymmetry && asymmetry_run_ > -kMaxAsymmetryRun) --asymmetry_run_;
    if (a >= kClearAsymmetry && asymmetry_run_ < kMaxAsymmetryRun) ++asymmetry_run_;
    if (std::abs(asymmetry_run_) < kAsymmetryRun) return;
    asymmetry_ = clamp(-kMaxAsymmetry, a, kMaxAsymmetry);
  }
  for (std::size_t i = 0; i < y_s.size(); ++i) y_s[i] += asymmetry_ * extra_s[i];
}

void SourceStats::regress(const LocalView& view) {
  if (history_.empty()) return;
  if (fresh_) estimate_.frequency = view.rate;  // nothing is known of it: the clock as it is steered is right
  fresh_ = false;
  const Sample& last = history_.last();
  const std::size_t points = history_.runs_size() + history_.size();
  std::vector<double> x_s(points), y_s(points);
  for (std::size_t i = 0; i < points; ++i) {
    const Sample& s = history_.at(static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(history_.runs_size()));
    x_s[i] = (s.when - last.when).to_seconds();
    y_s[i] = (s.offset - last.offset).to_duration().to_seconds();
  }
  correct_asymmetry(x_s, y_s);
  const std::vector<double> weight = weights(history_, view, precision_);
  const auto fit = fit_with_runs_test(
      {x_s, y_s, history_.runs_size(), weight},
      static_cast<std::size_t>(std::max(0, std::min(options_.min_samples, static_cast<int>(capacity_of(options_))))));
  take_fit(fit, view);
  find_best(view);
}

void SourceStats::take_fit(const std::optional<RunsTestFit>& fit, const LocalView& view) {
  const Sample& last = history_.last();
  estimate_.when = last.when;
  if (!fit) {
    ok_ = false;
    estimate_.offset = last.offset;
    estimate_.offset_sd = std_dev_ = kWorstStdDev;
    estimate_.frequency_sd = estimate_.skew = kWorstSkew;
    runs_ = dropped_ = 0;
    return;
  }
  const std::size_t used = history_.size() - fit->start;
  const Frequency frequency_before = estimate_.frequency;
  const Frequency skew_before = estimate_.skew;
  ok_ = true;
  estimate_.offset = last.offset + WideDuration(Duration::seconds(fit->line.intercept_s));
  estimate_.offset_sd = Duration::seconds(fit->line.intercept_sd_s);
  estimate_.frequency = Frequency::ratio(fit->line.slope);
  // Deviations are of the frequency in local seconds: that is what they are bounds of when they are used.
  const double to_local = 1.0 / (1.0 + view.rate.to_ratio());
  const Frequency sd = Frequency::ratio(fit->line.slope_sd * to_local);
  estimate_.frequency_sd = clamp(kMinSkew, sd, kMaxSkew);
  estimate_.skew = clamp(kMinSkew, sd * student_t_999(used - 2), kMaxSkew);
  std_dev_ =
      std::max(kMinStdDev,
               Duration::seconds(std::sqrt(fit->line.variance_s2 * static_cast<double>(used) / fit->line.weight_sum)));
  stress_ = abs(estimate_.frequency - frequency_before) * to_local / skew_before;
  runs_ = fit->runs;
  dropped_ = fit->start;
  history_.retire(fit->start);
}

// The sample with the smallest distance, aged to the last one.
void SourceStats::find_best(const LocalView& view) {
  Duration least = Duration::infinity();
  best_ = 0;
  for (std::size_t i = 0; i < history_.size(); ++i) {
    const Sample& s = history_.at(static_cast<std::ptrdiff_t>(i));
    const Duration age = view.interval(history_.last().when, s.when);
    const Duration distance = s.root_dispersion + added_since(s, view) + age * estimate_.skew + s.root_delay * 0.5;
    if (distance < least) {
      least = distance;
      best_ = i;
    }
  }
}

Duration SourceStats::predict(FreeTime t, const LocalView& view) const {
  if (history_.empty()) return Duration::zero();
  if (estimator_ && estimator_->posterior()) {
    const Posterior& p = *estimator_->posterior();
    return view.local_offset(p.when, p.offset) + view.interval(t, p.when) * view.local_frequency(p.frequency);
  }
  const Duration last = view.local_offset(estimate_.when, estimate_.offset);
  if (history_.size() < 3) return last;
  return last + view.interval(t, estimate_.when) * view.local_frequency(estimate_.frequency);
}

std::optional<DelayTestData> SourceStats::delay_test_data() const {
  if (history_.size() < kDelayTestSamples) return std::nullopt;
  return DelayTestData{min_delay(), std_dev_, estimate_.skew, history_.last().when};
}

std::optional<SelectionData> SourceStats::selection_data(FreeTime now, const LocalView& view,
                                                         Duration max_jitter) const {
  if (history_.empty()) return std::nullopt;
  const bool single_sample_mode = options_.max_samples > 0 && options_.max_samples < 3 &&
                                  history_.size() == static_cast<std::size_t>(options_.max_samples);
  const Sample& best = history_.at(static_cast<std::ptrdiff_t>(best_));
  const Duration elapsed = abs(view.interval(now, best.when));
  SelectionData data;
  data.usable = ok_ || single_sample_mode;
  data.offset = view.local_offset(best.when, best.offset) + elapsed * view.local_frequency(estimate_.frequency);
  data.root_distance =
      best.root_delay * 0.5 + best.root_dispersion + added_since(best, view) + elapsed * estimate_.skew;
  data.std_dev = ok_ ? std_dev_ : max_jitter;
  data.first_sample_age = view.interval(now, history_.at(0).when);
  data.last_sample_age = view.interval(now, history_.last().when);
  return data;
}

std::optional<LocalEstimate> SourceStats::local_estimate(const LocalView& view) const {
  if (history_.empty()) return std::nullopt;
  const Sample& best = history_.at(static_cast<std::ptrdiff_t>(best_));
  LocalEstimate e;
  e.when = view.to_local(estimate_.when);
  e.offset = view.local_offset(estimate_.when, estimate_.offset);
  e.offset_sd = estimate_.offset_sd;
  e.frequency = view.local_frequency(estimate_.frequency);
  e.frequency_sd = estimate_.frequency_sd;
  e.skew = estimate_.skew;
  e.root_delay = best.root_delay;
  e.root_dispersion = best.root_dispersion + added_since(best, view) +
                      view.interval(estimate_.when, best.when) * estimate_.skew + estimate_.offset_sd;
  return e;
}

std::optional<LocalEstimate> SourceStats::steering_estimate(const LocalView& view) const {
  if (!estimator_ || !estimator_->posterior()) return local_estimate(view);
  const Posterior& p = *estimator_->posterior();
  const Sample& best = history_.at(static_cast<std::ptrdiff_t>(best_));
  const double to_local = 1.0 / (1.0 + view.rate.to_ratio());
  LocalEstimate e;
  e.when = view.to_local(p.when);
  e.offset = view.local_offset(p.when, p.offset);
  e.offset_sd = p.offset_sd;
  e.frequency = view.local_frequency(p.frequency);
  e.frequency_sd = clamp(kMinSkew, p.frequency_sd * to_local, kMaxSkew);
  // Where nobody has told the base delay from queues, the smallest is the next best.
  const Duration base = p.base_delay > Duration::zero() ? p.base_delay : std::max(min_delay(), Duration::zero()) * 0.5;
  e.growth = Growth{p.covariance_s, p.wander, base * kRouteShare, p.when, p.jumped};
  // What the frequency may be off by until the next sample: as it is known now, and as it may wander.
  const Duration spacing =
      history_.size() > 1
          ? view.interval(history_.last().when, history_.at(static_cast<std::ptrdiff_t>(history_.size()) - 2).when)
          : Duration::zero();
  e.skew = clamp(kMinSkew, e.frequency_sd * kBoundDeviations + e.growth->frequency_wandered(spacing), kMaxSkew);
  e.root_delay = best.root_delay;
  // The best sample may be newer: of a block, or one that waits for what the next one says.
  const Duration since_best = std::max(view.interval(p.when, best.when), Duration::zero());
  e.root_dispersion = best.root_dispersion + added_since(best, view) + since_best * e.skew + e.offset_sd;
  return e;
}

std::size_t SourceStats::telling_samples() const {
  return estimator_ && estimator_->posterior() ? estimator_->posterior()->recent : history_.size();
}

Expectation SourceStats::expectation() const {
  return estimator_ ? estimator_->expectation() : Expectation::Met;
}

StatsReport SourceStats::report(FreeTime now, const LocalView& view) const {
  StatsReport r;
  if (history_.empty()) return r;
  r.samples = history_.size();
  r.runs = runs_;
  if (history_.size() > 1) r.span = view.interval(history_.last().when, history_.at(0).when);
  r.std_dev = std_dev_;
  r.frequency = view.local_frequency(estimate_.frequency);
  r.skew = estimate_.skew;
  const Duration elapsed = view.interval(now, estimate_.when);
  r.offset = view.local_offset(estimate_.when, estimate_.offset) + elapsed * r.frequency;
  r.offset_sd = estimate_.offset_sd + elapsed * estimate_.skew;
  return r;
}

std::optional<LastSampleReport> SourceStats::last_sample(const LocalView& view) const {
  if (history_.empty()) return std::nullopt;
  const Sample& s = history_.last();
  return LastSampleReport{s.when, s.measured, view.local_offset(s.when, s.offset),
                          s.root_delay * 0.5 + s.root_dispersion + added_since(s, view), s.stratum};
}

}  // namespace timed::discipline
