// A clock's offset is close to a straight line for a while, then its frequency moves.  How long "a while" is shows in
// the residuals: while the line describes the clock their signs alternate at random; when old points no longer belong
// to it the residuals come in long runs of one sign.  So the fit is repeated without the oldest point until there
// are as many runs as chance would give.
#include "timed/discipline/regression.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "timed/base/check.h"

namespace timed::discipline {

WeightedLine fit_weighted_line(std::span<const double> x_s, std::span<const double> y_s,
                               std::span<const double> weight) {
  const std::size_t n = weight.size();
  TIMED_ASSERT(n >= 3 && x_s.size() == n && y_s.size() == n);
  WeightedLine line;
  double sum_x = 0.0, sum_y = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double inverse = 1.0 / weight[i];
    line.weight_sum += inverse;
    sum_x += x_s[i] * inverse;
    sum_y += y_s[i] * inverse;
  }
  const double mean_x_s = sum_x / line.weight_sum;
  double sum_xy = 0.0, variation_s2 = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double from_mean = x_s[i] - mean_x_s;
    sum_xy += y_s[i] * from_mean / weight[i];
    variation_s2 += from_mean * from_mean / weight[i];
  }
  line.slope = sum_xy / variation_s2;
  line.intercept_s = sum_y / line.weight_sum - line.slope * mean_x_s;
  double sum_r2 = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double residual = y_s[i] - line.intercept_s - line.slope * x_s[i];
    sum_r2 += residual * residual / weight[i];
  }
  line.variance_s2 = sum_r2 / static_cast<double>(n - 2);
  line.slope_sd = std::sqrt(line.variance_s2 / variation_s2);
  line.intercept_sd_s =
      std::sqrt(line.variance_s2 / line.weight_sum + mean_x_s * mean_x_s * line.slope_sd * line.slope_sd);
  return line;
}

std::optional<RunsTestFit> fit_with_runs_test(const RunsTestPoints& p, std::size_t min_points) {
  const std::size_t n = p.weight.size();
  TIMED_ASSERT(p.x_s.size() == p.runs + n && p.y_s.size() == p.runs + n);
  if (n < 3) return std::nullopt;
  constexpr std::size_t kMaxPoints = 128;
  TIMED_ASSERT(p.x_s.size() <= kMaxPoints);
  std::array<double, kMaxPoints> residuals{};

  RunsTestFit fit;
  while (true) {
    const std::size_t used = n - fit.start;
    fit.line = fit_weighted_line(p.x_s.subspan(p.runs + fit.start), p.y_s.subspan(p.runs + fit.start),
                                 p.weight.subspan(fit.start));
    // As many points before the line's own as it has itself, where there are so many.
    const std::size_t before = std::min(used, p.runs + fit.start);
    const std::size_t first = p.runs + fit.start - before;
    const std::size_t tested = before + used;
    for (std::size_t i = 0; i < tested; ++i) {
      residuals[i] = p.y_s[first + i] - fit.line.intercept_s - fit.line.slope * p.x_s[first + i];
    }
    const bool random = count_runs(std::span(residuals).first(tested)) > critical_runs(tested);
    if (random || used <= 3 || used <= min_points) {
      fit.runs = count_runs(std::span(residuals).subspan(before, used));
      return fit;
    }
    ++fit.start;
  }
}

std::optional<double> fit_asymmetry(std::span<const double> t_s, std::span<const double> y_s,
                                    std::span<const double> extra_delay_s) {
  const std::size_t n = t_s.size();
  if (n < 4) return std::nullopt;
  double mean_y = 0.0;
  for (std::size_t i = 0; i < n; ++i) mean_y += y_s[i];
  mean_y /= static_cast<double>(n);
  double st = 0.0, sx = 0.0, stt = 0.0, sxx = 0.0, stx = 0.0, sty = 0.0, sxy = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double t = t_s[i], x = extra_delay_s[i], y = y_s[i] - mean_y;
    st += t;
    sx += x;
    stt += t * t;
    sxx += x * x;
    stx += t * x;
    sty += t * y;
    sxy += x * y;
  }
  const double count = static_cast<double>(n);
  const double v1 = count * (stx * stx - stt * sxx);
  const double v2 = st * st * sxx + sx * sx * stt;
  const double v3 = -2.0 * st * sx * stx;
  const double determinant = v1 + v2 + v3;
  if (!(std::fabs(determinant) * 1e10 > -v1 + v2 + std::fabs(v3))) return std::nullopt;
  // Cramer's rule on the normal equations; the y are centred, so that their sum drops out.
  return (sxy * (st * st - count * stt) + sty * (count * stx - sx * st)) / determinant;
}

std::size_t count_runs(std::span<const double> residuals) {
  std::size_t runs = 1;
  for (std::size_t i = 1; i < residuals.size(); ++i) {
    const bool both_negative = residuals[i - 1] < 0.0 && residuals[i] < 0.0;
    const bool both_positive = residuals[i - 1] > 0.0 && residuals[i] > 0.0;
    if (!both_negative && !both_positive) ++runs;
  }
  return runs;
}

std::size_t critical_runs(std::size_t n) {
  if (n < 8) return 0;
  // The normal approximation differs from the exact distribution by one at a single length below 130.
  if (n == 54) return 21;
  const double count = static_cast<double>(n);
  return static_cast<std::size_t>(std::lround((count + 1.0) / 2.0 - 1.645 * std::sqrt(count - 1.0) / 2.0));
}

double chi_squared_90(std::size_t degrees_of_freedom) {
  static constexpr std::array<double, 64> kQuantiles = {
      2.706,  4.605,  6.251,  7.779,  9.236,  10.645, 12.017, 13.362, 14.684, 15.987, 17.275, 18.549, 19.812,
      21.064, 22.307, 23.542, 24.769, 25.989, 27.204, 28.412, 29.615, 30.813, 32.007, 33.196, 34.382, 35.563,
      36.741, 37.916, 39.087, 40.256, 41.422, 42.585, 43.745, 44.903, 46.059, 47.212, 48.363, 49.513, 50.660,
      51.805, 52.949, 54.090, 55.230, 56.369, 57.505, 58.641, 59.774, 60.907, 62.038, 63.167, 64.295, 65.422,
      66.548, 67.673, 68.796, 69.919, 71.040, 72.160, 73.279, 74.397, 75.514, 76.630, 77.745, 78.860};
  TIMED_ASSERT(degrees_of_freedom >= 1);
  if (degrees_of_freedom > kQuantiles.size()) return 1.2 * static_cast<double>(degrees_of_freedom);
  return kQuantiles[degrees_of_freedom - 1];
}

double student_t_999(std::size_t degrees_of_freedom) {
  static constexpr std::array<double, 40> kQuantiles = {
      636.6, 31.60, 12.92, 8.610, 6.869, 5.959, 5.408, 5.041, 4.781, 4.587, 4.437, 4.318, 4.221, 4.140,
      4.073, 4.015, 3.965, 3.922, 3.883, 3.850, 3.819, 3.792, 3.768, 3.745, 3.725, 3.707, 3.690, 3.674,
      3.659, 3.646, 3.633, 3.622, 3.611, 3.601, 3.591, 3.582, 3.574, 3.566, 3.558, 3.551};
  TIMED_ASSERT(degrees_of_freedom >= 1);
  return degrees_of_freedom <= kQuantiles.size() ? kQuantiles[degrees_of_freedom - 1] : 3.5;
}

}  // namespace timed::discipline
