#include "timed/env/kernel_frequency.h"

#include <gtest/gtest.h>

#include "timed/base/random.h"

namespace timed::env {
namespace {

TEST(KernelFrequency, zero_is_the_nominal_tick) {
  const auto k = KernelFrequency::from(Frequency::zero());
  EXPECT_EQ(k.tick_us, 10000);
  EXPECT_EQ(k.scaled_ppm, 0);
  EXPECT_EQ(k.to_frequency(), Frequency::zero());
}

TEST(KernelFrequency, positive_is_faster) {
  const auto k = KernelFrequency::from(Frequency::ppm(10));
  EXPECT_EQ(k.tick_us, 10000);
  EXPECT_EQ(k.scaled_ppm, 10 * 65536);
  const auto fast = KernelFrequency::from(Frequency::ppm(260));
  EXPECT_EQ(fast.tick_us, 10003);
  EXPECT_EQ(fast.scaled_ppm, -40 * 65536);
  const auto slow = KernelFrequency::from(Frequency::ppm(-260));
  EXPECT_EQ(slow.tick_us, 9997);
  EXPECT_EQ(slow.scaled_ppm, 40 * 65536);
}

TEST(KernelFrequency, what_is_in_force_is_within_one_unit_and_stable) {
  SeededRandom random(3);
  constexpr double kUnit_ppm = 1.0 / 65536.0;
  for (int i = 0; i < 100000; ++i) {
    const double ppm = random.uniform(-99990, 99990) * (i % 2 == 0 ? 1.0 : 1e-3);
    const auto k = KernelFrequency::from(Frequency::ppm(ppm));
    const double got = k.to_frequency().to_ppm();
    ASSERT_NEAR(got, ppm, kUnit_ppm * 1.001) << ppm;
    // The kernel takes at most ±500 ppm beside the tick.
    ASSERT_LE(std::abs(k.scaled_ppm), 51 * 65536);
    const auto again = KernelFrequency::from(Frequency::ppm(got));
    ASSERT_NEAR(again.to_frequency().to_ppm(), got, kUnit_ppm * 1.001);
  }
}

TEST(KernelFrequency, is_clamped) {
  EXPECT_NEAR(KernelFrequency::from(Frequency::ppm(1e9)).to_frequency().to_ppm(), 1e5, 1e-3);
  EXPECT_NEAR(KernelFrequency::from(Frequency::ppm(-1e9)).to_frequency().to_ppm(), -1e5, 1e-3);
}

}  // namespace
}  // namespace timed::env
