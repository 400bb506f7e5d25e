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

// ---- what the estimator says ----

ReferenceInput belief_at(double t_s, double offset_s) {
  ReferenceInput input = input_at(t_s, offset_s);
  input.estimate.frequency = Frequency::ppm(2);
  input.estimate.growth = Growth{0.0, 1e-18, {}, at(t_s).free};
  return input;
}

TEST(Reference, BelievesTheFrequencyOfTheEstimator) {
  ReferenceOptions options;
  options.max_update_skew = Frequency::ppm(5);
  Reference reference(options, -20, 1);
  reference.set_skew(Frequency::ppm(0.001));
  EXPECT_LT(reference.update(input_at(0, 0), at(0), {}).clock.frequency, Frequency::ppm(0.1));
  ReferenceInput certain = belief_at(64, 0);
  certain.estimate.frequency = Frequency::ppm(3);
  EXPECT_EQ(reference.update(certain, at(64), {}).clock.frequency, Frequency::ppm(3));
  EXPECT_EQ(reference.skew(), Frequency::ppm(1));
  ReferenceInput vague = belief_at(128, 0);
  vague.estimate.skew = Frequency::ppm(6);
  EXPECT_EQ(reference.update(vague, at(128), {}).clock.frequency, Frequency::zero()) << "maxupdateskew";
}

// As after a start with a drift file, and a burst of three samples.
ReferenceInput vague_at(double t_s, double frequency_ppm, double skew_ppm) {
  ReferenceInput input = belief_at(t_s, 0);
  input.source = SourceId{7};
  input.estimate.frequency = Frequency::ppm(frequency_ppm);
  input.estimate.skew = Frequency::ppm(skew_ppm);
  input.estimate.frequency_sd = Frequency::ppm(skew_ppm / kBoundDeviations);
  return input;
}

TEST(Reference, ASourceThatKnowsLessOfTheFrequencyCountsByTheVariances) {
  Reference reference({}, -20, 1);
  reference.set_skew(Frequency::ppm(0.1));
  EXPECT_NEAR(reference.update(vague_at(0, 50, 100), at(0), {}).clock.frequency.to_ppm(), 50e-6, 1e-12);
  EXPECT_NEAR(reference.skew().to_ppm(), 0.1, 1e-9) << "the source's doubts are not ours";
  // The kernel hears of the error that we have.
  EXPECT_LT(reference.sync_status(at(100), {}).estimated_error, Duration::micros(1e6 * 100e-6));
  EXPECT_NEAR(reference.update(vague_at(2, 0.5, 0.2), at(2), {}).clock.frequency.to_ppm(), 0.5, 1e-9)
      << "beyond both bounds: what we knew is not true";
}

// Of a burst, where one sample in a queue makes a frequency of its own; from the third belief on a bound is one.
TEST(Reference, TheFirstBeliefsOfASourceMustContradictByMore) {
  const auto believed_ppm = [](double frequency_ppm, int before) {
    Reference reference({}, -20, 1);
    reference.set_skew(Frequency::ppm(0.1));
    for (int i = 0; i < before; ++i) reference.update(vague_at(2.0 * i, 0, 20), at(2.0 * i), {});
    const double now_s = 2.0 * before;
    return reference.update(vague_at(now_s, frequency_ppm, 20), at(now_s), {}).clock.frequency.to_ppm();
  };
  EXPECT_LT(believed_ppm(35, 0), 0.01);
  EXPECT_LT(believed_ppm(35, 1), 0.01);
  EXPECT_NEAR(believed_ppm(45, 0), 45.0, 1e-9) << "beyond twice the bound";
  EXPECT_NEAR(believed_ppm(35, 2), 35.0, 1e-9);
}

TEST(Reference, ASourceThatHasCaughtUpIsBelievedWholly) {
  Reference reference({}, -20, 1);
  reference.set_skew(Frequency::ppm(0.1));
  EXPECT_LT(reference.update(vague_at(0, 5, 10), at(0), {}).clock.frequency, Frequency::ppm(0.01));
  EXPECT_NEAR(reference.update(vague_at(16, 0.05, 0.09), at(16), {}).clock.frequency.to_ppm(), 0.05, 1e-12);
  // From now on it may change its mind: the frequency has stepped.
  EXPECT_NEAR(reference.update(vague_at(32, 2, 4), at(32), {}).clock.frequency.to_ppm(), 2, 1e-12);
  // Another source, and the same one after nobody was followed, must catch up again.
  ReferenceInput calm = vague_at(48, 0, 0.1);
  reference.update(calm, at(48), {});
  ReferenceInput other = vague_at(64, 5, 10);
  other.source = SourceId{8};
  EXPECT_LT(reference.update(other, at(64), {}).clock.frequency, Frequency::ppm(0.5));
  reference.update(calm, at(80), {});
  reference.set_unsynchronised(at(90));
  EXPECT_LT(reference.update(vague_at(96, 5, 10), at(96), {}).clock.frequency, Frequency::ppm(0.5));
}

