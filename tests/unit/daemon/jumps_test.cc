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
  EXPECT_NEAR(forward->size.to_seconds(), 3600, 1e-6);
  const auto backward = jumps.check(kRaw + Duration::seconds(200), kMono + Duration::seconds(200));
  ASSERT_TRUE(backward);
  EXPECT_NEAR(backward->size.to_seconds(), -3600, 1e-6);
  EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(201), kMono + Duration::seconds(201))) << "told once";
}

TEST(Incidents, AreCountedByKind) {
  Incidents incidents;
  EXPECT_FALSE(incidents.latest);
  incidents.note({Jump::Kind::Step, Duration::seconds(20)}, kMono);
  incidents.note({Jump::Kind::Step, Duration::seconds(20)}, kMono);
  incidents.note({Jump::Kind::Asleep, Duration::seconds(20)}, kMono);
  incidents.note({Jump::Kind::Stopped, Duration::zero()}, kMono);
  incidents.note({Jump::Kind::RunsAgain, Duration::zero()}, kMono);
  EXPECT_EQ(incidents.other_steps, 2u);
  EXPECT_EQ(incidents.sleeps, 1u);
  EXPECT_EQ(incidents.standstills, 1u) << "that it runs again is its end";
  EXPECT_EQ(incidents.latest, kMono);
  incidents.note_pause(kMono + Duration::seconds(1));
  EXPECT_EQ(incidents.pauses, 1u);
  EXPECT_EQ(incidents.latest, kMono + Duration::seconds(1));
  for (const double late : {0.0, 3.0, 2.0}) incidents.note_delay(Duration::seconds(late));
  EXPECT_EQ(incidents.longest_delay, Duration::seconds(3));
  EXPECT_EQ(incidents.own_steps, 0u);
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

TEST(Jumps, AClockThatStandsIsToldOnceAndSoIsItsEnd) {
  for (const double spacing_s : {1.0, 64.0}) {
    Jumps jumps;
    MonoTime mono = kMono;
    jumps.check(kRaw, mono);
    int told = 0;
    for (int i = 0; i < 200; ++i) {
      const auto jump = jumps.check(kRaw, mono += Duration::seconds(spacing_s));
      if (jump) {
        EXPECT_EQ(jump->kind, Jump::Kind::Stopped);
      }
      told += jump ? 1 : 0;
    }
    EXPECT_EQ(told, 1) << spacing_s;
    EXPECT_TRUE(jumps.stopped());
    RawTime raw = kRaw;
    for (int i = 0; i < 200; ++i) {
      const auto jump = jumps.check(raw += Duration::seconds(spacing_s), mono += Duration::seconds(spacing_s));
      if (jump) {
        EXPECT_EQ(jump->kind, Jump::Kind::RunsAgain);
      }
      told += jump ? 1 : 0;
    }
    EXPECT_EQ(told, 2) << spacing_s;
    EXPECT_FALSE(jumps.stopped());
  }
}

TEST(Jumps, AClockThatIsSlewedDoesNotStand) {
  Jumps jumps;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(4.5 * i), kMono + Duration::seconds(5.0 * i)));
  }
}

TEST(Jumps, AShortSleepIsKnownByTheTimeAsleep) {
  Jumps jumps;
  jumps.check(kRaw, kMono, Duration::seconds(100));
  const auto sleep = jumps.check(kRaw + Duration::seconds(9), kMono + Duration::seconds(4), Duration::seconds(105));
  ASSERT_TRUE(sleep);
  EXPECT_EQ(sleep->kind, Jump::Kind::Asleep);
  EXPECT_EQ(sleep->size, Duration::seconds(5));
  EXPECT_FALSE(jumps.check(kRaw + Duration::seconds(10), kMono + Duration::seconds(5), Duration::seconds(105.5)));
}

// The kernel adds the sleep to the clock: that alone is told.
TEST(Jumps, ALongSleepIsAStep) {
  Jumps jumps;
  jumps.check(kRaw, kMono, Duration::zero());
  const auto sleep = jumps.check(kRaw + Duration::seconds(3605), kMono + Duration::seconds(5), Duration::seconds(3600));
  ASSERT_TRUE(sleep);
  EXPECT_EQ(sleep->kind, Jump::Kind::Step);
  EXPECT_NEAR(sleep->size.to_seconds(), 3600, 1e-6);
}

TEST(Pauses, AreToldOnceUntilATimerIsOnTimeAgain) {
  Pauses pauses;
  EXPECT_FALSE(pauses.check(Duration::zero()));
  EXPECT_FALSE(pauses.check(Duration::seconds(10)));
  EXPECT_TRUE(pauses.check(Duration::seconds(600)));
  EXPECT_FALSE(pauses.check(Duration::seconds(590)));
  EXPECT_FALSE(pauses.check(Duration::zero())) << "no timer was due";
  EXPECT_FALSE(pauses.check(Duration::seconds(580)));
  EXPECT_FALSE(pauses.check(Duration::micros(50)));
  EXPECT_TRUE(pauses.check(Duration::seconds(11)));
}

}  // namespace
}  // namespace timed::daemon
