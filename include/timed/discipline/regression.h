// Weighted straight-line fit with a runs test that drops the oldest points until the line describes the rest, and the
// two-variable fit that finds an asymmetric jitter.  Plain numbers in seconds.
#ifndef TIMED_DISCIPLINE_REGRESSION_H_
#define TIMED_DISCIPLINE_REGRESSION_H_

#include <cstddef>
#include <optional>
#include <span>

namespace timed::discipline {

// Points in order of x.  The first `runs` of them only take part in the runs test; the others have a weight each,
// the variance that they are assumed to have relative to one another (large = unreliable).
struct RunsTestPoints {
  std::span<const double> x_s;
  std::span<const double> y_s;
  std::size_t runs = 0;
  std::span<const double> weight;  // x_s.size() - runs of them
};

// A weighted least-squares line, and how well it is known.
struct WeightedLine {
  double slope = 0.0;  // y per x
  double slope_sd = 0.0;
  double intercept_s = 0.0;  // y at x = 0
  double intercept_sd_s = 0.0;
  double variance_s2 = 0.0;  // of a point of weight 1
  double weight_sum = 0.0;   // Σ 1/weight
};

// At least three points, with a weight each.
WeightedLine fit_weighted_line(std::span<const double> x_s, std::span<const double> y_s,
                               std::span<const double> weight);

struct RunsTestFit {
  WeightedLine line;
  std::size_t start = 0;  // so many of the oldest weighted points were dropped
  std::size_t runs = 0;   // runs of residuals of one sign among the points used
};

// Empty below three weighted points.  At least min_points (and three) are kept, however bad the fit.
std::optional<RunsTestFit> fit_with_runs_test(const RunsTestPoints& points, std::size_t min_points);

// The share a of extra delay in y ~ c + f·t + a·delay, unweighted; empty below four points or where t and delay
// cannot be told apart.
std::optional<double> fit_asymmetry(std::span<const double> t_s, std::span<const double> y_s,
                                    std::span<const double> extra_delay_s);

// One, and one more for each pair of neighbours that are not both positive and not both negative.
std::size_t count_runs(std::span<const double> residuals);
// The largest number of runs among n residuals at which a line is rejected (about 5 %, one-sided); 0 below 8.
std::size_t critical_runs(std::size_t n);
// 90 % quantile of the chi-squared distribution, three decimals; 1.2 for each degree of freedom above 64.
double chi_squared_90(std::size_t degrees_of_freedom);
// Two-sided 99.9 % quantile of Student's t distribution, four significant digits; 3.5 above 40 degrees of freedom.
double student_t_999(std::size_t degrees_of_freedom);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_REGRESSION_H_
