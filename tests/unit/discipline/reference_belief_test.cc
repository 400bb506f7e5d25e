#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/discipline/reference_inputs.h"
#include "timed/discipline/reference.h"

namespace timed::discipline {
namespace {

TEST(ReferenceBelief, BelievesTheFrequencyOfTheEstimator) {
  ReferenceOptions options;
  options.max_update_skew = Frequency::ppm(5);
  Reference reference(options, -20, 1);
  reference.set_skew(Frequency::ppm(0.001));
  EXPECT_LT(reference.update(input_at(0, 0), at(0), {}).clock.frequency, Frequency::ppm(0.1));
  ReferenceInput certain = belief_at(64, 0);
  certain.estimate.frequency = Frequency::ppm(5);
  EXPECT_EQ(reference.update(certain, at(64), {}).clock.frequency, Frequency::ppm(5));
  EXPECT_EQ(reference.skew(), Frequency::ppm(1));
  ReferenceInput vague = belief_at(128, 0);
  vague.estimate.skew = Frequency::ppm(6);
  EXPECT_EQ(reference.update(vague, at(128), {}).clock.frequency, Frequency::zero()) << "maxupdateskew";
}

TEST(ReferenceBelief, ASourceThatKnowsLessOfTheFrequencyCountsByTheVariances) {
  Reference reference({}, -20, 1);
  reference.set_skew(Frequency::ppm(0.1));
  EXPECT_NEAR(reference.update(vague_at(0, 50, 100), at(0), {}).clock.frequency.to_ppm(), 50e-6, 1e-12);
  EXPECT_NEAR(reference.skew().to_ppm(), 0.1, 1e-9) << "the source's doubts are not ours";
  // The kernel hears of the error that we have.
  EXPECT_LT(reference.sync_status(at(100), {}).estimated_error, Duration::micros(1e6 * 100e-6));
  EXPECT_NEAR(reference.update(vague_at(2, 1.0, 0.2), at(2), {}).clock.frequency.to_ppm(), 1.0, 1e-9)
      << "beyond both bounds: what we knew is not true";
}

// Of a burst, where one sample in a queue makes a frequency of its own; from the third belief on a bound is one.
TEST(ReferenceBelief, TheFirstBeliefsOfASourceMustContradictByMore) {
  const auto believed_ppm = [](double frequency_ppm, int before) {
    Reference reference({}, -20, 1);
    reference.set_skew(Frequency::ppm(0.1));
    for (int i = 0; i < before; ++i) reference.update(vague_at(2.0 * i, 0, 20), at(2.0 * i), {});
    const double now_s = 2.0 * before;
    return reference.update(vague_at(now_s, frequency_ppm, 20), at(now_s), {}).clock.frequency.to_ppm();
  };
  EXPECT_LT(believed_ppm(75, 0), 0.01);
  EXPECT_LT(believed_ppm(75, 1), 0.01);
  EXPECT_NEAR(believed_ppm(85, 0), 85.0, 1e-9) << "beyond four times the bound";
  EXPECT_NEAR(believed_ppm(35, 2), 35.0, 1e-9);
}

TEST(ReferenceBelief, ASourceThatHasCaughtUpIsBelievedWholly) {
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
TEST(ReferenceBelief, WhereTheFrequencyIsKnownTheOffsetFollows) {
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
TEST(ReferenceBelief, WhatIsKnownOfTheFrequencyAges) {
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
TEST(ReferenceBelief, ABeliefCountsOnce) {
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

TEST(ReferenceBelief, TheSameBeliefIsNewAfterAChangeOfSources) {
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

TEST(ReferenceBelief, TellsAnErrorThatGrowsAsTheEstimatorSays) {
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

TEST(ReferenceBelief, ABoundGrowsByWhatTheFrequencyMayHaveWandered) {
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
TEST(ReferenceBelief, TellsTheErrorAnewAsItGrows) {
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

}  // namespace
}  // namespace timed::discipline
