#include "timed/base/units.h"

namespace timed {
namespace units_internal {

std::int64_t saturated_extreme(double seconds) {
  if (std::isnan(seconds)) return 0;
  if (seconds > 0.0) return std::numeric_limits<std::int64_t>::max();
  return std::numeric_limits<std::int64_t>::min() + 1;
}

}  // namespace units_internal

WideDuration::WideDuration(std::int64_t ns, double rest_s) {
  const std::int64_t whole = units_internal::saturated_nanos(rest_s);
  ns_ = units_internal::saturated_add(ns, whole);
  rest_s_ = rest_s - static_cast<double>(whole) * 1e-9;
  if (!(std::abs(rest_s_) <= 1e-9)) rest_s_ = 0.0;  // beyond the range of whole nanoseconds, or NaN
}

}  // namespace timed
