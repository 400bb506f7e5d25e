#include "tests/sim/error_course.h"

#include <array>
#include <cmath>

#include "timed/base/text.h"

namespace timed::sim {
namespace {

constexpr std::size_t kParts = 20;

struct Part {
  double seconds = 0.0, sum_s = 0.0, squares_s2 = 0.0, told_s = 0.0;
  double rms_s() const { return std::sqrt(squares_s2 / seconds); }
  double mean_s() const { return sum_s / seconds; }
};
using Course = std::array<Part, kParts>;

Course course_of(const EstimatorCase& c, const std::string& estimator, int seed) {
  Course course;
  double elapsed_s = 0.0;
  EstimatorWatch watch;
  watch.second = [&](SimClock& clock, bool counts) {
    const auto at = static_cast<std::size_t>(elapsed_s / c.span.to_seconds() * kParts);
    elapsed_s += 1.0;
    if (!counts) return;
    const double error_s = clock.error().to_seconds();
    Part& part = course[at];
    part.seconds += 1.0;
    part.sum_s += error_s;
    part.squares_s2 += error_s * error_s;
    part.told_s += clock.sync_status().estimated_error.to_seconds();
  };
  run_estimator(c, estimator, seed, watch);
  return course;
}

}  // namespace

std::string error_course(const EstimatorCase& c, int seed) {
  const Course regression = course_of(c, "regression", seed), bayes = course_of(c, "bayes", seed);
  double squares_s2 = 0.0, others_s2 = 0.0;
  for (const Part& part : bayes) squares_s2 += part.squares_s2;
  for (const Part& part : regression) others_s2 += part.squares_s2;
  std::string text = format("%s, seed %d: ratio %.2f\n", c.name.c_str(), seed, std::sqrt(squares_s2 / others_s2));
  for (std::size_t i = 0; i < kParts; ++i) {
    const Part &r = regression[i], &b = bayes[i];
    if (b.seconds == 0.0 || r.seconds == 0.0) continue;
    text += format("to %6.0f s: regression %.1e (mean %+.1e), bayes %.1e (mean %+.1e), told %.1e, %4.1f %%\n",
                   c.span.to_seconds() * static_cast<double>(i + 1) / kParts, r.rms_s(), r.mean_s(), b.rms_s(),
                   b.mean_s(), b.told_s / b.seconds, 100.0 * b.squares_s2 / squares_s2);
  }
  return text;
}

}  // namespace timed::sim
