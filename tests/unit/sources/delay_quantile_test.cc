#include "timed/sources/delay_quantile.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::sources {
namespace {

constexpr Duration kStep = Duration::nanos(50);

EntropyPool seeded(std::uint64_t seed) {
  return EntropyPool([random = SeededRandom(seed)](std::span<std::byte> out) mutable {
    for (std::byte& byte : out) byte = static_cast<std::byte>(random.next() & 0xff);
  });
}

TEST(DelayQuantile, TheFirstDelayIsTheEstimate) {
  EntropyPool random = seeded(1);
  DelayQuantile quantile(0.5, kStep);
  EXPECT_TRUE(quantile.empty());
  quantile.add(Duration::millis(3), random);
  EXPECT_EQ(quantile.estimate(), Duration::millis(3));
  EXPECT_FALSE(quantile.empty());
}

// Exponential delays have their p-quantile at -ln(1 - p) times the mean.
TEST(DelayQuantile, ComesNearTheTrueQuantile) {
  for (const double share : {0.05, 0.2, 0.5, 0.8, 0.95}) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      EntropyPool random = seeded(seed);
      DelayQuantile quantile(share, Duration::micros(1));
      double mean_s = 0.0;
      constexpr int kDelays = 8000, kSettle = 3000;
      for (int i = 0; i < kDelays; ++i) {
        quantile.add(Duration::seconds(-1e-3 * std::log(1.0 - random.uniform())), random);
        if (i >= kSettle) mean_s += quantile.estimate().to_seconds() / (kDelays - kSettle);
      }
      // Share of delays below the estimate.
      EXPECT_NEAR(1.0 - std::exp(-mean_s / 1e-3), share, 0.05) << "seed " << seed;
    }
  }
}

TEST(DelayQuantile, FollowsAChangeAndStaysFinite) {
  EntropyPool random = seeded(3);
  DelayQuantile quantile(0.5, kStep);
  for (int i = 0; i < 1000; ++i) quantile.add(Duration::micros(100), random);
  EXPECT_NEAR(quantile.estimate().to_seconds(), 100e-6, 1e-6);
  for (int i = 0; i < 1000; ++i) quantile.add(Duration::micros(300), random);
  EXPECT_NEAR(quantile.estimate().to_seconds(), 300e-6, 1e-6);
}

}  // namespace
}  // namespace timed::sources
