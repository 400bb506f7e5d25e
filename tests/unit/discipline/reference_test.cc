#include "timed/discipline/reference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/discipline/reference_inputs.h"

namespace timed::discipline {
namespace {

TEST(Reference, SaysNothingBeforeTheFirstUpdate) {
  Reference reference({}, -20, 1);
  const OwnState own = reference.own_state(at(0));
  EXPECT_EQ(own.leap, ntp::Leap::Unsynchronised);
  EXPECT_EQ(own.stratum, 0);
  EXPECT_EQ(own.root_delay, Duration::seconds(1));
  EXPECT_EQ(own.root_dispersion, Duration::seconds(1));
  EXPECT_EQ(own.reference_time, LocalTime());
  EXPECT_EQ(reference.tracking(at(0)).stratum, 0);
  EXPECT_FALSE(reference.sync_status(at(0), {}).synchronised);
}

// Squares of skews may leave the range of a double at both ends.
TEST(Reference, TheGainOfTheFrequencyIsAlwaysANumber) {
  for (const double own : {0.0, 1e-300, 1e-12, 1.0, 1e160, 1e300}) {
    for (const double measured : {0.0, 1e-300, 1e-12, 1.0, 1e160, 1e300}) {
      ReferenceOptions options;
      options.max_update_skew = Frequency::ratio(1e301);
      Reference reference(options, -20, 1);
      reference.set_skew(Frequency::ratio(own));
      ReferenceInput input = input_at(0, 1e-3);
      input.estimate.frequency = Frequency::ppm(1);
      input.estimate.skew = Frequency::ratio(measured);
      const ReferenceUpdate update = reference.update(input, at(0), {});
      EXPECT_GE(update.clock.frequency.to_ppm(), 0.0) << own << " " << measured;
      EXPECT_LE(update.clock.frequency.to_ppm(), 1.0) << own << " " << measured;
      EXPECT_TRUE(std::isfinite(reference.skew().to_ratio())) << own << " " << measured;
    }
  }
}

TEST(Reference, ServesOneStratumBelowItsSource) {
  Reference reference({}, -20, 1);
  reference.update(input_at(0, 1e-3), at(0), {});
  const OwnState own = reference.own_state(at(10));
  EXPECT_EQ(own.leap, ntp::Leap::Normal);
  EXPECT_EQ(own.stratum, 3);
  EXPECT_EQ(own.ref_id, ntp::RefId{0x7f000001});
  EXPECT_EQ(own.root_delay, Duration::millis(20));
  EXPECT_GT(own.root_dispersion, Duration::millis(1));
  EXPECT_TRUE(reference.sync_status(at(10), {}).synchronised);
}

// Half the root delay and the dispersion, which grows by skew and maxclockerror, and what is still to be slewed in.
TEST(Reference, TellsTheKernelHowWrongTheClockMayBe) {
  Reference reference({}, -20, 1);
  reference.set_skew(Frequency::ppm(1));
  reference.update(input_at(0, 1e-3), at(0), {});
  const auto status = [&](double t_s, double pending_s) {
    return reference.sync_status(at(t_s), Duration::seconds(pending_s));
  };
  for (const double sign : {1.0, -1.0}) {
    EXPECT_NEAR(status(100, sign * 3e-3).maximum_error.to_seconds(), 10e-3 + 1e-3 + 100 * 2e-6 + 3e-3, 1e-8);
    EXPECT_NEAR(status(100, sign * 3e-3).estimated_error.to_seconds(), 3e-3, 1e-12);
    EXPECT_NEAR(status(100, sign * 5e-6).estimated_error.to_seconds(), 10e-6 + 100 * 0.1e-6, 1e-9);
  }
  EXPECT_NEAR(status(1e6, 0).maximum_error.to_seconds(), 2.011, 1e-6) << "it grows for as long as nothing comes";
  reference.set_unsynchronised(at(100));
  EXPECT_FALSE(status(100, 0).synchronised);
}

// Neither the clock nor what is said of it follows where no clock can go.
TEST(Reference, AnInsaneOffsetChangesNothing) {
  ReferenceOptions options;
  options.make_step = {Duration::seconds(1), 3};
  Reference reference(options, -20, 1);
  const ReferenceUpdate update = reference.update(input_at(0, 3.1e9), at(0), {});
  EXPECT_EQ(update.verdict, ReferenceUpdate::Verdict::Invalid);
  EXPECT_EQ(update.offset, Duration::seconds(3.1e9));
  EXPECT_EQ(update.clock.offset, Duration::zero());
  EXPECT_FALSE(update.clock.step.has_value());
  EXPECT_FALSE(reference.synchronised());
  EXPECT_EQ(reference.skew(), Frequency::ratio(1));
  // Nor does it use up a step of makestep, or count as an update.
  EXPECT_TRUE(reference.update(input_at(10, 5), at(10), {}).clock.step.has_value());
  EXPECT_EQ(reference.update_interval(), Duration::zero());
}

// The exact time of an update is a secret between us and our source (interleaved mode).
TEST(Reference, HidesUpToASecondOfTheReferenceTime) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Reference reference({}, -20, seed);
    reference.update(input_at(0, 0), at(0), {});
    const Duration age = at(0).local - reference.own_state(at(0)).reference_time;
    EXPECT_GE(age, Duration::zero()) << seed;
    EXPECT_LE(age, Duration::seconds(1)) << seed;
  }
}

