#include "timed/discipline/sample.h"

#include <algorithm>
#include <cmath>

namespace timed::discipline {

Duration LocalEstimate::offset_sd_after(Duration elapsed) const {
  if (!growth) return offset_sd + elapsed * frequency_sd;
  const double t = elapsed.to_seconds(), sd_s = offset_sd.to_seconds(), f = frequency_sd.to_ratio();
  const double variance_s2 =
      sd_s * sd_s + 2.0 * t * growth->covariance_s + t * t * f * f + growth->wander * std::fabs(t * t * t) / 3.0;
  return Duration::seconds(std::sqrt(std::max(variance_s2, 0.0)));
}

}  // namespace timed::discipline
