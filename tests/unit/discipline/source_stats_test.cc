#include "timed/discipline/source_stats.h"

#include <gtest/gtest.h>

#include <limits>

namespace timed::discipline {
namespace {

constexpr Duration kPrecision = Duration::nanos(100);

Sample sample_at(double t_s, double offset_s, double delay_s = 1e-3) {
  Sample s;
  s.when = FreeTime::from_seconds(1000) + Duration::seconds(t_s);
  s.offset = WideDuration(Duration::seconds(offset_s));
  s.measured = Duration::seconds(offset_s);
  s.peer_delay = s.root_delay = Duration::seconds(delay_s);
  s.peer_dispersion = s.root_dispersion = Duration::micros(1);
  s.stratum = 2;
  return s;
}

TEST(SampleHistory, KeepsNoMoreThanItsCapacityAndAsManyRunsSamples) {
  SampleHistory history(4);
  for (int i = 0; i < 20; ++i) history.add(sample_at(i, i));
  EXPECT_EQ(history.size(), 4u);
  EXPECT_EQ(history.runs_size(), 3u);
  EXPECT_EQ(history.last().measured, Duration::seconds(19));
  EXPECT_EQ(history.at(0).measured, Duration::seconds(16));
  EXPECT_EQ(history.at(-1).measured, Duration::seconds(15));
  history.retire(3);
  EXPECT_EQ(history.size(), 1u);
  EXPECT_EQ(history.runs_size(), 1u);
}

TEST(SourceStats, KnowsNothingAtFirst) {
  SourceStats stats({}, kPrecision);
  EXPECT_EQ(stats.samples(), 0u);
  EXPECT_FALSE(stats.regression_ok());
  EXPECT_EQ(stats.skew(), Frequency::ppm(2000));
  EXPECT_EQ(stats.std_dev(), Duration::seconds(4));
  EXPECT_EQ(stats.min_delay(), Duration::infinity());
  EXPECT_FALSE(stats.selection_data({}, {}, Duration::seconds(1)));
  EXPECT_FALSE(stats.local_estimate({}));
  EXPECT_FALSE(stats.delay_test_data());
  EXPECT_FALSE(stats.last_sample({}));
  EXPECT_EQ(stats.predict({}, {}), Duration::zero());
  const StatsReport report = stats.report({}, {});
  EXPECT_EQ(report.samples, 0u);
  EXPECT_EQ(report.std_dev, Duration::seconds(4));
}

TEST(SourceStats, FitsALineAndCarriesItOn) {
  SourceStats stats({}, kPrecision);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(stats.accumulate(sample_at(16 * i, 1e-3 + 16e-6 * i), {}));
  EXPECT_TRUE(stats.regression_ok());
  EXPECT_NEAR(stats.frequency().to_ppm(), 1.0, 1e-6);
  EXPECT_NEAR(stats.predict(FreeTime::from_seconds(1000 + 160), {}).to_seconds(), 1e-3 + 160e-6, 1e-9);
  EXPECT_TRUE(stats.delay_test_data());
}

// Steering changes the view, never the samples: what is left to correct follows from the view alone.
TEST(SourceStats, SteeringChangesTheViewAndNotTheHistory) {
  SourceStats stats({}, kPrecision);
  for (int i = 0; i < 6; ++i) stats.accumulate(sample_at(16 * i, 1e-3 + 16e-6 * i), {});
  LocalView steered;
  steered.start = FreeTime::from_seconds(1000 + 80);
  steered.local_minus_free = WideDuration(Duration::seconds(1e-3 + 80e-6));
  steered.rate = Frequency::ppm(1);
  const auto estimate = stats.local_estimate(steered);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->offset.to_seconds(), 0.0, 1e-12);
  EXPECT_NEAR(estimate->frequency.to_ppm(), 0.0, 1e-6);
}

TEST(SourceStats, StartsAnewAfterASampleOutOfOrder) {
  SourceStats stats({}, kPrecision);
  for (int i = 0; i < 5; ++i) stats.accumulate(sample_at(16 * i, 0), {});
  EXPECT_FALSE(stats.accumulate(sample_at(16, 0), {}));
  EXPECT_EQ(stats.samples(), 1u);
  EXPECT_FALSE(stats.regression_ok());
}

TEST(SourceStats, MirrorsDelaysBelowTheFixedOne) {
  SourceStats stats({.min_delay = Duration::millis(1)}, kPrecision);
  stats.accumulate(sample_at(0, 0, 0.4e-3), {});
  EXPECT_NEAR(stats.history().last().peer_delay.to_seconds(), 1.6e-3, 1e-12);
  EXPECT_EQ(stats.min_delay(), Duration::millis(1));
}

TEST(SourceStats, OneSampleIsUsableOnlyWhereNoMoreAreWanted) {
  SourceStats one({.max_samples = 1}, kPrecision);
  one.accumulate(sample_at(0, 0.5), {});
  const auto data = one.selection_data(FreeTime::from_seconds(1000), {}, Duration::seconds(1));
  ASSERT_TRUE(data);
  EXPECT_TRUE(data->usable);
  EXPECT_EQ(data->std_dev, Duration::seconds(1));
  SourceStats many({}, kPrecision);
  many.accumulate(sample_at(0, 0.5), {});
  EXPECT_FALSE(many.selection_data(FreeTime::from_seconds(1000), {}, Duration::seconds(1))->usable);
}

TEST(SourceStats, DistanceGrowsWithAgeAndAddedDispersion) {
  SourceStats stats({}, kPrecision);
  for (int i = 0; i < 6; ++i) stats.accumulate(sample_at(16 * i, (i % 2) * 1e-6), {});
  const FreeTime now = FreeTime::from_seconds(1080);
  const auto fresh = stats.selection_data(now, {}, {});
  const auto old = stats.selection_data(now + Duration::seconds(1000), {}, {});
  LocalView disturbed;
  disturbed.added_dispersion = Duration::millis(2);
  const auto after = stats.selection_data(now, disturbed, {});
  ASSERT_TRUE(fresh && old && after);
  EXPECT_NEAR((old->root_distance - fresh->root_distance).to_seconds(), 1000 * stats.skew().to_ratio(), 1e-12);
  EXPECT_NEAR((after->root_distance - fresh->root_distance).to_seconds(), 2e-3, 1e-12);
}

}  // namespace
}  // namespace timed::discipline
