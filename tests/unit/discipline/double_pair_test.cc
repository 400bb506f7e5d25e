#include "src/discipline/double_pair.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::discipline {
namespace {

TEST(DoublePair, TakesExpBelowZero) {
  for (double x = -699.0; x <= 0.0; x += 0.0371) {
    const DoublePair y = exp_below_zero(DoublePair{x, 0.5 * x});
    EXPECT_NEAR(y[0] / std::exp(x), 1.0, 2e-12) << x;
    EXPECT_NEAR(y[1] / std::exp(0.5 * x), 1.0, 2e-12) << x;
  }
  EXPECT_EQ(exp_below_zero(both(0.0))[0], 1.0);
  const DoublePair least = exp_below_zero(DoublePair{-1e3, -1e300});
  EXPECT_GT(least[0], 0.0);
  EXPECT_LT(least[0], 1e-300);
  EXPECT_EQ(least[0], least[1]);
}

TEST(DoublePair, TakesPolynomialsOfAnyLength) {
  EXPECT_DOUBLE_EQ(polynomial(std::array{3.0, 2.0}, both(10.0))[0], 23.0);
  EXPECT_DOUBLE_EQ(polynomial(std::array{3.0, 2.0, 5.0}, both(10.0))[1], 523.0);
  EXPECT_DOUBLE_EQ(polynomial(std::array{3.0, 2.0, 5.0, 7.0}, both(10.0))[0], 7523.0);
  EXPECT_DOUBLE_EQ(polynomial(std::array{3.0, 2.0, 5.0, 7.0, 1.0}, both(10.0))[1], 17523.0);
}

TEST(DoublePair, TakesLargerAndSmallerOfEach) {
  const DoublePair a = {1.0, 4.0}, b = {2.0, 3.0};
  EXPECT_EQ(larger(a, b)[0], 2.0);
  EXPECT_EQ(larger(a, b)[1], 4.0);
  EXPECT_EQ(smaller(a, b)[0], 1.0);
  EXPECT_EQ(smaller(a, b)[1], 3.0);
}

}  // namespace
}  // namespace timed::discipline
