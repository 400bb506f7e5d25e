// A straight line through points of which a few may be wild.  Pure.
#ifndef TIMED_DISCIPLINE_ROBUST_LINE_H_
#define TIMED_DISCIPLINE_ROBUST_LINE_H_

#include <cstddef>
#include <optional>
#include <span>

namespace timed::discipline {

// The line with the least sum of absolute residuals: a few wild points do not turn it.
struct RobustLine {
  double intercept_s = 0.0;  // at x = 0
  double slope = 0.0;
  std::size_t start = 0;  // points before it were dropped: they do not fit a straight line any more
};
// At least two points, oldest first.  The slope is good to `tolerance`.  Empty where no line can be found.
std::optional<RobustLine> fit_robust_line(std::span<const double> x_s, std::span<const double> y_s, double tolerance);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_ROBUST_LINE_H_
