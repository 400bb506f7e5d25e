#include "src/discipline/one_sided_noise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::discipline {
namespace {

// Density of the noise itself, exponential mixture and Gaussian convolved by hand.
double noise_density(double e, double mean_s, double sd_s) {
  double density = 0.0;
  for (const double factor : {1.0, kRareFactor}) {
    const double s = mean_s * factor, share = factor == 1.0 ? 1.0 - kRareShare : kRareShare;
    const double g = sd_s * sd_s;
    const double cdf = 0.5 * std::erfc(-(e - g / s) / sd_s / std::sqrt(2.0));
    density += share / s * std::exp(-e / s + g / (2.0 * s * s)) * cdf;
  }
  return density;
}

struct Moments {
  double mass = 0.0, mean = 0.0, variance = 0.0;
};

// What see() says in closed form, by sums.
Moments integrate(const Normal& before, double z, double mean_s, double sd_s) {
  const double sd = std::sqrt(before.variance);
  const int steps = 20000;
  const double width = 16.0 * sd / steps;
  double sum = 0.0, first = 0.0, second = 0.0;
  for (int i = 0; i < steps; ++i) {
    const double u = before.mean - 8.0 * sd + (i + 0.5) * width;
    const double d = (u - before.mean) / sd;
    const double p = std::exp(-0.5 * d * d) / sd / std::sqrt(2.0 * M_PI) * noise_density(z - u, mean_s, sd_s) * width;
    sum += p;
    first += p * u;
    second += p * u * u;
  }
  return {sum, first / sum, second / sum - first / sum * first / sum};
}

TEST(OneSidedNoise, SeesWhatIntegrationSays) {
  for (const double z : {-2.0, 0.0, 0.7, 3.0, 15.0}) {
    for (const double variance : {0.05, 1.0, 6.0}) {
      for (const double sd_s : {0.05, 1.0}) {
        const Normal before{0.3, variance};
        // Below what the noise can explain only stamps as bad as these can.
        if (z < 0.0 && sd_s < 0.5) continue;
        const auto seen = OneSidedNoise(1.0, sd_s).see(before, z);
        const Moments truth = integrate(before, z, 1.0, sd_s);
        const double sd = std::sqrt(truth.variance);
        EXPECT_NEAR(seen.belief.mean, truth.mean, 2e-3 * sd) << z << " " << variance << " " << sd_s;
        EXPECT_NEAR(seen.belief.variance, truth.variance, 5e-3 * truth.variance) << z << " " << variance << " " << sd_s;
        EXPECT_NEAR(seen.log_likelihood(), std::log(truth.mass), 2e-3) << z << " " << variance << " " << sd_s;
      }
    }
  }
}

TEST(OneSidedNoise, ALongDelayIsABoundAndHardlyMore) {
  const OneSidedNoise noise(1.0, 0.01);
  // Ten times the mean later than expected: the belief is moved by less than its own deviation.
  const auto late = noise.see({0.0, 1.0}, 10.0);
  EXPECT_GT(late.belief.mean, 0.0);
  EXPECT_LT(late.belief.mean, 1.0);
  // As much too early: impossible unless the belief was wrong.
  const auto early = noise.see({0.0, 1.0}, -10.0);
  EXPECT_LT(early.belief.mean, -9.0);
  EXPECT_LT(early.log_likelihood(), late.log_likelihood() - 20.0);
}

TEST(OneSidedNoise, TailsJoinAndStayFinite) {
  const NormalTail left = normal_tail(-8.0 - 1e-9), right = normal_tail(-8.0 + 1e-9);
  EXPECT_NEAR(left.ratio, right.ratio, 1e-5);
  EXPECT_NEAR(left.log_cdf(), right.log_cdf(), 1e-5);
  for (const double a : {-1e8, -300.0, -40.0, 0.0, 40.0, 1e8}) {
    EXPECT_TRUE(std::isfinite(normal_tail(a).ratio)) << a;
    EXPECT_TRUE(std::isfinite(normal_tail(a).log_cdf())) << a;
  }
  EXPECT_NEAR(normal_tail(-300.0).ratio, 300.0, 0.01);
  EXPECT_NEAR(normal_tail(0.0).ratio, std::sqrt(2.0 / M_PI), 1e-15);
}

}  // namespace
}  // namespace timed::discipline
