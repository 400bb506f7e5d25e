// What the reference says of the clock: to those who are served, to the kernel, to the operator.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/discipline/reference_inputs.h"
#include "timed/discipline/reference.h"

namespace timed::discipline {
namespace {

// ---- the frequency that the regression has measured ----

TEST(ReferenceReport, AMeasuredFrequencyCountsByTheSkews) {
  Reference reference({}, -20, 1);
  reference.set_skew(Frequency::ppm(1));
  ReferenceInput input = input_at(0, 0);
  input.estimate.frequency = input.estimate.skew = Frequency::ppm(2);
  constexpr double kGain = 3.0 / (3.0 + 4.0), kApplied = 2.0 * kGain, kLeft = 2.0 - kApplied;
  EXPECT_NEAR(reference.update(input, at(0), {}).clock.frequency.to_ppm(), kApplied, 1e-12);
  EXPECT_NEAR(reference.residual().to_ppm(), kLeft, 1e-12);
  EXPECT_NEAR(reference.skew().to_ppm(),
              1.0 + kGain + std::sqrt(kApplied * kApplied * (1.0 - kGain) + kLeft * kLeft * kGain), 1e-9);
}

// A frequency that was not corrected goes on to make the clock wrong.
TEST(ReferenceReport, DispersionGrowsByWhatWasNotCorrectedToo) {
  ReferenceOptions options;
  options.max_update_skew = Frequency::ppm(5);
  Reference reference(options, -20, 1);
  reference.set_skew(Frequency::ppm(1));
  ReferenceInput input = input_at(0, 0);
  input.estimate.frequency = Frequency::ppm(-40);
  input.estimate.skew = Frequency::ppm(6);
  reference.update(input, at(0), {});
  ASSERT_EQ(reference.residual(), Frequency::ppm(-40));
  const double rate_ppm = reference.skew().to_ppm() + 40.0 + 1.0;
  const Duration grown = reference.root_dispersion(at(100).local) - reference.root_dispersion(at(0).local);
  EXPECT_NEAR(grown.to_seconds(), 100 * rate_ppm * 1e-6, 1e-12);
  EXPECT_NEAR(reference.own_state(at(0)).dispersion_rate.to_ppm(), rate_ppm, 1e-9);
}

// Where our own frequency is the better one, its error and the offset's have nothing to do with one another.
TEST(ReferenceReport, ErrorsOfAnOffsetThatFollowsAreItsOwn) {
  Reference reference({}, -20, 1);
  reference.set_skew(Frequency::ppm(1e-3));
  ReferenceInput input = input_at(0, 0);
  input.estimate.frequency_sd = Frequency::ppm(20);
  input.estimate.skew = Frequency::ppm(20 * kBoundDeviations);
  input.estimate.offset_sd = Duration::micros(50);
  input.estimate.growth = Growth{0.8 * 50e-6 * 20e-6, 1e-30, {}, at(0).free};
  reference.update(input, at(0), {});
  EXPECT_NEAR(reference.sync_status(at(100), {}).estimated_error.to_seconds(), 30e-6, 1e-6);
}

// ---- what is served ----

TEST(ReferenceReport, ALeapSecondInProgressIsNoTimeToServe) {
  Reference reference({}, -20, 1);
  reference.update(input_at(0, 0), at(0), {});
  reference.set_leap(ntp::Leap::Insert, false);
  EXPECT_EQ(reference.own_state(at(1)).leap, ntp::Leap::Insert);
  reference.set_leap(ntp::Leap::Insert, true);
  EXPECT_EQ(reference.own_state(at(2)).leap, ntp::Leap::Unsynchronised);
  EXPECT_EQ(reference.tracking(at(2)).leap, ntp::Leap::Unsynchronised);
}

TEST(ReferenceReport, ReferenceTimesMoveWithAStep) {
  const Duration step = Duration::seconds(-500);
  Reference reference({}, -20, 1);
  reference.update(input_at(0, 0), at(0), {});
  const LocalTime served = reference.own_state(at(1)).reference_time;
  const Duration dispersion = reference.root_dispersion(at(10).local);
  reference.on_step(step);
  EXPECT_EQ(reference.own_state(at(1 - 500)).reference_time, served + step);
  EXPECT_NEAR((reference.root_dispersion(at(10 - 500).local) - dispersion).to_seconds(), 0.0, 1e-12);

  LocalReferenceOptions local;
  local.enabled = true;
  ReferenceOptions options;
  options.local = local;
  Reference alone(options, -20, 1);
  const LocalTime own = alone.own_state(at(10)).reference_time;
  alone.on_step(Duration::seconds(500));
  EXPECT_EQ(alone.own_state(at(510)).reference_time, own + Duration::seconds(500)) << "it is not yet due for another";
}

// Of an old estimate: what the clock would have read then, had it been right.  What it gains by the frequency it has
// gained since.
TEST(ReferenceReport, TheReferenceTimeIsOfTheClockAsItWillBe) {
  Reference reference({}, -20, 1);
  ReferenceInput input = input_at(0, 5);
  input.estimate.frequency = Frequency::ppm(1000);
  const ReferenceUpdate update = reference.update(input, at(10'000), {});
  ASSERT_NEAR(update.clock.offset.to_seconds(), 15.0, 1e-9);
  ASSERT_NEAR(update.clock.frequency.to_ppm(), 1000.0, 1e-2);
  const Duration grown = reference.root_dispersion(at(10'015).local) - Duration::millis(1);
  const Frequency rate = reference.skew() + abs(reference.residual()) + Frequency::ppm(1);
  EXPECT_NEAR(grown.to_seconds() / rate.to_ratio(), 10'010.0, 1e-3);
}

TEST(ReferenceReport, OffsetsAboveLogchangeAreReported) {
  ReferenceOptions options;
  options.log_change = Duration::seconds(0.1);
  Reference reference(options, -20, 1);
  EXPECT_FALSE(reference.update(input_at(0, 0.09), at(0), {}).report_offset);
  EXPECT_TRUE(reference.update(input_at(16, 0.11), at(16), {}).report_offset);
  EXPECT_TRUE(reference.update(input_at(32, -0.11), at(32), {}).report_offset);
}

TEST(ReferenceReport, WithoutALastUpdateTheIntervalIsUnknown) {
  Reference reference({}, -20, 1);
  reference.update(input_at(0, 0), at(0), {});
  reference.update(input_at(64, 0), at(64), {});
  EXPECT_EQ(reference.tracking(at(64)).last_interval, Duration::seconds(64));
  reference.on_unknown_step();
  reference.update(input_at(128, 0), at(128), {});
  EXPECT_EQ(reference.tracking(at(128)).last_interval, Duration::zero());
}

// What was measured across it may not be true.
TEST(ReferenceReport, AfterAnUnknownStepASourceMustCatchUpAgain) {
  for (const bool stepped : {false, true}) {
    Reference reference({}, -20, 1);
    reference.set_skew(Frequency::ppm(1));
    ReferenceInput input = input_at(0, 0);
    input.estimate.growth = Growth{0.0, 1e-30, {}, at(0).free};
    reference.update(input, at(0), {});
    if (stepped) reference.on_unknown_step();
    input = input_at(64, 0);
    input.estimate.frequency = Frequency::ppm(5);
    input.estimate.skew = Frequency::ppm(10);
    input.estimate.growth = Growth{0.0, 1e-30, {}, at(64).free};
    EXPECT_NEAR(reference.update(input, at(64), {}).clock.frequency.to_ppm(), stepped ? 0.05 : 5.0, 1e-6);
  }
}

// ---- the local reference ----

Reference with_local(LocalReferenceOptions local) {
  local.enabled = true;
  ReferenceOptions options;
  options.local = local;
  return {options, -20, 1};
}

TEST(ReferenceReport, ALocalReferenceThatIsOrderedBeginsAnew) {
  Reference reference = with_local({});
  reference.set_unsynchronised(at(0));
  EXPECT_TRUE(reference.own_state(at(1)).local_reference);
  LocalReferenceOptions ordered;
  ordered.enabled = true;
  ordered.activate = Duration::seconds(0.02);
  reference.set_local(ordered);
  EXPECT_FALSE(reference.own_state(at(2)).local_reference) << "it was not near since";
}

TEST(ReferenceReport, ALocalReferenceWaitsForSourcesThatAreSilent) {
  Reference reference = with_local({.distance = Duration::zero(), .wait_synced = Duration::seconds(300)});
  reference.update(input_at(0, 0), at(0), {});
  EXPECT_FALSE(reference.own_state(at(299)).local_reference);
  EXPECT_TRUE(reference.own_state(at(301)).local_reference);
}

// Each round without a majority says again that there is none.
TEST(ReferenceReport, ALocalReferenceWaitsFromTheFirstTimeOn) {
  Reference reference = with_local({.wait_unsynced = Duration::seconds(100)});
  for (int t_s = 0; t_s <= 90; t_s += 10) reference.set_unsynchronised(at(t_s));
  EXPECT_FALSE(reference.own_state(at(99)).local_reference);
  EXPECT_TRUE(reference.own_state(at(101)).local_reference);
}

}  // namespace
}  // namespace timed::discipline
