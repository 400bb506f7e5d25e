#include "timed/discipline/sample.h"

#include <algorithm>
#include <cmath>

namespace timed::discipline {

namespace {

constexpr Duration kMostDelay = Duration::seconds(1e9);  // delays and dispersions beyond it are nonsense
constexpr Duration kFarthest = Duration::seconds(9e9);   // of an offset: what points of time can hold, not their limit

// Of a frequency that walks at random: its own variance grows with the time, the offset's with the cube.
double wandered_offset_s2(double wander, double t_s) {
  return wander * std::fabs(t_s * t_s * t_s) / 3.0;
}

}  // namespace

bool is_measurement(const Sample& s) {
  // What is no number is below nothing.
  const bool bounded = abs(s.peer_delay) < kMostDelay && abs(s.peer_dispersion) < kMostDelay &&
                       abs(s.root_delay) < kMostDelay && abs(s.root_dispersion) < kMostDelay;
  const bool near = abs(s.offset.to_duration()) < kFarthest && abs(s.measured) < kFarthest;
  return bounded && near && s.added_dispersion.is_finite();
}

Duration Growth::offset_sd_after(Duration elapsed, Duration offset_sd, Frequency frequency_sd) const {
  const double t = elapsed.to_seconds(), sd_s = offset_sd.to_seconds(), f = frequency_sd.to_ratio();
  const double variance_s2 = sd_s * sd_s + 2.0 * t * covariance_s + t * t * f * f + wandered_offset_s2(wander, t);
  return Duration::seconds(std::sqrt(std::max(variance_s2, 0.0)));
}

Frequency Growth::frequency_wandered(Duration elapsed) const {
  return Frequency::ratio(std::sqrt(wander * elapsed.to_seconds()));
}

Duration Growth::offset_wandered(Duration elapsed) const {
  return Duration::seconds(std::sqrt(wandered_offset_s2(wander, elapsed.to_seconds())));
}

Duration LocalEstimate::offset_sd_after(Duration elapsed) const {
  if (!growth) return offset_sd + elapsed * frequency_sd;
  return growth->offset_sd_after(elapsed, offset_sd, frequency_sd);
}

}  // namespace timed::discipline
