// The slope that minimises the sum of absolute residuals balances the points: sum of x · sign(residual) is zero there.
// That sum falls as the slope grows, so the zero is bracketed around the slope of least squares and then bisected.  As
// in the weighted fit (regression.cc), old points are dropped until the signs of the residuals alternate as chance has
// it.
#include "timed/discipline/robust_line.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "timed/base/check.h"
#include "timed/discipline/regression.h"

namespace timed::discipline {
namespace {

using Values = std::span<const double>;

constexpr double kWidestBracket = 100.0;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

std::vector<double> residuals(Values x, Values y, double intercept, double slope) {
  std::vector<double> rest(x.size());
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = y[i] - intercept - slope * x[i];
  return rest;
}

struct Balance {
  double intercept = 0.0;  // the median, so that as many points lie above as below
  double moment = 0.0;     // sum of x · sign(residual)
};

Balance balance_at(Values x, Values y, double slope) {
  Balance b;
  b.intercept = median_of(residuals(x, y, 0.0, slope));
  const std::vector<double> rest = residuals(x, y, b.intercept, slope);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] > 0.0) b.moment += x[i];
    if (rest[i] < 0.0) b.moment -= x[i];
  }
  return b;
}

struct Bracket {
  double low = 0.0, high = 0.0;
};

// Around the slope of least squares, as wide as that slope is uncertain, and wider until the balance changes sides.
std::optional<Bracket> find_bracket(Values x, Values y, double tolerance) {
  const double n = static_cast<double>(x.size());
  double mean_x = 0.0, mean_y = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xy = 0.0, variation = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    variation += (x[i] - mean_x) * (x[i] - mean_x);
  }
  if (!(variation > 0.0)) return std::nullopt;
  const double slope = xy / variation;
  double squares = 0.0;
  for (const double r : residuals(x, y, mean_y - slope * mean_x, slope)) squares += r * r;
  double reach = std::max(tolerance, std::sqrt(squares * n / variation));
  while (reach <= kWidestBracket) {
    if (balance_at(x, y, slope - reach).moment * balance_at(x, y, slope + reach).moment < 0.0) {
      return Bracket{slope - reach, slope + reach};
    }
    reach *= 2.0;
  }
  return std::nullopt;
}

RobustLine bisect(Values x, Values y, Bracket b, double tolerance) {
  const double at_low = balance_at(x, y, b.low).moment;
  RobustLine line;
  while (true) {
    const double middle = (b.low + b.high) / 2.0;
    const Balance balance = balance_at(x, y, middle);
    line.slope = middle;
    line.intercept_s = balance.intercept;
    const bool inside = middle > b.low && middle < b.high;
    if (balance.moment == 0.0 || !inside || b.high - b.low <= tolerance) return line;
    (at_low * balance.moment > 0.0 ? b.low : b.high) = middle;
  }
}

}  // namespace

std::optional<RobustLine> fit_robust_line(Values x_s, Values y_s, double tolerance) {
  const std::size_t n = x_s.size();
  TIMED_ASSERT(y_s.size() == n && tolerance > 0.0);
  if (n < 2) return std::nullopt;
  if (n == 2) {
    const double slope = (y_s[1] - y_s[0]) / (x_s[1] - x_s[0]);
    if (!std::isfinite(slope)) return std::nullopt;
    return RobustLine{y_s[0] - slope * x_s[0], slope, 0};
  }
  for (std::size_t start = 0;; ++start) {
    const Values x = x_s.subspan(start), y = y_s.subspan(start);
    const auto bracket = find_bracket(x, y, tolerance);
    if (!bracket) return std::nullopt;
    RobustLine line = bisect(x, y, *bracket, tolerance);
    line.start = start;
    const std::vector<double> rest = residuals(x, y, line.intercept_s, line.slope);
    if (x.size() == 3 || count_runs(rest) > critical_runs(x.size())) return line;
  }
}

}  // namespace timed::discipline
