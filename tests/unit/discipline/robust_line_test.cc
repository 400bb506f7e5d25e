#include "timed/discipline/robust_line.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "timed/base/random.h"

namespace timed::discipline {
namespace {

using Values = std::vector<double>;
constexpr double kTolerance = 1e-9;

TEST(RobustLine, NeedsTwoPoints) {
  EXPECT_FALSE(fit_robust_line(Values{}, Values{}, kTolerance));
  EXPECT_FALSE(fit_robust_line(Values{1}, Values{1}, kTolerance));
}

TEST(RobustLine, TwoPointsAreTheLine) {
  const auto line = fit_robust_line(Values{-10, 0}, Values{1, 3}, kTolerance);
  ASSERT_TRUE(line);
  EXPECT_DOUBLE_EQ(line->slope, 0.2);
  EXPECT_DOUBLE_EQ(line->intercept_s, 3.0);
  EXPECT_FALSE(fit_robust_line(Values{5, 5}, Values{1, 3}, kTolerance)) << "no slope between points of one time";
}

TEST(RobustLine, PointsOnALineGiveIt) {
  Values x, y;
  for (int i = -9; i <= 0; ++i) {
    x.push_back(100.0 * i);
    y.push_back(0.25 + 3e-5 * 100.0 * i);
  }
  const auto line = fit_robust_line(x, y, kTolerance);
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope, 3e-5, 2 * kTolerance);
  EXPECT_NEAR(line->intercept_s, 0.25, 1e-6);
}

// Of these points the third does not belong: the line goes through the others.  By hand: with a slope of 1 the medians
// of y - x are 0, and x · sign sums to zero over the rest.
TEST(RobustLine, AWildPointDoesNotTurnIt) {
  const Values x = {-4, -3, -2, -1, 0};
  const auto line = fit_robust_line(x, Values{-4, -3, 50, -1, 0}, kTolerance);
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope, 1.0, 1e-6);
  EXPECT_NEAR(line->intercept_s, 0.0, 1e-5);
}

// Three points: the line of least absolute residuals is one through the outer two where the middle one is off.
TEST(RobustLine, ThreePointsAreNeverDropped) {
  const auto line = fit_robust_line(Values{-20, -10, 0}, Values{0, 5, 4}, kTolerance);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->start, 0u);
  EXPECT_NEAR(line->slope, 0.2, 1e-6);
}

TEST(RobustLine, DropsWhatIsBeforeABend) {
  Values x, y;
  SeededRandom random(7);
  for (int i = -40; i <= 0; ++i) {
    x.push_back(i);
    y.push_back((i < -12 ? 0.5 * (i + 12) : 0.0) + random.uniform(-1e-3, 1e-3));
  }
  const auto line = fit_robust_line(x, y, kTolerance);
  ASSERT_TRUE(line);
  EXPECT_GE(line->start, 20u);
  EXPECT_NEAR(line->slope, 0.0, 1e-3);
}

TEST(RobustLine, NoLineOfWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(fit_robust_line(Values{-2, -1, 0}, Values{1, nan, 2}, kTolerance));
  EXPECT_FALSE(fit_robust_line(Values{-2, -1, 0}, Values{1, inf, 2}, kTolerance));
  EXPECT_FALSE(fit_robust_line(Values{-1, -1, -1}, Values{1, 2, 3}, kTolerance));
}

TEST(RobustLine, StaysNearTheTruthWhenATenthIsWild) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    Values x, y;
    for (int i = -29; i <= 0; ++i) {
      x.push_back(i * 60.0);
      const double wild = i % 10 == 0 ? random.uniform(-5, 5) : 0.0;
      y.push_back(2e-5 * x.back() + random.uniform(-0.01, 0.01) + wild);
    }
    const auto line = fit_robust_line(x, y, kTolerance);
    ASSERT_TRUE(line) << seed;
    EXPECT_NEAR(line->slope, 2e-5, 6e-5) << seed;
  }
}

}  // namespace
}  // namespace timed::discipline
