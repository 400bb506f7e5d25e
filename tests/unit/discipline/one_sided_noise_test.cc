#include "src/discipline/one_sided_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
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
Moments integrate(double believed, double variance, double z, double mean_s, double sd_s) {
  const double sd = std::sqrt(variance);
  const int steps = 20000;
  const double width = 16.0 * sd / steps;
  double sum = 0.0, first = 0.0, second = 0.0;
  for (int i = 0; i < steps; ++i) {
    const double u = believed - 8.0 * sd + (i + 0.5) * width;
    const double d = (u - believed) / sd;
    const double p = std::exp(-0.5 * d * d) / sd / std::sqrt(2.0 * M_PI) * noise_density(z - u, mean_s, sd_s) * width;
    sum += p;
    first += p * u;
    second += p * u * u;
  }
  return {sum, first / sum, second / sum - first / sum * first / sum};
}

double log_likelihood(const OneSidedNoise::Seen& seen, int way) {
  return seen.exponent[way] + std::log(seen.factor[way]);
}

// There twice the noise and the belief that there are back, each of which is what it is alone.
TEST(OneSidedNoise, SeesWhatIntegrationSays) {
  for (const double z : {-2.0, 0.0, 0.7, 3.0, 15.0}) {
    for (const double variance : {0.05, 1.0, 6.0}) {
      for (const double sd_s : {0.05, 1.0}) {
        // Below what the noise can explain only stamps as bad as these can.
        if (z < 0.0 && sd_s < 0.5) continue;
        const Normals before = {DoublePair{0.1, 0.3}, DoublePair{2.0 * variance, variance}};
        const auto seen = OneSidedNoise(DoublePair{2.0, 1.0}, sd_s).see(before, DoublePair{z + 0.5, z});
        for (const int way : {0, 1}) {
          const Moments truth =
              way == 0 ? integrate(0.1, 2.0 * variance, z + 0.5, 2.0, sd_s) : integrate(0.3, variance, z, 1.0, sd_s);
          const double sd = std::sqrt(truth.variance);
          const auto where = testing::Message() << way << " " << z << " " << variance << " " << sd_s;
          EXPECT_NEAR(seen.belief.mean[way], truth.mean, 2e-3 * sd) << where;
          EXPECT_NEAR(seen.belief.variance[way], truth.variance, 5e-3 * truth.variance) << where;
          EXPECT_NEAR(log_likelihood(seen, way), std::log(truth.mass), 2e-3) << where;
        }
      }
    }
  }
}

TEST(OneSidedNoise, ALongDelayIsABoundAndHardlyMore) {
  // Ten times the mean later than expected: the belief is moved by less than its own deviation.  As much too early:
  // impossible unless the belief was wrong.
  const auto seen = OneSidedNoise(both(1.0), 0.01).see({both(0.0), both(1.0)}, DoublePair{10.0, -10.0});
  EXPECT_GT(seen.belief.mean[0], 0.0);
  EXPECT_LT(seen.belief.mean[0], 1.0);
  EXPECT_LT(seen.belief.mean[1], -9.0);
  EXPECT_LT(log_likelihood(seen, 1), log_likelihood(seen, 0) - 20.0);
}

// However far beyond what was believed: no step where one form takes over from another, and nothing that is no number.
TEST(OneSidedNoise, IsSmoothAndFiniteFarFromTheBelief) {
  const OneSidedNoise noise(DoublePair{1.0, 1e-3}, 0.01);
  for (const double z : {-1e12, -1e6, -300.0, -30.0, 0.0, 8.5, 9.5, 30.0, 38.0, 60.0, 300.0, 1e6, 1e12}) {
    const Normals before = {both(0.0), both(1.0)};
    const auto near = noise.see(before, both(z)),
               next = noise.see(before, both(z + 1e-6 * std::max(std::fabs(z), 1.0)));
    for (const int way : {0, 1}) {
      ASSERT_TRUE(std::isfinite(near.belief.mean[way])) << z;
      ASSERT_TRUE(std::isfinite(near.exponent[way])) << z;
      EXPECT_GT(near.belief.variance[way], 0.0) << z;
      EXPECT_LE(near.belief.variance[way], 2.0) << z;  // of two kinds of packets, more than before at most by a little
      EXPECT_GT(near.factor[way], 0.0) << z;
      EXPECT_NEAR(next.belief.mean[way], near.belief.mean[way], 2e-6 * std::max(std::fabs(z), 1.0)) << z;
      EXPECT_NEAR(next.belief.variance[way], near.belief.variance[way], 1e-3 * near.belief.variance[way]) << z;
    }
  }
}

double bell(double a) {
  return std::exp(-0.5 * a * a);
}

TEST(CutNormal, IsWhatTheErrorFunctionSays) {
  for (double a = -25.0; a < 9.0; a += 0.0625) {
    const double cdf = 0.5 * std::erfc(-a / std::sqrt(2.0)), ratio = bell(a) / std::sqrt(2.0 * M_PI) / cdf;
    // The other lane has something else in it, which must not matter.
    const CutNormal cut = cut_above(DoublePair{a, -a}, DoublePair{bell(a), bell(-a)});
    const double mass = a < 0.0 ? cdf / bell(a) : cdf;
    EXPECT_NEAR(cut.mass[0], mass, 1e-11 * mass) << a;
    EXPECT_NEAR(cut.excess[0], a + ratio, 1e-10) << a;
    // Of the difference few digits are left in the tail, on the test's side.
    EXPECT_NEAR(cut.variance[0], 1.0 - ratio * (a + ratio), 1e-11 + 1e-14 * a * a * a * a) << a;
  }
}

// Its moments, by parts: with x for -a, 1/x, 1/x² and their first corrections.
TEST(CutNormal, IsAnExponentialFarLeft) {
  for (const double x : {50.0, 99.0, 101.0, 1e3, 1e6, 1e8, 1e17}) {
    const CutNormal cut = cut_above(both(-x), both(1.0));
    const double inverse2 = 1.0 / (x * x);
    if (x < 1e15) {
      EXPECT_NEAR(cut.excess[1] * x, 1.0 - 2.0 * inverse2, 12.0 * inverse2 * inverse2 + 1e-11) << x;
      EXPECT_NEAR(cut.mass[1] * x * std::sqrt(2.0 * M_PI), 1.0 - inverse2, 4.0 * inverse2 * inverse2 + 1e-11) << x;
    }
    EXPECT_NEAR(cut.variance[1], std::max(inverse2 * (1.0 - 6.0 * inverse2), 1e-9),
                inverse2 * (60.0 * inverse2 * inverse2 + 1e-7))
        << x;
    EXPECT_GT(cut.excess[1], 0.0) << x;
    EXPECT_GT(cut.mass[1], 0.0) << x;
  }
}

}  // namespace
}  // namespace timed::discipline
