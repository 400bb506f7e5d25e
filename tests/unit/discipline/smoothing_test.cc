// The plan is compared with what a numerical integration of its wander gives.
#include "timed/discipline/smoothing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "timed/base/random.h"

namespace timed::discipline {
namespace {

const LocalTime kStart = LocalTime::from_seconds(1'700'000'000);

ClockChange change(LocalTime at, double jump_s, double gained_ppm = 0.0) {
  return {RawTime(), at, Frequency::ppm(gained_ppm), Duration::seconds(jump_s)};
}

SmoothingOptions options(double max_ppm, double wander_ppm, bool leap_only = false) {
  return {Frequency::ppm(max_ppm), wander_ppm * 1e-6, leap_only};
}

// Follows the reported wander in small steps from a change on, and checks the rest of the report against that.
void follow(Smoothing& smoothing, LocalTime from, double max_ppm, double wander_ppm) {
  const SmoothingReport begin = smoothing.report(from);
  const double length = begin.remaining.to_seconds();
  const int steps = 20'000;
  const double dt = length / steps;
  double offset = begin.offset.to_seconds(), rate = begin.frequency.to_ratio();
  const double beyond = std::max(max_ppm * 1e-6, std::fabs(rate));
  for (int i = 0; i < steps; ++i) {
    const auto middle = smoothing.report(from + Duration::seconds((i + 0.5) * dt));
    EXPECT_LE(std::fabs(middle.wander), wander_ppm * 1e-6 * 1.0001);
    EXPECT_LE(std::fabs(middle.frequency.to_ratio()), beyond * 1.0001);
    offset += rate * dt + middle.wander * dt * dt / 2.0;
    rate += middle.wander * dt;
  }
  const double rate_error = wander_ppm * 1e-6 * dt * 3.0;
  EXPECT_NEAR(offset, 0.0, rate_error * length + 1e-8);
  EXPECT_NEAR(rate, 0.0, rate_error);
  const auto end = smoothing.report(from + Duration::seconds(length + 10.0));
  EXPECT_NEAR(end.offset.to_seconds(), 0.0, 2e-9 + length * length * wander_ppm * 1e-6 * 1e-12);
  EXPECT_NEAR(end.frequency.to_ratio(), 0.0, 1e-12);
  EXPECT_EQ(end.remaining, Duration::zero());
}

TEST(Smoothing, ALeapSmearTakesSeventeenHours) {
  Smoothing smoothing(options(400, 0.001024, true));
  ASSERT_TRUE(smoothing.activate(kStart));
  smoothing.on_leap(kStart, -1, true);
  const LocalTime after = kStart - Duration::seconds(1);
  EXPECT_NEAR(smoothing.report(after).offset.to_seconds(), 1.0, 1e-12) << "served time has not jumped";
  EXPECT_NEAR(smoothing.report(after).remaining.to_seconds(), 62'500.0, 1e-3);
  EXPECT_NEAR(smoothing.report(after + Duration::seconds(31'250)).frequency.to_ppm(), -32.0, 1e-6);
  EXPECT_NEAR(smoothing.report(after + Duration::seconds(31'250)).offset.to_seconds(), 0.5, 1e-6);
  follow(smoothing, after, 400, 0.001024);
}

TEST(Smoothing, EveryChangeEndsInPeace) {
  const std::uint64_t seed = 11;
  SeededRandom random(seed);
  for (int i = 0; i < 60; ++i) {
    const double max_ppm = std::pow(10.0, random.uniform(0.0, 4.0));
    const double wander_ppm = max_ppm * std::pow(10.0, random.uniform(-4.0, -1.0));
    SCOPED_TRACE(testing::Message() << "seed " << seed << " round " << i << ": " << max_ppm << ' ' << wander_ppm);
    Smoothing smoothing(options(max_ppm, wander_ppm));
    ASSERT_TRUE(smoothing.activate(kStart));
    LocalTime at = kStart;
    for (int changes = 0; changes < 3; ++changes) {
      const double jump = random.uniform(-1.0, 1.0) * max_ppm * max_ppm / wander_ppm * 1e-6 * random.uniform(0.0, 4.0);
      smoothing.on_adjustment(change(at, jump, random.uniform(-0.5, 0.5) * max_ppm), Frequency::zero());
      at += Duration::seconds(jump);
      follow(smoothing, at, max_ppm, wander_ppm);
      at += smoothing.report(at).remaining * random.uniform(0.0, 1.2);
    }
  }
}

// Counted by hand: 100 ppm and 1 ppm a second let an offset of 10 ms just reach the limit, after 100 s.
TEST(Smoothing, ThePlanIsThatOfTheFormulas) {
  struct Stage {
    double at_s, offset_s, ppm;  // of served time, when so many seconds have gone by
  };
  struct Case {
    double jump_s, length_s;
    std::vector<Stage> stages;
  };
  const Case cases[] = {
      // Two stages of 50 s: half of 2.5 ms each.
      {2.5e-3, 100, {{50, -1.25e-3, 50}, {100, 0, 0}}},
      {10e-3, 200, {{50, -8.75e-3, 50}, {100, -5e-3, 100}, {200, 0, 0}}},
      // 5 ms up to the limit, 20 ms on it in 200 s, 5 ms down from it.
      {30e-3, 400, {{100, -25e-3, 100}, {200, -15e-3, 100}, {300, -5e-3, 100}, {350, -1.25e-3, 50}, {400, 0, 0}}},
  };
  for (const Case& c : cases) {
    for (const double sign : {1.0, -1.0}) {
      Smoothing smoothing(options(100, 1));
      smoothing.activate(kStart);
      smoothing.on_adjustment(change(kStart, sign * c.jump_s), Frequency::zero());
      const LocalTime begin = kStart + Duration::seconds(sign * c.jump_s);
      EXPECT_NEAR(smoothing.report(begin).remaining.to_seconds(), c.length_s, 1e-6);
      for (const Stage& stage : c.stages) {
        const SmoothingReport report = smoothing.report(begin + Duration::seconds(stage.at_s));
        EXPECT_NEAR(report.offset.to_seconds(), sign * stage.offset_s, 1e-11) << c.jump_s << ' ' << stage.at_s;
        EXPECT_NEAR(report.frequency.to_ppm(), sign * stage.ppm, 1e-6) << c.jump_s << ' ' << stage.at_s;
        EXPECT_NEAR(report.since_update.to_seconds(), stage.at_s, 1e-9);
      }
    }
  }
}

// Faster than the limit already, as after a change of the clock's frequency: nothing is cut off but the part of the
// peak that is still to come, and the middle lasts as long as that was.  Here f = 150 ppm at a limit of 100, and 1 ppm
// a second: for 50 ms the peak would be p² = 50 ms · w + f²/2 = (247.5 ppm)², 97.5 s away.
TEST(Smoothing, APeakThatIsCutOffAtTheStartKeepsItsArea) {
  for (const double sign : {1.0, -1.0}) {
    Smoothing smoothing(options(100, 1));
    smoothing.activate(kStart);
    smoothing.on_adjustment(change(kStart, sign * 50e-3, -sign * 150.0), Frequency::zero());
    const LocalTime begin = kStart + Duration::seconds(sign * 50e-3);
    const SmoothingReport report = smoothing.report(begin);
    EXPECT_NEAR(report.offset.to_seconds(), -sign * 50e-3, 1e-12);
    EXPECT_NEAR(report.frequency.to_ppm(), sign * 150.0, 0.05);
    EXPECT_EQ(report.wander, 0.0) << "at the height that it has";
    // 38.75 ms at 150 ppm, then 11.25 ms on the way down.
    EXPECT_NEAR(report.remaining.to_seconds(), 38.75e-3 / 150e-6 + 150.0, 0.2);
    EXPECT_NEAR(smoothing.report(begin + report.remaining).offset.to_seconds(), 0.0, 1e-9);
    follow(smoothing, begin, 150.1, 1);
  }
}

// A frequency alone: 60 ppm are taken back within 1 ppm a second, and the 1.8 ms of that minute with them.  The other
// direction first: the peak p on that side has p²/w = f²/(2 w), then as long down.
TEST(Smoothing, AChangeOfFrequencyIsTakenBack) {
  Smoothing smoothing(options(100, 1));
  smoothing.activate(kStart);
  smoothing.on_adjustment(change(kStart, 0.0, 60.0), Frequency::zero());
  const SmoothingReport report = smoothing.report(kStart);
  EXPECT_NEAR(report.frequency.to_ppm(), -60.0, 0.01) << "served time goes on as it did";
  const double peak_s = 60.0 / std::sqrt(2.0);
  EXPECT_NEAR(report.remaining.to_seconds(), 60.0 + 2.0 * peak_s, 0.02);
  EXPECT_NEAR(report.wander, 1e-6, 1e-12);
  EXPECT_NEAR(smoothing.report(kStart + Duration::seconds(60)).offset.to_seconds(), -1.8e-3, 1e-6);
  EXPECT_NEAR(smoothing.report(kStart + Duration::seconds(60 + peak_s)).frequency.to_ppm(), peak_s, 0.02);
}

TEST(Smoothing, ServedTimeGoesOnThroughACorrection) {
  Smoothing smoothing(options(100, 0.01));
  smoothing.activate(kStart);
  smoothing.on_adjustment(change(kStart, 1e-3, 5.0), Frequency::zero());
  const LocalTime after = kStart + Duration::millis(1);
  EXPECT_NEAR(smoothing.report(after).offset.to_seconds(), -1e-3, 1e-12) << "served is what it was";
  EXPECT_NEAR(smoothing.report(after).frequency.to_ppm(), -5.0, 1e-3) << "and as fast as it was";
}

// A clock that now runs so much faster counts more seconds in the same time.
TEST(Smoothing, ServedTimeGoesOnAsFastAfterALargeChange) {
  Smoothing smoothing(options(20'000, 1));
  smoothing.activate(kStart);
  smoothing.on_adjustment(change(kStart, 0.0, 10'000.0), Frequency::zero());
  EXPECT_NEAR(smoothing.report(kStart).frequency.to_ppm(), -10'000.0 / 1.01, 1e-6);
}

TEST(Smoothing, WaitsForAFrequencyThatIsKnown) {
  Smoothing smoothing(options(400, 0.01));
  EXPECT_FALSE(smoothing.on_adjustment(change(kStart, 0.5), Frequency::ppm(100.1)));
  EXPECT_FALSE(smoothing.active());
  EXPECT_TRUE(smoothing.on_adjustment(change(kStart, 0.5), Frequency::ppm(99.9)));
  EXPECT_TRUE(smoothing.active());
  EXPECT_EQ(smoothing.report(kStart).offset, Duration::zero()) << "what activates it is not smoothed";
}

TEST(Smoothing, WithLeapOnlyTheFirstCorrectionActivates) {
  Smoothing smoothing(options(400, 0.001, true));
  EXPECT_TRUE(smoothing.on_adjustment(change(kStart, 0.5), Frequency::ratio(1)));
  smoothing.on_adjustment(change(kStart, 0.5, 10.0), Frequency::zero());
  EXPECT_EQ(smoothing.report(kStart).offset, Duration::zero());
  smoothing.on_leap(kStart, -1, false);
  EXPECT_EQ(smoothing.report(kStart).offset, Duration::zero()) << "the kernel's own is not smoothed";
}

// The plan is counted by local time, which has leapt: it goes on where it was.
TEST(Smoothing, ALeapOfTheKernelDoesNotDisturbAPlan) {
  for (const int seconds : {1, -1}) {
    Smoothing smoothing(options(100, 1));
    smoothing.activate(kStart);
    smoothing.on_adjustment(change(kStart, 30e-3), Frequency::zero());
    const LocalTime before = kStart + Duration::seconds(70);
    const SmoothingReport plan = smoothing.report(before);
    smoothing.on_leap(before, seconds, false);
    const SmoothingReport after = smoothing.report(before + Duration::seconds(seconds));
    EXPECT_NEAR((after.offset - plan.offset).to_seconds(), 0.0, 1e-12);
    EXPECT_NEAR((after.frequency - plan.frequency).to_ppm(), 0.0, 1e-6);
    EXPECT_NEAR((after.remaining - plan.remaining).to_seconds(), 0.0, 1e-6);
  }
}

TEST(Smoothing, WithoutItASlewedLeapIsACorrection) {
  Smoothing smoothing(options(400, 0.001));
  smoothing.activate(kStart);
  smoothing.on_leap(kStart, 1, false);
  EXPECT_EQ(smoothing.report(kStart).offset, Duration::zero()) << "by the kernel";
  smoothing.on_leap(kStart, 1, true);
  EXPECT_NEAR(smoothing.report(kStart + Duration::seconds(1)).offset.to_seconds(), -1.0, 1e-12);
}

TEST(Smoothing, OffUnlessBothLimitsArePositive) {
  for (const auto& o : {options(0, 1), options(1, 0), options(-1, 1)}) {
    Smoothing smoothing(o);
    EXPECT_FALSE(smoothing.activate(kStart));
    EXPECT_FALSE(smoothing.reset(kStart));
    EXPECT_EQ(smoothing.served(kStart).offset, Duration::zero());
  }
}

TEST(Smoothing, ResetEndsItAtOnce) {
  Smoothing smoothing(options(400, 0.001, true));
  EXPECT_FALSE(smoothing.reset(kStart)) << "not active";
  smoothing.activate(kStart);
  smoothing.on_leap(kStart, -1, true);
  EXPECT_TRUE(smoothing.reset(kStart));
  EXPECT_EQ(smoothing.report(kStart).offset, Duration::zero());
  EXPECT_TRUE(smoothing.active());
}

// What is published once a second is as good as the bound that ServedOffset states.
TEST(Smoothing, APublishedParabolaHoldsForASecond) {
  Smoothing smoothing(options(30, 0.5));
  smoothing.activate(kStart);
  smoothing.on_adjustment(change(kStart, 2e-3), Frequency::zero());
  for (int i = 0; i < 2000; ++i) {
    const LocalTime published = kStart + Duration::millis(100.0 * i);
    const ServedOffset served = smoothing.served(published);
    const LocalTime later = published + Duration::seconds(1);
    EXPECT_NEAR(served.at(later).to_seconds(), smoothing.report(later).offset.to_seconds(), 0.5e-6 + 1e-12);
  }
}

}  // namespace
}  // namespace timed::discipline
