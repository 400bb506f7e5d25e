#include "timed/discipline/regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "timed/base/random.h"

namespace timed::discipline {
namespace {

struct Points {
  std::vector<double> x, y, w;
  std::size_t runs = 0;
  std::optional<RunsTestFit> fit(std::size_t minimum = 3) const { return fit_with_runs_test({x, y, runs, w}, minimum); }
};

Points line(int n, double slope, double at_zero) {
  Points p;
  for (int i = 1 - n; i <= 0; ++i) {
    p.x.push_back(i);
    p.y.push_back(at_zero + slope * i);
    p.w.push_back(1.0);
  }
  return p;
}

TEST(Regression, NeedsThreePoints) {
  EXPECT_FALSE(line(2, 1, 0).fit());
  EXPECT_TRUE(line(3, 1, 0).fit());
}

TEST(Regression, FindsALine) {
  const auto fit = line(10, 2e-6, -3e-3).fit();
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->line.slope, 2e-6, 1e-15);
  EXPECT_NEAR(fit->line.intercept_s, -3e-3, 1e-12);
}

TEST(Regression, HeavyPointsCountLess) {
  Points p = line(5, 0, 0);
  p.y[2] = 1.0;
  p.w[2] = 1e12;
  EXPECT_NEAR(p.fit()->line.intercept_s, 0.0, 1e-9);
}

TEST(Regression, DropsWhatNoLongerBelongsToTheLine) {
  // The frequency changed in the middle: one line through all gives long runs of one sign.
  Points p = line(32, 0, 0);
  for (std::size_t i = 0; i < 16; ++i) p.y[i] += 1e-3 * (16.0 - static_cast<double>(i));
  SeededRandom random(7);
  for (double& y : p.y) y += random.uniform(-1e-6, 1e-6);
  const auto fit = p.fit(6);
  ASSERT_TRUE(fit);
  EXPECT_GE(fit->start, 8u);
  EXPECT_LE(32 - fit->start, 24u);
  EXPECT_GT(p.fit(30)->line.slope, -1.0);
  EXPECT_LE(p.fit(30)->start, 2u) << "at least 30 were to be kept";
}

// The runs test rejects about one in twenty true lines, on the long side of what chance gives.
TEST(Regression, KeepsMostOfATrueLine) {
  SeededRandom random(3);
  int dropped = 0;
  for (int trial = 0; trial < 500; ++trial) {
    Points p = line(16, 1e-6, 0);
    for (double& y : p.y) y += random.uniform(-1e-5, 1e-5);
    dropped += p.fit()->start > 0 ? 1 : 0;
  }
  EXPECT_GT(dropped, 0);
  EXPECT_LT(dropped, 150);
}

TEST(Regression, RunsPointsTakePartInTheTestOnly) {
  Points p = line(8, 0, 0);
  SeededRandom random(11);
  for (double& y : p.y) y = random.uniform(-1, 1);
  const auto without = p.fit();
  Points with = p;
  with.x.insert(with.x.begin(), -50.0);
  with.y.insert(with.y.begin(), 1e6);
  with.runs = 1;
  ASSERT_TRUE(without && with.fit());
  EXPECT_EQ(without->line.intercept_s, with.fit()->line.intercept_s);
}

TEST(Regression, FindsAsymmetry) {
  SeededRandom random(5);
  std::vector<double> t, y, x;
  for (int i = 0; i < 20; ++i) {
    t.push_back(-16.0 * i);
    x.push_back(random.uniform(0, 1e-3));
    y.push_back(0.25 + 1e-6 * t.back() + 0.4 * x.back());
  }
  const auto a = fit_asymmetry(t, y, x);
  ASSERT_TRUE(a);
  EXPECT_NEAR(*a, 0.4, 1e-9);
}

TEST(Regression, AsymmetryNeedsDelaysThatDiffer) {
  const std::vector<double> t = {0, 1, 2, 3, 4}, y = {1, 2, 1, 2, 1}, constant(5, 1e-3);
  EXPECT_FALSE(fit_asymmetry(t, y, constant));
  EXPECT_FALSE(fit_asymmetry(std::span(t).first(3), std::span(y).first(3), std::span(t).first(3)));
}

TEST(Regression, CriticalRunsComeFromTheNormalApproximation) {
  EXPECT_EQ(critical_runs(7), 0u);
  EXPECT_EQ(critical_runs(8), 2u);
  EXPECT_EQ(critical_runs(54), 21u);
  for (std::size_t n = 9; n < 129; ++n) {
    EXPECT_GE(critical_runs(n), critical_runs(n - 1));
    EXPECT_LT(critical_runs(n), n / 2 + 1);
  }
}

// Probability that |t| exceeds a value: the incomplete beta integral, by the trapezoidal rule in the angle.
double student_tail(double t, int degrees) {
  const double from = std::atan(t / std::sqrt(degrees));
  const auto integral = [&](double a, double b) {
    constexpr int kSteps = 20000;
    double sum = 0.0;
    for (int i = 0; i <= kSteps; ++i) {
      const double angle = a + (b - a) * i / kSteps;
      sum += (i == 0 || i == kSteps ? 0.5 : 1.0) * std::pow(std::cos(angle), degrees - 1);
    }
    return sum * (b - a) / kSteps;
  };
  const double half_pi = std::acos(0.0);
  return integral(from, half_pi) / integral(0.0, half_pi);
}

TEST(Regression, StudentQuantilesAreThoseOfTheDistribution) {
  for (int degrees = 1; degrees <= 40; ++degrees) {
    const double t = student_t_999(static_cast<std::size_t>(degrees));
    // Four significant digits: the true value lies within half of the last one.
    const double half_digit = 0.5 * std::pow(10.0, std::floor(std::log10(t)) - 3);
    EXPECT_GT(student_tail(t - half_digit, degrees), 0.001 * (1 - 1e-4)) << degrees;
    EXPECT_LT(student_tail(t + half_digit, degrees), 0.001 * (1 + 1e-4)) << degrees;
  }
  EXPECT_EQ(student_t_999(41), 3.5);
  EXPECT_EQ(student_t_999(1000), 3.5);
}

// Probability that a chi-squared variable with an even number of degrees exceeds x: a Poisson sum.
TEST(Regression, ChiSquaredQuantilesAreThoseOfTheDistribution) {
  for (int degrees = 2; degrees <= 64; degrees += 2) {
    const double half = chi_squared_90(static_cast<std::size_t>(degrees)) / 2;
    double term = std::exp(-half), tail = 0.0;
    for (int k = 0; k < degrees / 2; ++k) {
      tail += term;
      term *= half / (k + 1);
    }
    EXPECT_NEAR(tail, 0.1, 2e-4) << degrees;
    EXPECT_GT(chi_squared_90(static_cast<std::size_t>(degrees)), chi_squared_90(static_cast<std::size_t>(degrees - 1)));
  }
  EXPECT_EQ(chi_squared_90(100), 120.0);
}

}  // namespace
}  // namespace timed::discipline
