// The estimator, in complete daemons, on the packets that the regression has.
#include "tests/sim/estimators.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace timed::sim {
namespace {

const AccuracyCase& case_named(const std::string& name) {
  const auto& all = estimator_cases();
  return *std::find_if(all.begin(), all.end(), [&](const AccuracyCase& c) { return c.name == name; });
}

double rms2(const std::vector<EstimatorRun>& runs) {
  double sum = 0.0;
  for (const EstimatorRun& run : runs) sum += run.rms_error.to_seconds() * run.rms_error.to_seconds();
  return sum;
}

void expect_better(const std::string& name, double ratio) {
  const EstimatorComparison c = compare_estimators(case_named(name), 1, 4);
  EXPECT_LT(rms2(c.bayes), ratio * ratio * rms2(c.regression)) << name;
  for (const EstimatorRun& run : c.bayes) {
    EXPECT_GT(run.inside, 0.7) << name;
    EXPECT_EQ(run.beyond_bound, 0.0) << name;
  }
}

TEST(Estimators, BayesKeepsBetterTimeAtTheSamePoll) {
  expect_better("poll 6", 0.8);
  expect_better("wander 1e-7", 0.8);
}

TEST(Estimators, BayesSeesOnWhichSideTheQueuesAre) {
  expect_better("congestion", 0.7);
}

}  // namespace
}  // namespace timed::sim
