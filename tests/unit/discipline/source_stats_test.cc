#include "timed/discipline/source_stats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/unit/discipline/synthetic_exchanges.h"

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
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(stats.accumulate(sample_at(16 * i, 1e-3 + 16e-6 * i), {}), SampleVerdict::Added);
  }
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
  EXPECT_EQ(stats.accumulate(sample_at(16, 0), {}), SampleVerdict::BeganAnew);
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

// What the clock has done since counts against an old sample.
TEST(SourceStats, TheBestSampleIsTheBestNow) {
  SourceStats stats({}, kPrecision);
  LocalView view;
  for (int i = 0; i < 6; ++i) {
    Sample s = sample_at(16 * i, (i % 2) * 1e-6);
    if (i == 5) view.added_dispersion = Duration::millis(2);
    s.root_dispersion = Duration::micros(i == 5 ? 500 : 1);
    s.added_dispersion = view.added_dispersion;
    stats.accumulate(s, view);
  }
  const auto data = stats.selection_data(FreeTime::from_seconds(1080), view, {});
  ASSERT_TRUE(data);
  EXPECT_NEAR(data->root_distance.to_seconds(), 0.5e-3 + 0.5e-3, 1e-9) << "half the delay, and that of the last one";
}

TEST(SourceStats, AReferenceThatMovedTakesTheEstimateWithIt) {
  SourceStats stats({.estimator = EstimatorKind::Regression}, kPrecision);
  for (int i = 0; i < 6; ++i) stats.accumulate(sample_at(16 * i, 1e-3), {});
  stats.shift(Duration::seconds(-2));
  EXPECT_NEAR(stats.local_estimate({})->offset.to_seconds(), 1e-3 - 2.0, 1e-9);
  EXPECT_NEAR(stats.predict(FreeTime::from_seconds(1100), {}).to_seconds(), 1e-3 - 2.0, 1e-6);
  EXPECT_NEAR(stats.selection_data(FreeTime::from_seconds(1080), {}, {})->offset.to_seconds(), 1e-3 - 2.0, 1e-6);
}

// That a network delays one way only takes many samples to believe, which a restart must not cost again.
TEST(SourceStats, TheAsymmetryIsRestoredWithTheSamples) {
  SyntheticClock clock(4, {.wander_sd = 0.0, .forward_s = 1e-3, .backward_s = 1e-9});
  std::vector<Sample> samples;
  for (int i = 0; i < 20; ++i) samples.push_back(clock.next());
  SourceStats known({}, kPrecision), unknown({}, kPrecision);
  known.restore(samples, -20, {});
  unknown.restore(samples, 0, {});
  EXPECT_NEAR(known.asymmetry(), -0.5, 0.05);
  EXPECT_LT(known.asymmetry_run(), -15);
  EXPECT_EQ(unknown.asymmetry(), 0.0);
}

// ---- samples that are no measurements ----

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

// One for each number of a sample, made of a good one.
std::vector<Sample> no_measurements(const Sample& good) {
  std::vector<Sample> bad;
  const auto with = [&](auto&& spoil) { spoil(bad.emplace_back(good)); };
  for (const double value_s : {kNoNumber, kInfinite, -kInfinite, 9.1e9}) {
    const Duration value = Duration::seconds(value_s);
    // As whole nanoseconds an offset is a number always, which may be at the end of their range.
    with([&](Sample& s) { s.offset = WideDuration(s.measured = value); });
    if (value_s == value_s) with([&](Sample& s) { s.offset = s.offset + WideDuration(value); });
    for (Duration Sample::*const field :
         {&Sample::peer_delay, &Sample::peer_dispersion, &Sample::root_delay, &Sample::root_dispersion}) {
      with([&](Sample& s) { s.*field = value; });
    }
  }
  with([](Sample& s) { s.added_dispersion = Duration::seconds(kNoNumber); });
  return bad;
}

TEST(Samples, AreMeasurementsWhereTheyAreNumbersWithinReason) {
  Sample farthest = sample_at(0, 4.2e9, 65536.0);
  EXPECT_TRUE(is_measurement(farthest)) << "an era of NTP away, by the longest delay of the wire";
  farthest.peer_delay = Duration::seconds(-1e-4);
  EXPECT_TRUE(is_measurement(farthest)) << "clocks of another rate make delays negative";
  for (const Sample& bad : no_measurements(sample_at(0, 0))) EXPECT_FALSE(is_measurement(bad));
}