// Three samples explain an offset by a frequency, or a frequency by an offset: who knows the one knows the other.
TEST(Reference, WhereTheFrequencyIsKnownTheOffsetFollows) {
  const auto offset_us = [](double own_ppm, double covariance, double age_s) {
    Reference reference({}, -20, 1);
    reference.set_skew(Frequency::ppm(own_ppm * kBoundDeviations));
    ReferenceInput input = vague_at(0, 20, 20 * kBoundDeviations);
    input.estimate.offset = Duration::micros(30);
    input.estimate.offset_sd = Duration::micros(50);
    input.estimate.growth->covariance_s = covariance * 20e-6 * 50e-6;
    return reference.update(input, at(age_s), {}).offset.to_seconds() * 1e6;
  };
  EXPECT_NEAR(offset_us(1e-3, 0.0, 0), 30.0, 1e-3) << "they have nothing to do with one another";
  EXPECT_NEAR(offset_us(1e-3, 0.8, 0), 30.0 - 0.8 * 50.0, 1e-3) << "20 ppm of what was said are not there";
  EXPECT_NEAR(offset_us(15, 0.8, 0), 30.0 - 0.8 * 50.0 * 400.0 / 625.0, 1e-3) << "by the variances";
  EXPECT_NEAR(offset_us(1e4, 0.8, 0), 30.0, 1e-3) << "it knows more of it than we do";
  EXPECT_NEAR(offset_us(1e-3, 0.0, 10), 30.0, 1e-3) << "the clock goes on as it runs, not as was said";
  EXPECT_NEAR(offset_us(1e4, 0.0, 10), 230.0, 1e-3);
}

// What was known long ago is known less: the frequency has wandered since.
TEST(Reference, WhatIsKnownOfTheFrequencyAges) {
  const auto gain_after = [](double seconds) {
    Reference reference({}, -20, 1);
    reference.set_skew(Frequency::ppm(0.1));
    ReferenceInput calm = vague_at(0, 0, 0.1);
    calm.source = SourceId{6};
    reference.update(calm, at(0), {});
    return reference.update(vague_at(seconds, 1, 10), at(seconds), {}).clock.frequency.to_ppm();
  };
  EXPECT_NEAR(gain_after(1), 1e-4, 1e-6);
  EXPECT_NEAR(gain_after(1e6), (0.1 * 0.1 + 3.5 * 3.5 * 1e-18 * 1e6 * 1e12) / 100.0, 1e-4);
}

// Between two beliefs there may be samples that wait: the clock is on its way, and what is reported is of the beliefs.
TEST(Reference, ABeliefCountsOnce) {
  Reference reference({}, -20, 1);
  double longest_s = 0.0;
  for (int i = 0; i <= 800; ++i) {
    const bool is_new = i % 8 == 0;
    ReferenceInput input = belief_at(i - i % 8, is_new ? 1e-5 : 0.0);
    input.leap = i > 400 ? ntp::Leap::Insert : ntp::Leap::Normal;
    input.estimate.root_dispersion = Duration::millis(i);
    const ReferenceUpdate update = reference.update(input, at(i), {});
    EXPECT_EQ(update.verdict == ReferenceUpdate::Verdict::Applied, is_new) << i;
    EXPECT_EQ(update.verdict == ReferenceUpdate::Verdict::Known, !is_new) << i;
    if (is_new) longest_s = update.clock.correction_rate / 1e-5;
    const TrackingReport report = reference.tracking(at(i));
    EXPECT_NEAR(report.last_offset.to_seconds(), 10e-6, 1e-12) << i;
    EXPECT_NEAR(report.rms_offset.to_seconds(), 10e-6, 1e-9) << i;
    EXPECT_EQ(report.last_interval, Duration::seconds(i < 8 ? 0 : 8)) << i;
    EXPECT_EQ(report.leap, input.leap) << "what else the sources say holds at once";
    EXPECT_GE(report.root_dispersion, Duration::millis(i));
  }
  EXPECT_NEAR(longest_s, 8.0, 1e-6) << "a slew has the time until the next belief";
}