TEST(Reference, TakesTheWholeFrequencyWhenItKnewNothing) {
  Reference reference({}, -20, 1);
  ReferenceInput input = input_at(0, 0);
  input.estimate.frequency = Frequency::ppm(40);
  const ReferenceUpdate update = reference.update(input, at(0), {});
  EXPECT_NEAR(update.clock.frequency.to_ppm(), 40.0, 1e-3);
  EXPECT_LT(reference.skew(), Frequency::ppm(2));
}

TEST(Reference, LeavesTheFrequencyAloneWhereTheSkewIsTooLarge) {
  ReferenceOptions options;
  options.max_update_skew = Frequency::ppm(5);
  Reference reference(options, -20, 1);
  ReferenceInput input = input_at(0, 0);
  input.estimate.frequency = Frequency::ppm(40);
  input.estimate.skew = Frequency::ppm(6);
  EXPECT_EQ(reference.update(input, at(0), {}).clock.frequency, Frequency::zero());
  EXPECT_EQ(reference.residual(), Frequency::ppm(40));
}

TEST(Reference, StepsOnlyAsOftenAsAllowedAndOnlyAboveTheThreshold) {
  ReferenceOptions options;
  options.make_step = {Duration::seconds(1), 2};
  Reference reference(options, -20, 1);
  EXPECT_FALSE(reference.update(input_at(0, 0.5), at(0), {}).clock.step);
  const ReferenceUpdate second = reference.update(input_at(16, 5), at(16), Duration::seconds(2));
  ASSERT_TRUE(second.clock.step);
  EXPECT_EQ(*second.clock.step, Duration::seconds(7)) << "what was being slewed is part of the step";
  EXPECT_EQ(second.clock.offset, Duration::seconds(-2));
  const ReferenceUpdate third = reference.update(input_at(32, 5), at(32), {});
  EXPECT_FALSE(third.clock.step);
  EXPECT_EQ(third.clock.offset, Duration::seconds(5));
}

TEST(Reference, StepsForEverWithANegativeLimit) {
  ReferenceOptions options;
  options.make_step = {Duration::seconds(1), -1};
  Reference reference(options, -20, 1);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(reference.update(input_at(16 * i, -3), at(16 * i), {}).clock.step);
}