TEST(SourceStats, WhatIsNoMeasurementChangesNothingAndIsCounted) {
  for (const EstimatorKind kind : {EstimatorKind::Regression, EstimatorKind::Bayes}) {
    SourceStats stats({.estimator = kind}, kPrecision), twin({.estimator = kind}, kPrecision);
    SyntheticClock clock(5, {});
    for (int i = 0; i < 12; ++i) {
      const Sample s = clock.next();
      stats.accumulate(s, {});
      twin.accumulate(s, {});
    }
    std::uint64_t refused = 0;
    const auto same = [&] {
      const FreeTime now = clock.next().when;
      EXPECT_EQ(stats.samples(), twin.samples());
      EXPECT_EQ(stats.selection_data(now, {}, {})->root_distance, twin.selection_data(now, {}, {})->root_distance);
      EXPECT_EQ(stats.selection_data(now, {}, {})->offset, twin.selection_data(now, {}, {})->offset);
      EXPECT_EQ(stats.local_estimate({})->offset, twin.local_estimate({})->offset);
      EXPECT_EQ(stats.steering_estimate({})->offset, twin.steering_estimate({})->offset);
      EXPECT_EQ(stats.steering_estimate({})->root_dispersion, twin.steering_estimate({})->root_dispersion);
      EXPECT_EQ(stats.steering_estimate({})->skew, twin.steering_estimate({})->skew);
      EXPECT_EQ(stats.last_sample({})->measured, twin.last_sample({})->measured);
      EXPECT_EQ(stats.telling_samples(), twin.telling_samples());
      EXPECT_EQ(stats.expectation(), twin.expectation());
    };
    for (const Sample& bad : no_measurements(clock.next())) {
      EXPECT_EQ(stats.accumulate(bad, {}), SampleVerdict::Refused);
      EXPECT_EQ(stats.refused(), ++refused);
      same();
    }
    const Sample good = clock.next();
    EXPECT_EQ(stats.accumulate(good, {}), SampleVerdict::Added);
    twin.accumulate(good, {});
    same();
    EXPECT_EQ(twin.refused(), 0u);
  }
}

TEST(SourceStats, WhatIsNoMeasurementIsNotRestored) {
  for (const EstimatorKind kind : {EstimatorKind::Regression, EstimatorKind::Bayes}) {
    SourceStats stats({.estimator = kind}, kPrecision), twin({.estimator = kind}, kPrecision);
    SyntheticClock clock(6, {});
    std::vector<Sample> samples, good;
    for (int i = 0; i < 10; ++i) {
      samples.push_back(good.emplace_back(clock.next()));
      if (i != 4) continue;
      for (Sample bad : no_measurements(clock.next())) {
        clock.advance(1.0);
        bad.when = clock.sample(0.0, 0.0).when;
        samples.push_back(bad);
      }
    }
    stats.restore(samples, 0, {});
    twin.restore(good, 0, {});
    EXPECT_EQ(stats.refused(), samples.size() - good.size());
    EXPECT_EQ(stats.samples(), twin.samples());
    EXPECT_EQ(stats.local_estimate({})->offset, twin.local_estimate({})->offset);
    EXPECT_EQ(stats.steering_estimate({})->offset, twin.steering_estimate({})->offset);
  }
}

// ---- with the estimator ----

TEST(SourceStats, TheEstimatorSteersAndTheRegressionReports) {
  SourceStats regression({.estimator = EstimatorKind::Regression}, kPrecision);
  SourceStats bayes({.estimator = EstimatorKind::Bayes}, kPrecision);
  SyntheticClock clock(1, {});
  EXPECT_FALSE(bayes.steering_estimate({}));
  EXPECT_EQ(regression.estimator(), nullptr);
  for (int i = 0; i < 40; ++i) {
    const Sample s = clock.next();
    regression.accumulate(s, {});
    bayes.accumulate(s, {});
  }
  const auto reported = bayes.local_estimate({}), steering = bayes.steering_estimate({});
  ASSERT_TRUE(reported && steering);
  EXPECT_EQ(reported->offset, regression.local_estimate({})->offset);
  EXPECT_EQ(regression.steering_estimate({})->offset, reported->offset);
  EXPECT_FALSE(regression.steering_estimate({})->growth);
  EXPECT_EQ(bayes.report({}, {}).offset_sd, regression.report({}, {}).offset_sd);
  ASSERT_TRUE(steering->growth);
  EXPECT_NE(steering->offset, reported->offset);
  EXPECT_LT(std::fabs(steering->offset.to_seconds() - clock.offset_s()), 6 * steering->offset_sd.to_seconds());
  EXPECT_GT(steering->skew, steering->frequency_sd * 3.5);
  EXPECT_EQ(bayes.telling_samples(), bayes.estimator()->posterior()->recent);
  EXPECT_EQ(regression.telling_samples(), regression.samples());
  clock.advance(64.0);
  bayes.accumulate(clock.sample(clock.offset_s(), 2.5e-4), {});
  EXPECT_EQ(bayes.expectation(), Expectation::Met);
  clock.advance(64.0);
  for (SourceStats* stats : {&bayes, &regression}) stats->accumulate(clock.sample(clock.offset_s() + 0.01, 2.5e-4), {});
  EXPECT_EQ(bayes.expectation(), Expectation::Contradicted);
  EXPECT_EQ(regression.expectation(), Expectation::Met);
  bayes.reset();
  EXPECT_FALSE(bayes.steering_estimate({}));
}

