#include "timed/discipline/sample.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::discipline {
namespace {

constexpr double kWander = 1e-16;

LocalEstimate believed(double sd_s, double frequency_sd, double covariance_s) {
  LocalEstimate e;
  e.offset_sd = Duration::seconds(sd_s);
  e.frequency_sd = Frequency::ratio(frequency_sd);
  e.growth = Growth{covariance_s, kWander, {}, {}};
  return e;
}

TEST(Growth, WithoutAnEstimatorTheFrequencysDeviationIsMultipliedByTheTime) {
  LocalEstimate e = believed(1e-3, 1e-6, 0.0);
  e.growth.reset();
  EXPECT_DOUBLE_EQ(e.offset_sd_after(Duration::seconds(100)).to_seconds(), 1.1e-3);
}

TEST(Growth, WhereAllIsKnownIsThatOfTheWander) {
  const LocalEstimate e = believed(0.0, 0.0, 0.0);
  EXPECT_DOUBLE_EQ(e.growth->frequency_wandered(Duration::seconds(400)).to_ratio(), 2e-7);
  EXPECT_DOUBLE_EQ(e.growth->offset_wandered(Duration::seconds(300)).to_seconds(), std::sqrt(1e-16 * 9e6));
  EXPECT_DOUBLE_EQ(e.offset_sd_after(Duration::seconds(300)).to_seconds(), std::sqrt(1e-16 * 9e6));
}

// A walk has no memory: to look 500 s ahead is to look 200 s ahead, and from there 300 s.
TEST(Growth, OfTwoSpansIsThatOfTheirSum) {
  const LocalEstimate now = believed(2e-6, 3e-8, -1e-14);
  const double t = 200.0, q = kWander;
  const double frequency_variance = 3e-8 * 3e-8 + q * t;
  const double covariance_s = -1e-14 + t * 3e-8 * 3e-8 + q * t * t / 2.0;
  const LocalEstimate then =
      believed(now.offset_sd_after(Duration::seconds(t)).to_seconds(), std::sqrt(frequency_variance), covariance_s);
  EXPECT_NEAR(now.offset_sd_after(Duration::seconds(500)) / then.offset_sd_after(Duration::seconds(300)), 1.0, 1e-12);
}

TEST(Growth, GoesOnBeforeTheTimeOfTheEstimateToo) {
  const LocalEstimate e = believed(1e-6, 1e-8, 0.0);
  EXPECT_EQ(e.offset_sd_after(Duration::seconds(-300)), e.offset_sd_after(Duration::seconds(300)));
}

// A covariance that no two such deviations can have, as of a sum that was rounded, is no root of a negative number.
TEST(Growth, IsNeverLessThanNothing) {
  EXPECT_EQ(believed(1e-6, 1e-8, -1.0).offset_sd_after(Duration::seconds(10)), Duration::zero());
}

}  // namespace
}  // namespace timed::discipline
