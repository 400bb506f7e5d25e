// Several sources see one clock, each through a network of its own; what they say is made into one estimate.
//
// The regression's are combined as chronyd does: offsets by root distance, which bounds an error without saying how
// large it usually is, frequencies by their variances.
//
// The estimator's say how large it usually is, and count by inverse variance.  To the variance belongs what no exchange
// can show, that the ways there and back may differ: it is what sets a near server before a far one when both are known
// to the nanosecond.  Where they disagree by more than all that, all of them are worse than they say (Birge 1932).
// What the result is known to has the ways in it as the weights have: of several servers it shows that they differ.
//
// Errors of offsets come from networks that know nothing of each other, so a mean has a smaller one.  Those of
// frequencies come from one clock that walks: many servers do not make it better known than one does, and the mean of
// what they say has the mean of their deviations.
//
// One smoother for all exchanges, with one clock and a base delay for each source, would use more of what they say, and
// little more: where all of the noise is known three servers give an error that is 7 % smaller (docs/decisions.md,
// 137).  And as each has a window of its own, who is wrong spoils nothing before that is found out, sources come and
// go, and the cost grows with their number and no faster.
#include "timed/discipline/combine.h"

#include <algorithm>
#include <cmath>

#include "timed/base/check.h"

namespace timed::discipline {
namespace {

constexpr Duration kLeastDeviation = Duration::nanos(1);  // nothing is known better, and weights are finite

// What an estimate says beside another, at the time of that one.
Duration apart(const LocalEstimate& e, const LocalEstimate& from) {
  return e.offset + (from.when - e.when) * e.frequency - from.offset;
}

// The estimator's, by inverse variance.  Offsets are from the lead's: of large ones the squares would have no digits
// left for what differs.
LocalEstimate combine_beliefs(std::span<const WeightedEstimate> estimates) {
  const LocalEstimate& lead = estimates.front().estimate;
  double weights = 0.0, apart_s = 0.0, squares = 0.0;
  double frequency_weights = 0.0, frequency = 0.0, skew2 = 0.0, covariance_s = 0.0, log_wander = 0.0;
  const Growth* newest = &*lead.growth;
  for (const auto& [e, distance] : estimates) {
    const Duration elapsed = lead.when - e.when;
    const double own_apart_s = apart(e, lead).to_seconds();
    const double sd_s = std::max(e.offset_sd_after(elapsed), kLeastDeviation).to_seconds(),
                 route_s = e.growth->route_sd.to_seconds();
    const double weight = 1.0 / (sd_s * sd_s + route_s * route_s);
    const double frequency_weight = 1.0 / (e.frequency_sd.to_ratio() * e.frequency_sd.to_ratio());
    weights += weight;
    apart_s += weight * own_apart_s;
    squares += weight * own_apart_s * own_apart_s;
    frequency_weights += frequency_weight;
    frequency += frequency_weight * e.frequency.to_ratio();
    skew2 += frequency_weight * e.skew.to_ratio() * e.skew.to_ratio();
    covariance_s += frequency_weight * e.growth->covariance_s;
    log_wander += frequency_weight * std::log(e.growth->wander);
    if (e.growth->newest > newest->newest) newest = &*e.growth;
  }
  const double count = static_cast<double>(estimates.size());
  LocalEstimate combined = lead;
  combined.growth->newest = newest->newest;
  combined.growth->jumped = newest->jumped;
  combined.offset = lead.offset + Duration::seconds(apart_s / weights);
  const double disagreement = (squares - apart_s * apart_s / weights) / (count - 1.0);
  combined.offset_sd = Duration::seconds(std::sqrt(std::max(disagreement, 1.0) / weights));
  // Many know it no better than one: its variance is the mean of theirs by weight.
  combined.frequency = Frequency::ratio(frequency / frequency_weights);
  combined.frequency_sd = Frequency::ratio(std::sqrt(count / frequency_weights));
  combined.skew = Frequency::ratio(std::sqrt(skew2 / frequency_weights));
  combined.growth->covariance_s = covariance_s / frequency_weights;
  combined.growth->wander = std::exp(log_wander / frequency_weights);
  return combined;
}

}  // namespace

bool contradict(const WeightedEstimate& a, const WeightedEstimate& b, double times) {
  return abs(apart(b.estimate, a.estimate)) > (a.distance + b.distance) * times;
}

LocalEstimate combine(std::span<const WeightedEstimate> estimates) {
  TIMED_ASSERT(!estimates.empty());
  const LocalEstimate& lead = estimates.front().estimate;
  if (estimates.size() == 1) return lead;
  if (std::all_of(estimates.begin(), estimates.end(), [](const auto& e) { return e.estimate.growth.has_value(); })) {
    return combine_beliefs(estimates);
  }
  double weights = 0.0, offset_s = 0.0, variance_s2 = 0.0;
  double frequency_weights = 0.0, frequency = 0.0, inverse_skew2 = 0.0;
  for (const auto& [e, distance] : estimates) {
    const Duration elapsed = lead.when - e.when;
    const double own_offset_s = (e.offset + elapsed * e.frequency).to_seconds();
    const double own_sd_s = (e.offset_sd + elapsed * e.frequency_sd).to_seconds();
    const double apart_s = own_offset_s - lead.offset.to_seconds();
    const double weight = 1.0 / distance.to_seconds();
    const double frequency_weight = 1.0 / (e.frequency_sd.to_ratio() * e.frequency_sd.to_ratio());
    weights += weight;
    offset_s += weight * own_offset_s;
    variance_s2 += weight * (own_sd_s * own_sd_s + apart_s * apart_s);
    frequency_weights += frequency_weight;
    frequency += frequency_weight * e.frequency.to_ratio();
    inverse_skew2 += 1.0 / (e.skew.to_ratio() * e.skew.to_ratio());
  }
  LocalEstimate combined = lead;
  combined.offset = Duration::seconds(offset_s / weights);
  combined.offset_sd = Duration::seconds(std::sqrt(variance_s2 / weights));
  combined.frequency = Frequency::ratio(frequency / frequency_weights);
  combined.frequency_sd = Frequency::ratio(1.0 / std::sqrt(frequency_weights));
  combined.skew = Frequency::ratio(1.0 / std::sqrt(inverse_skew2));
  return combined;
}

}  // namespace timed::discipline