TEST(Reference, MaxchangeChecksAfterTheStartIgnoresAndThenExits) {
  ReferenceOptions options;
  options.max_change = {Duration::seconds(1), 1, 2};
  Reference reference(options, -20, 1);
  using Verdict = ReferenceUpdate::Verdict;
  EXPECT_EQ(reference.update(input_at(0, 100), at(0), {}).verdict, Verdict::Applied);
  EXPECT_EQ(reference.update(input_at(16, 0.1), at(16), {}).verdict, Verdict::Applied);
  EXPECT_EQ(reference.update(input_at(32, 2), at(32), {}).verdict, Verdict::Ignored);
  EXPECT_EQ(reference.update(input_at(48, -2), at(48), {}).verdict, Verdict::Ignored);
  EXPECT_EQ(reference.update(input_at(64, 2), at(64), {}).verdict, Verdict::Exit);
  EXPECT_EQ(reference.tracking(at(64)).last_offset, Duration::seconds(0.1)) << "a refused update changes nothing";
}

TEST(Reference, CorrectionRateFollowsDeviationAndInterval) {
  ReferenceOptions options;
  options.correction_time_ratio = 4;
  Reference reference(options, -20, 1);
  EXPECT_EQ(reference.update(input_at(0, 0), at(0), {}).clock.correction_rate, 0.0);
  EXPECT_NEAR(reference.update(input_at(64, 0), at(64), {}).clock.correction_rate, 4 * 0.5 * 10e-6 * 64, 1e-12);
}

// R over what is left to slew is the time that it takes.
TEST(Reference, SlewsTheEstimatorsOffsetInAShareOfTheInterval) {
  const auto slew_s = [](double ratio, double interval_s, double offset_s, double pending_s, int before = 8,
                         double gap = 1) {
    ReferenceOptions options;
    options.correction_time_ratio = ratio;
    Reference reference(options, -20, 1);
    for (int i = 0; i < before; ++i) reference.update(belief_at(i * interval_s, 0), at(i * interval_s), {});
    const double now_s = (before - 1 + gap) * interval_s;
    ReferenceInput input = belief_at(now_s, offset_s);
    input.estimate.frequency = Frequency::zero();
    const auto update = reference.update(input, at(now_s), Duration::seconds(pending_s));
    return update.clock.correction_rate / std::fabs(offset_s + pending_s);
  };
  EXPECT_NEAR(slew_s(3, 1000, 1e-5, 0), 1000.0, 1e-6) << "an offset like its deviation: an interval";
  EXPECT_NEAR(slew_s(3, 1000, 2e-5, 0), 500.0, 1e-6) << "one that stands out: less";
  EXPECT_NEAR(slew_s(3, 1000, 1e-3, 0), 250.0, 1e-6) << "but a quarter at least";
  EXPECT_NEAR(slew_s(3, 1000, 1e-9, 0), 2000.0, 1e-6) << "and two at most";
  EXPECT_NEAR(slew_s(6, 1000, 1e-5, 0), 2000.0, 1e-6);
  EXPECT_NEAR(slew_s(3, 1000, 1e-5, 1e-5), 500.0, 1e-6) << "with what is still being slewed";
  EXPECT_NEAR(slew_s(0, 1000, 1e-6, 0), 2.0, 1e-6);
  EXPECT_GE(slew_s(3, 1, 1e-3, 0), 10.0) << "gently";
  EXPECT_GE(slew_s(9, 1, 1e-3, 0), 3 * slew_s(3, 1, 1e-3, 0)) << "corrtimeratio holds for that too";
  EXPECT_LT(slew_s(3, 1000, 0.1, 0), 3.0) << "what is large goes at once";
  EXPECT_NEAR(slew_s(3, 1000, 1.001e-3, 0), slew_s(3, 1000, 1e-3, 0), 1.0) << "without a jump between them";
  EXPECT_NEAR(slew_s(3, 1000, 3.9e-5, 0, 7), 2000.0, 1e-6) << "the first ones are not worth a frequency error";
  EXPECT_NEAR(slew_s(3, 1000, 4.1e-5, 0, 7), 500.0, 1e-6) << "but those that are no accident";
  EXPECT_NEAR(slew_s(3, 1, 9e-4, 0, 8), 45.0, 1e-6) << "gently";
  EXPECT_NEAR(slew_s(3, 1, 9e-4, 0, 7), 9.0, 1e-6) << "less so at first";
  EXPECT_NEAR(slew_s(3, 1000, 0.1, 0, 7), 2.5, 1e-6) << "but large ones are";
  EXPECT_NEAR(slew_s(3, 1000, 1e-3, 0, 8, 2), 500.0, 1e-6) << "after twice the usual time";
  EXPECT_NEAR(slew_s(3, 1000, 1e-3, 0, 8, 20), 500.0, 1e-6) << "after an outage the next answer is near";
}

