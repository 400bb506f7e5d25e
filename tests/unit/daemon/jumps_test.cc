#include "timed/daemon/jumps.h"

#include <gtest/gtest.h>

namespace timed::daemon {
namespace {

const RawTime kRaw = RawTime::from_seconds(1'700'000'000);
const MonoTime kMono = MonoTime::from_seconds(500);

TEST(Jumps, ClocksThatRunTogetherHaveNone) {
  Jumps jumps;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(1000 * i), kMono + Duration::seconds(1000 * i)));
  }
}

TEST(Jumps, SaysHowFarAndWhichWay) {
  Jumps jumps;
  jumps.check(kRaw, kMono);
  const auto forward = jumps.check(kRaw + Duration::seconds(3700), kMono + Duration::seconds(100));
  ASSERT_TRUE(forward);
  EXPECT_NEAR(forward->to_seconds(), 3600, 1e-6);
  const auto backward = jumps.check(kRaw + Duration::seconds(200), kMono + Duration::seconds(200));
  ASSERT_TRUE(backward);
  EXPECT_NEAR(backward->to_seconds(), -3600, 1e-6);
  EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(201), kMono + Duration::seconds(201))) << "told once";
}

TEST(Jumps, LeavesSmallStepsToTheMeasurements) {
  Jumps jumps;
  jumps.check(kRaw, kMono);
  EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(10), kMono));
  EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(1), kMono)) << "a leap second, say";
}

TEST(Jumps, KnowsOurOwnSteps) {
  Jumps jumps;
  jumps.check(kRaw, kMono);
  jumps.on_own_step(Duration::seconds(-86400));
  EXPECT_FALSE(jumps.check(kRaw - Duration::seconds(86400), kMono));
}

}  // namespace
}  // namespace timed::daemon
