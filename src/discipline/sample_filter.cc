#include "timed/discipline/sample_filter.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <tuple>

#include "timed/base/check.h"
#include "timed/discipline/regression.h"

namespace timed::discipline {
namespace {

constexpr std::size_t kEnough = 4;        // samples below which none is left out for its dispersion
constexpr double kDispersionRatio = 1.5;  // of the smallest dispersion, for a sample to count
constexpr std::size_t kNoiseMemory = 50;  // degrees of freedom after which old noise is forgotten
constexpr double kLeastVariance_s2 = 1e-20;
constexpr double kLeastDispersion_s = 1e-10;

template <class Points, class Value>
double mean_of(const Points& points, Value value) {
  double sum = 0.0;
  for (const auto& p : points) sum += value(p);
  return sum / static_cast<double>(points.size());
}

}  // namespace

SampleFilter::SampleFilter(const FilterOptions& options, Duration precision)
    : options_(options), precision_s_(precision.to_seconds()) {
  TIMED_ASSERT(options.capacity >= 1 && options.capacity <= kMaxCapacity);
  reset();
}

void SampleFilter::reset() {
  samples_.clear();
  last_.reset();
  mean_variance_s2_ = precision_s_ * precision_s_;
  noise_count_ = 0;
}

bool SampleFilter::add(const Sample& sample) {
  if (last_ && sample.when <= last_->when) return false;
  if (samples_.size() == options_.capacity) samples_.pop_front();
  samples_.push_back(sample);
  last_ = sample;
  return true;
}

// The samples that count: those of small dispersion, and of them the ones around the median.
std::vector<SampleFilter::Point> SampleFilter::chosen(const LocalView& view) const {
  std::vector<Point> kept;
  double least_s = std::numeric_limits<double>::infinity();
  for (const Sample& s : samples_) {
    const double added_s = options_.ages ? (view.added_dispersion - s.added_dispersion).to_seconds() : 0.0;
    kept.push_back(
        {&s, view.local_offset(s.when, s.offset).to_seconds(), s.peer_dispersion.to_seconds() + added_s, added_s});
    least_s = std::min(least_s, kept.back().dispersion_s);
  }
  if (kept.size() > kEnough) {
    std::vector<Point> good;
    std::copy_if(kept.begin(), kept.end(), std::back_inserter(good),
                 [&](const Point& p) { return p.dispersion_s <= least_s * kDispersionRatio; });
    if (good.size() >= kEnough) kept = std::move(good);
  }
  const std::size_t n = kept.size();
  if (n <= 2) return kept;
  const auto wanted = static_cast<std::size_t>(static_cast<double>(n) * (1.0 - options_.combine_ratio) / 2.0);
  const auto from = static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, std::min(wanted, (n - 1) / 2)));
  std::sort(kept.begin(), kept.end(), [](const Point& a, const Point& b) {
    return std::tie(a.offset_s, a.sample->when) < std::tie(b.offset_s, b.sample->when);
  });
  std::vector<Point> middle(kept.begin() + from, kept.end() - from);
  std::sort(middle.begin(), middle.end(),
            [](const Point& a, const Point& b) { return a.sample->when < b.sample->when; });
  return middle;
}

SampleFilter::Deviation SampleFilter::deviation_of(const std::vector<Point>& points) const {
  const std::size_t n = points.size();
  const double middle_s = mean_of(points, [](const Point& p) { return p.offset_s; });
  Deviation d;
  if (n >= kEnough) {
    std::vector<double> x_s, y_s, weight;
    const FreeTime newest = points.back().sample->when;
    const double mean_time_s = mean_of(points, [&](const Point& p) { return (p.sample->when - newest).to_seconds(); });
    for (const Point& p : points) {
      x_s.push_back((p.sample->when - newest).to_seconds() - mean_time_s);
      y_s.push_back(p.offset_s - middle_s);
      weight.push_back(p.dispersion_s);
    }
    const WeightedLine line = fit_weighted_line(x_s, y_s, weight);
    d = {line.variance_s2 * static_cast<double>(n) / line.weight_sum, line.intercept_sd_s, n - 2};
  } else if (n >= 2) {
    for (const Point& p : points) d.variance_s2 += (p.offset_s - middle_s) * (p.offset_s - middle_s);
    d.variance_s2 /= static_cast<double>(n - 1);
    d.dispersion_s = std::sqrt(d.variance_s2);
    d.degrees = n - 1;
  } else {
    d = {mean_variance_s2_, std::sqrt(mean_variance_s2_), 1};
  }
  if (d.variance_s2 < kLeastVariance_s2) {
    d.variance_s2 = kLeastVariance_s2;
    d.dispersion_s = kLeastDispersion_s;
  }
  return d;
}

// A few samples may look better than the source is: then the noise of the long term is what they have.
void SampleFilter::note_noise(Deviation& d) {
  double expected = mean_variance_s2_;
  const auto degrees = static_cast<double>(d.degrees), count = static_cast<double>(noise_count_);
  if (noise_count_ > kNoiseMemory) {
    mean_variance_s2_ += degrees / (degrees + static_cast<double>(kNoiseMemory)) * (d.variance_s2 - mean_variance_s2_);
  } else {
    mean_variance_s2_ = (mean_variance_s2_ * count + d.variance_s2 * degrees) / (count + degrees);
    if (noise_count_ == 0) expected = mean_variance_s2_;
    noise_count_ += d.degrees;
  }
  if (d.variance_s2 * degrees / chi_squared_90(d.degrees) < expected) {
    d.dispersion_s *= std::sqrt(mean_variance_s2_ / d.variance_s2);
  }
}

std::optional<Sample> SampleFilter::output(const LocalView& view) {
  if (samples_.empty()) return std::nullopt;
  const std::vector<Point> used = chosen(view);
  Deviation deviation = deviation_of(used);
  const double limit_s = options_.max_deviation.to_seconds();
  if (limit_s > 0.0 && deviation.variance_s2 > limit_s * limit_s) return std::nullopt;
  note_noise(deviation);

  const auto mean = [&](auto value) { return Duration::seconds(mean_of(used, value)); };
  Sample result = *used.back().sample;
  const FreeTime newest = result.when;
  result.when = newest + mean([&](const Point& p) { return (p.sample->when - newest).to_seconds(); });
  const Duration offset = mean([](const Point& p) { return p.offset_s; });
  result.offset = WideDuration(offset) + view.offset_at(result.when);
  result.measured = offset;
  result.peer_delay = mean([](const Point& p) { return p.sample->peer_delay.to_seconds(); });
  result.root_delay = mean([](const Point& p) { return p.sample->root_delay.to_seconds(); });
  const Duration least = Duration::seconds(deviation.dispersion_s);
  result.peer_dispersion = std::max(least, mean([](const Point& p) { return p.dispersion_s; }));
  result.root_dispersion =
      std::max(least, mean([](const Point& p) { return p.sample->root_dispersion.to_seconds() + p.added_s; }));
  result.added_dispersion = view.added_dispersion;
  samples_.clear();
  return result;
}

}  // namespace timed::discipline