TEST(SourceStats, TheEstimatorSeesTheSteeredClockAsTheRegressionDoes) {
  SourceStats stats({.estimator = EstimatorKind::Bayes}, kPrecision);
  SyntheticClock clock(2, {});
  for (int i = 0; i < 20; ++i) stats.accumulate(clock.next(), {});
  LocalView steered;
  steered.start = FreeTime::from_seconds(1000);
  steered.local_minus_free = WideDuration(Duration::seconds(0.1));
  steered.rate = Frequency::ppm(100);
  const auto estimate = stats.steering_estimate(steered);
  ASSERT_TRUE(estimate);
  EXPECT_LT(abs(estimate->offset), Duration::micros(200)) << "the clock of the tests is slow by just that";
  EXPECT_LT(abs(estimate->frequency), Frequency::ppm(1));
  EXPECT_LT(abs(stats.predict(FreeTime::from_seconds(1000 + 64 * 21), steered)), Duration::micros(400));
}

// A server 15 ms away.
SyntheticClock far_away(std::uint64_t seed) {
  return {seed, {.base_s = 15e-3, .forward_s = 3e-3, .backward_s = 3e-3}};
}

// A reference that steps and steps back again, before there is anything that it contradicts, looks like a clock that
// wanders without measure.
TEST(SourceStats, AnEstimatorThatIsLostBeginsAnew) {
  int begun_anew = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SourceStats stats({.estimator = EstimatorKind::Bayes}, kPrecision);
    SyntheticClock clock = far_away(seed);
    for (int i = 0; i < 40; ++i) {
      Sample sample = clock.next();
      if (i >= 1 && i < 4) sample.offset = sample.offset + WideDuration(Duration::seconds(0.2));
      stats.accumulate(sample, {});
    }
    const auto steering = stats.steering_estimate({});
    ASSERT_TRUE(steering && steering->growth);
    EXPECT_LT(steering->skew, Frequency::ppm(20)) << seed;
    EXPECT_NEAR(steering->offset.to_seconds(), clock.offset_s(), 3e-3) << seed;
    if (stats.begun_anew() > 0) ++begun_anew;
  }
  EXPECT_GE(begun_anew, 5);
}

// Samples that it holds back are in the history, where the regression makes little of them: they are not what it has
// not looked at yet, and not what it is to begin anew with.
TEST(SourceStats, AnEstimatorThatIsLostIsNotHiddenByWhatItHeldBack) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SourceStats stats({.estimator = EstimatorKind::Bayes}, kPrecision);
    SyntheticClock clock = far_away(seed);
    for (int i = 0; i <= 60; ++i) {
      Sample sample = clock.next();
      if (i >= 1 && i < 4) sample.offset = sample.offset + WideDuration(Duration::seconds(0.2));
      if (i >= 8 && i % 3 == 2) {
        sample.offset = sample.offset + WideDuration(Duration::seconds(5.0));
        sample.peer_dispersion = sample.root_dispersion = Duration::seconds(10.0);
      }
      stats.accumulate(sample, {});
    }
    EXPECT_GT(stats.estimator()->counts().held_back, 10u);
    const auto steering = stats.steering_estimate({});
    ASSERT_TRUE(steering && steering->growth);
    const double error_s = std::fabs(steering->offset.to_seconds() - clock.offset_s());
    if (steering->skew < Frequency::ppm(10) && error_s < 3e-3) ++found;
  }
  EXPECT_EQ(found, 8) << "in the other two the regression has not dropped the steps either";
}

TEST(SourceStats, TheEstimatorIsRestoredWithTheSamples) {
  SourceStats before({.estimator = EstimatorKind::Bayes}, kPrecision);
  SourceStats after({.estimator = EstimatorKind::Bayes}, kPrecision);
  SyntheticClock clock(3, {});
  std::vector<Sample> samples;
  for (int i = 0; i < 20; ++i) before.accumulate(samples.emplace_back(clock.next()), {});
  after.restore(samples, 0, {});
  ASSERT_TRUE(before.steering_estimate({}) && after.steering_estimate({}));
  const Duration apart = before.steering_estimate({})->offset - after.steering_estimate({})->offset;
  EXPECT_LT(abs(apart), before.steering_estimate({})->offset_sd);
  EXPECT_TRUE(after.steering_estimate({})->growth);
  before.shift(Duration::seconds(1));
  EXPECT_NEAR((before.steering_estimate({})->offset - after.steering_estimate({})->offset).to_seconds(),
              1.0 + apart.to_seconds(), 1e-9);
}

// Fewer than three samples are what was asked for: the regression's way of taking the last one is all there is.
TEST(SourceStats, TheRegressionStandsInWhereTheEstimatorIsSilent) {
  SourceStats one({.max_samples = 1, .estimator = EstimatorKind::Bayes}, kPrecision);
  for (int i = 0; i < 5; ++i) one.accumulate(sample_at(16 * i, 0.5), {});
  const auto estimate = one.steering_estimate({});
  ASSERT_TRUE(estimate);
  EXPECT_FALSE(estimate->growth);
  EXPECT_EQ(estimate->offset, Duration::seconds(0.5));
}

}  // namespace
}  // namespace timed::discipline
