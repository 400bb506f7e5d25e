#include "timed/discipline/fallback_drift.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::discipline {
namespace {

Duration s(double seconds) {
  return Duration::seconds(seconds);
}

void expect_nothing(const FallbackDrift::Plan& plan) {
  EXPECT_FALSE(plan.frequency.has_value());
  EXPECT_FALSE(plan.wait.has_value());
}

TEST(FallbackDrift, OffByDefaultAndWithLimitsThatMakeNoSense) {
  for (const FallbackDriftOptions& options :
       {FallbackDriftOptions{}, FallbackDriftOptions{0, 5}, FallbackDriftOptions{6, 5}, FallbackDriftOptions{-1, 3}}) {
    FallbackDrift drift(options);
    for (int i = 0; i < 100; ++i) drift.note_update(s(64), Frequency::ppm(5));
    expect_nothing(drift.plan(s(1e6)));
  }
}

// 2^k seconds of averages take twice as long: each update counts for half of its interval.
TEST(FallbackDrift, AnAverageWaitsUntilItIsFilled) {
  FallbackDrift drift({4, 4});
  drift.note_update(s(16), Frequency::ppm(10));  // covers 8 s
  expect_nothing(drift.plan(s(100)));
  drift.note_update(s(16), Frequency::ppm(20));
  const auto plan = drift.plan(s(100));
  ASSERT_TRUE(plan.frequency.has_value());
  EXPECT_NEAR(plan.frequency->to_ppm(), 15.0, 1e-12);  // (8·10 + 8·20) / 16
  EXPECT_FALSE(plan.wait.has_value());
}

TEST(FallbackDrift, AFilledAverageDecays) {
  FallbackDrift drift({4, 4});
  drift.note_update(s(32), Frequency::ppm(10));
  drift.note_update(s(8), Frequency::ppm(20));
  // 10 + (1 - e^(-8/16)) · 10
  EXPECT_NEAR(drift.plan(s(16)).frequency->to_ppm(), 10.0 + 10.0 * (1.0 - std::exp(-0.5)), 1e-12);
}

TEST(FallbackDrift, ShortIntervalsDoNotCount) {
  FallbackDrift drift({4, 4});
  drift.note_update(s(32), Frequency::ppm(10));
  drift.note_update(s(0.99), Frequency::ppm(1000));
  drift.note_update(s(0), Frequency::ppm(1000));
  EXPECT_NEAR(drift.plan(s(16)).frequency->to_ppm(), 10.0, 1e-12);
}

// The longer nothing is heard the longer the average.
TEST(FallbackDrift, GoesFromAverageToAverage) {
  FallbackDrift drift({4, 6});
  drift.note_update(s(128), Frequency::ppm(10));  // 64 s: fills all
  drift.note_update(s(16), Frequency::ppm(30));
  const auto average = [](double k) { return 10.0 + 20.0 * (1.0 - std::exp(-16.0 / std::exp2(k))); };

  const auto after_update = drift.plan(s(0));
  EXPECT_FALSE(after_update.frequency.has_value());
  EXPECT_EQ(after_update.wait, s(16));
  EXPECT_NEAR(drift.due().to_ppm(), average(4), 1e-9);

  const auto first = drift.plan(s(16));  // synchronisation was lost by it
  EXPECT_FALSE(first.frequency.has_value());
  EXPECT_EQ(first.wait, s(16));
  EXPECT_NEAR(drift.due().to_ppm(), average(5), 1e-9);

  const auto second = drift.plan(s(32.5));
  EXPECT_EQ(second.wait, s(31.5));
  EXPECT_NEAR(drift.due().to_ppm(), average(6), 1e-9);
  expect_nothing(drift.plan(s(64)));

  // An update begins again.
  drift.note_update(s(2), Frequency::ppm(10));
  EXPECT_EQ(drift.plan(s(0)).wait, s(16));
}

// Where synchronisation is lost long after the last update the averages in between are passed over.
TEST(FallbackDrift, TakesTheLongestThatWasPassed) {
  FallbackDrift drift({4, 7});
  drift.note_update(s(256), Frequency::ppm(10));
  drift.note_update(s(16), Frequency::ppm(30));
  const auto plan = drift.plan(s(40));  // more than 32, less than 64
  ASSERT_TRUE(plan.frequency.has_value());
  EXPECT_NEAR(plan.frequency->to_ppm(), 10.0 + 20.0 * (1.0 - std::exp(-0.5)), 1e-9);
  EXPECT_EQ(plan.wait, s(24));
}

TEST(FallbackDrift, SkipsAveragesThatAreNotFilled) {
  FallbackDrift drift({4, 6});
  drift.note_update(s(40), Frequency::ppm(10));  // 20 s: the first only
  EXPECT_EQ(drift.plan(s(0)).wait, s(16));
  expect_nothing(drift.plan(s(16)));
  expect_nothing(drift.plan(s(1000)));
}

}  // namespace
}  // namespace timed::discipline