TEST(Reference, SlewsWhatAJumpOfTheFrequencyLedToUntilTheNextAnswerWhichIsNear) {
  const auto slew_s = [](double interval_s, double offset_s, int before = 8) {
    Reference reference({}, -20, 1);
    for (int i = 0; i < before; ++i) reference.update(belief_at(i * interval_s, 0), at(i * interval_s), {});
    ReferenceInput input = belief_at(before * interval_s, offset_s);
    input.estimate.frequency = Frequency::zero();
    input.estimate.growth->jumped = true;
    const auto update = reference.update(input, at(before * interval_s), {});
    return update.clock.correction_rate / offset_s;
  };
  EXPECT_NEAR(slew_s(1024, 5e-4), 64.0, 1e-6) << "a sixteenth of the interval";
  EXPECT_NEAR(slew_s(1024, 1e-5), 64.0, 1e-6) << "whole, and were it no more than the deviation";
  EXPECT_NEAR(slew_s(256, 5e-4), 32.0, 1e-6) << "there is no hurry below half a minute";
  EXPECT_NEAR(slew_s(64, 5e-4), 32.0, 1e-6);
  EXPECT_NEAR(slew_s(16, 5e-4), 25.0, 1e-6) << "and no faster than without";
  EXPECT_NEAR(slew_s(1024, 1e-5, 7), 2048.0, 1e-6) << "but the first ones are slewed as ever";
}

TEST(Reference, DispersionGrowsWithTime) {
  Reference reference({}, -20, 1);
  reference.update(input_at(0, 0), at(0), {});
  const Duration now = reference.root_dispersion(at(0).local);
  const Duration later = reference.root_dispersion(at(1000).local);
  const double rate = (reference.skew() + abs(reference.residual()) + Frequency::ppm(1)).to_ratio();
  EXPECT_NEAR((later - now).to_seconds(), 1000 * rate, 1e-9);
}

TEST(Reference, LosesSynchronisationWithoutForgettingTheFrequency) {
  Reference reference({}, -20, 1);
  reference.update(input_at(0, 0), at(0), {});
  const Frequency skew = reference.skew();
  reference.set_unsynchronised(at(10));
  EXPECT_FALSE(reference.synchronised());
  EXPECT_EQ(reference.own_state(at(10)).leap, ntp::Leap::Unsynchronised);
  EXPECT_EQ(reference.skew(), skew);
}

TEST(Reference, RmsOffsetBeginsFastAndThenAverages) {
  Reference reference({}, -20, 1);
  const auto rms = [&](int i, double offset_s) {
    reference.update(input_at(16 * i, offset_s), at(16 * i), {});
    return reference.tracking(at(16 * i)).rms_offset.to_seconds();
  };
  EXPECT_DOUBLE_EQ(rms(0, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(rms(1, 0.1), 0.1);
  EXPECT_DOUBLE_EQ(rms(2, 0.2), 0.2);
  EXPECT_NEAR(rms(3, 0.0), 0.2 * std::sqrt(0.9), 1e-12);
}

}  // namespace
}  // namespace timed::discipline
