// A limit that no model may pass.  What the server was asked happened between the two ends of the exchange, so the
// offset is off by half of the delay at most, whatever queues and routes were like; and the mean frequency between two
// exchanges is off by the sum of both halves over the time between them at most.  Pairs of neighbours are taken, and of
// their ranges the hull, not what they have in common: each is of a frequency of its own, as the clock wanders, and
// they need have nothing in common.  So the range is many times as wide as what a model says; but it rests on no
// assumption about noise or wander, and whoever is outside has lost the clock: the bank is brought back to the nearer
// end (estimator.cc), a run of the smoother is rejected (model_average.cc).  Where the server's clock has stepped and
// nobody has noticed, the pair around the step makes the range wider while the window holds it.
#include "exchanges.h"

#include <algorithm>
#include <limits>

namespace timed::discipline {

SlopeRange supported_slopes(std::span<const Exchange> exchanges, double stamp_sd_s) {
  constexpr double kStampDeviations = 4.0;  // as many as contradict (estimator.h)
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
