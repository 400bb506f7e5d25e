#include "exchanges.h"

#include <algorithm>
#include <limits>

namespace timed::discipline {

SlopeRange supported_slopes(std::span<const Exchange> exchanges, double stamp_sd_s) {
  constexpr double kStampDeviations = 4.0;
  SlopeRange range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (std::size_t i = 1; i < exchanges.size(); ++i) {
    const double dt_s = exchanges[i].t_s - exchanges[i - 1].t_s;
    const double step_s = exchanges[i].offset_s - exchanges[i - 1].offset_s;
    const double slack_s = 0.5 * (exchanges[i].delay_s + exchanges[i - 1].delay_s) + kStampDeviations * stamp_sd_s;
    range.least = std::min(range.least, (step_s - slack_s) / dt_s);
    range.largest = std::max(range.largest, (step_s + slack_s) / dt_s);
  }
  return range;
}

}  // namespace timed::discipline
