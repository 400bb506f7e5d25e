#include "timed/discipline/combine.h"

#include <cmath>

#include "timed/base/check.h"

namespace timed::discipline {

LocalEstimate combine(std::span<const WeightedEstimate> estimates) {
  TIMED_ASSERT(!estimates.empty());
  const LocalEstimate& lead = estimates.front().estimate;
  if (estimates.size() == 1) return lead;
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