TEST(Reference, TheSameBeliefIsNewAfterAChangeOfSources) {
  using Verdict = ReferenceUpdate::Verdict;
  Reference reference({}, -20, 1);
  ReferenceInput input = belief_at(0, 0);
  const auto verdict = [&](double t_s) { return reference.update(input, at(t_s), {}).verdict; };
  EXPECT_EQ(verdict(0), Verdict::Applied);
  EXPECT_EQ(verdict(1), Verdict::Known);
  input.source = SourceId{2};
  EXPECT_EQ(verdict(2), Verdict::Applied) << "another one leads";
  EXPECT_EQ(verdict(3), Verdict::Known);
  input.combined_sources = 2;
  EXPECT_EQ(verdict(4), Verdict::Applied) << "another one is combined with it";
  EXPECT_EQ(verdict(5), Verdict::Known);
  reference.set_unsynchronised(at(6));
  EXPECT_EQ(verdict(7), Verdict::Applied) << "it synchronises the clock again";
  EXPECT_TRUE(reference.synchronised());
  input.estimate.growth.reset();
  EXPECT_EQ(verdict(8), Verdict::Applied) << "the regression is always new";
  EXPECT_EQ(verdict(9), Verdict::Applied);
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

TEST(Reference, TellsAnErrorThatGrowsAsTheEstimatorSays) {
  Reference reference({}, -20, 1);
  ReferenceInput input = belief_at(0, 0);
  input.estimate.frequency = input.estimate.frequency_sd = Frequency::zero();
  input.estimate.growth->wander = 3e-18;
  reference.update(input, at(0), {});
  const double at_once_s = reference.sync_status(at(0), {}).estimated_error.to_seconds();
  const double later_s = reference.sync_status(at(10000), {}).estimated_error.to_seconds();
  EXPECT_NEAR(at_once_s, 10e-6, 1e-9);
  EXPECT_GT(later_s, 1e-3) << "that of now";
  EXPECT_LT(later_s, 1.5e-3) << "and of the time until it is told anew";
  EXPECT_NEAR(reference.sync_status(at(0), Duration::micros(30)).estimated_error.to_seconds(), std::hypot(10e-6, 30e-6),
              1e-9);
}

TEST(Reference, ABoundGrowsByWhatTheFrequencyMayHaveWandered) {
  for (const double wander : {0.0, 3e-14}) {
    Reference reference({}, -20, 1);
    ReferenceInput input = belief_at(0, 0);
    input.estimate.growth->wander = wander;
    reference.update(input, at(0), {});
    const double rate = (reference.skew() + abs(reference.residual()) + Frequency::ppm(1)).to_ratio();
    const Duration grown = reference.root_dispersion(at(10000).local) - reference.root_dispersion(at(0).local);
    EXPECT_NEAR(grown.to_seconds(), 10000 * rate + 2.0 * std::sqrt(wander * 1e12 / 3.0), 1e-9) << wander;
    const auto bound = [&](double t_s) { return reference.sync_status(at(t_s), {}).maximum_error; };
    // And the kernel is told so, and of no update being expected.
    EXPECT_NEAR((bound(10000) - bound(0)).to_seconds(), grown.to_seconds() + 10000 * 500e-6, 1e-9);
  }
}

// Often enough that what is told is about right, and seldom enough to cost nothing.
TEST(Reference, TellsTheErrorAnewAsItGrows) {
  Reference reference({}, -20, 1);
  ReferenceInput input = belief_at(0, 0);
  EXPECT_FALSE(reference.renew_status_in(at(0))) << "nothing is known";
  input.estimate.growth->wander = 3e-16;
  reference.update(input, at(0), {});
  input.estimate.when = at(256).local;
  input.estimate.growth->newest = at(256).free;
  reference.update(input, at(256), {});
  int renewals = 0, until_next = 0;
  double largest = 0.0;
  for (double t_s = 256; t_s < 256 + 1024;) {
    const auto again = reference.renew_status_in(at(t_s));
    ASSERT_TRUE(again);
    EXPECT_GE(*again, Duration::seconds(16));
    const Duration told = reference.sync_status(at(t_s), {}).estimated_error;
    const Duration now = input.estimate.offset_sd_after(Duration::seconds(t_s - 256));
    EXPECT_GE(told, now);
    largest = std::max(largest, told / now);
    t_s += again->to_seconds();
    ++renewals;
    if (t_s < 512) ++until_next;
  }
  EXPECT_LT(largest, 2.5);
  EXPECT_GE(until_next, 1);
  EXPECT_LE(until_next, 4);
  EXPECT_LT(renewals, 16);
  // Nothing comes any more: the error that is told goes on growing, and the bound as the kernel's own would.
  for (double t_s = 1280; t_s < 30000; renewals++) {
    const auto again = reference.renew_status_in(at(t_s));
    ASSERT_TRUE(again);
    const Duration told = reference.sync_status(at(t_s), {}).estimated_error;
    EXPECT_GE(told, input.estimate.offset_sd_after(Duration::seconds(t_s - 256) + *again * 0.9));
    t_s += again->to_seconds();
  }
  EXPECT_LT(renewals, 40);
  EXPECT_GT(reference.sync_status(at(20000), {}).maximum_error, Duration::seconds((20000 - 1280) * 500e-6));
  EXPECT_FALSE(reference.renew_status_in(at(40000))) << "the kernel takes it for unsynchronised";
  reference.set_unsynchronised(at(200000));
  EXPECT_FALSE(reference.renew_status_in(at(200000)));
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

class LocalReference : public ::testing::Test {
 protected:
  static Reference make(LocalReferenceOptions local) {
    local.enabled = true;
    ReferenceOptions options;
    options.local = local;
    Reference reference(options, -20, 1);
    reference.set_unsynchronised(at(0));
    return reference;
  }
};

TEST_F(LocalReference, SpeaksWhileNothingElseDoes) {
  Reference reference = make({.stratum = 8});
  const OwnState own = reference.own_state(at(1));
  EXPECT_TRUE(own.local_reference);
  EXPECT_EQ(own.stratum, 8);
  EXPECT_EQ(own.leap, ntp::Leap::Normal);
  EXPECT_EQ(own.ref_id, ntp::kLocalRefId);
  EXPECT_EQ(own.root_delay, Duration::zero());
  EXPECT_GE(at(1).local - own.reference_time, Duration::seconds(1));
  EXPECT_LE(at(1).local - own.reference_time, Duration::seconds(2));
}

// The local reference has no error that it could report; what was done to the clock last is reported all the same.
TEST_F(LocalReference, HasNoResidualFrequencyAndNoSkew) {
  Reference reference = make({.distance = Duration::seconds(0.5)});
  reference.update(input_at(0, 1e-3), at(0), {});
  const TrackingReport synchronised = reference.tracking(at(1));
  EXPECT_EQ(synchronised.source, SourceId{1});
  EXPECT_GT(synchronised.skew, Frequency::zero());
  const TrackingReport local = reference.tracking(at(1e6));
  EXPECT_EQ(local.ref_id, ntp::kLocalRefId);
  EXPECT_FALSE(local.source.has_value());
  EXPECT_EQ(local.skew, Frequency::zero());
  EXPECT_EQ(local.residual, Frequency::zero());
  EXPECT_EQ(local.last_offset, Duration::seconds(1e-3));
}

TEST_F(LocalReference, RenewsItsReferenceTimeEveryMinute) {
  Reference reference = make({});
  const LocalTime first = reference.own_state(at(1)).reference_time;
  EXPECT_EQ(reference.own_state(at(60)).reference_time, first);
  EXPECT_GT(reference.own_state(at(70)).reference_time, first);
}

TEST_F(LocalReference, GivesWayToSourcesUntilTheyAreTooFar) {
  Reference reference = make({.distance = Duration::seconds(0.1)});
  reference.update(input_at(0, 0), at(0), {});
  EXPECT_FALSE(reference.own_state(at(10)).local_reference);
  EXPECT_TRUE(reference.own_state(at(200'000)).local_reference);
}

TEST_F(LocalReference, WaitsAsToldAndInOrphanModeFiveMinutes) {
  Reference waits = make({.wait_unsynced = Duration::seconds(30)});
  EXPECT_FALSE(waits.own_state(at(29)).local_reference);
  EXPECT_TRUE(waits.own_state(at(31)).local_reference);
  Reference orphan = make({.orphan = true});
  EXPECT_FALSE(orphan.own_state(at(299)).local_reference);
  EXPECT_TRUE(orphan.own_state(at(301)).local_reference);
}

TEST_F(LocalReference, NeverBeginsBeforeItWasOnceNear) {
  Reference reference = make({.activate = Duration::seconds(0.02)});
  EXPECT_FALSE(reference.own_state(at(1)).local_reference);
  reference.update(input_at(2, 0), at(2), {});
  EXPECT_FALSE(reference.own_state(at(2)).local_reference);
  reference.set_unsynchronised(at(3));
  EXPECT_TRUE(reference.own_state(at(4)).local_reference);
}

}  // namespace
}  // namespace timed::discipline
