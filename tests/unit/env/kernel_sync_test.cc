#include "timed/env/kernel_sync.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::env {
namespace {

SyncStatus good(Duration estimated, Duration maximum) {
  return {.synchronised = true, .estimated_error = estimated, .maximum_error = maximum};
}

TEST(KernelSync, ErrorsAreRoundedUpAndTheFlagWantsRtcsync) {
  for (const bool rtc_sync : {false, true}) {
    const auto told = KernelSync::from(good(Duration::micros(12.5), Duration::millis(3)), rtc_sync);
    EXPECT_EQ(told.unsynchronised, !rtc_sync);
    EXPECT_EQ(told.esterror_us, 13);
    EXPECT_EQ(told.maxerror_us, 3000);
  }
}

TEST(KernelSync, SixteenSecondsAreNoSynchronisation) {
  EXPECT_FALSE(KernelSync::from(good(Duration::zero(), Duration::seconds(15.9)), true).unsynchronised);
  EXPECT_TRUE(KernelSync::from(good(Duration::zero(), Duration::seconds(16)), true).unsynchronised);
  EXPECT_EQ(KernelSync::from(good(Duration::zero(), Duration::infinity()), true).maxerror_us, 16'000'000);
  EXPECT_EQ(KernelSync::from(good(Duration::seconds(std::nan("")), Duration::zero()), true).esterror_us, 16'000'000);
  const auto told = KernelSync::from({.synchronised = false, .estimated_error = {}, .maximum_error = {}}, true);
  EXPECT_TRUE(told.unsynchronised);
  EXPECT_EQ(told.esterror_us, 16'000'000);
  EXPECT_EQ(told.maxerror_us, 16'000'000);
}

}  // namespace
}  // namespace timed::env
