#include "timed/discipline/estimator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/discipline/synthetic_exchanges.h"

namespace timed::discipline {
namespace {

double offset_error_s(const Posterior& p, const SyntheticClock& clock) {
  const Duration since = clock.sample(0.0, 0.0).when - p.when;  // a block may be older than its last sample
  return (p.offset.to_duration() + since * p.frequency).to_seconds() - clock.offset_s();
}

void feed(Estimator& estimator, const Sample& sample) {
  estimator.add(sample);
  estimator.update();
}

TEST(Estimator, SaysNothingBelowThreeSamples) {
  SyntheticClock clock(1, {});
  Estimator estimator({});
  for (int i = 0; i < 2; ++i) feed(estimator, clock.next());
  EXPECT_FALSE(estimator.posterior());
  feed(estimator, clock.next());
  ASSERT_TRUE(estimator.posterior());
  EXPECT_LT(std::fabs(offset_error_s(*estimator.posterior(), clock)), 1e-3);
  estimator.reset();
  EXPECT_FALSE(estimator.posterior());
}

// Far better than any single exchange, whose error has a deviation of 7e-5; and as good as it says.
TEST(Estimator, KnowsTheClockAndHowWell) {
  double squares = 0.0, scaled2 = 0.0;
  int count = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SyntheticClock clock(seed, {.spacing_s = 256});
    Estimator estimator({});
    for (int i = 0; i < 120; ++i) {
      feed(estimator, clock.next());
      if (i < 20) continue;
      ASSERT_TRUE(estimator.posterior());
      const double error_s = offset_error_s(*estimator.posterior(), clock);
      const double sd_s = estimator.posterior()->offset_sd.to_seconds();
      squares += error_s * error_s;
      scaled2 += error_s * error_s / (sd_s * sd_s);
      ++count;
    }
    EXPECT_EQ(estimator.counts().fallbacks, 0u);
    EXPECT_LT(estimator.counts().rejected * 50, estimator.counts().runs);
  }
  EXPECT_LT(std::sqrt(squares / count), 3e-5);
  EXPECT_GT(scaled2 / count, 0.6);
  EXPECT_LT(scaled2 / count, 1.6);
}

TEST(Estimator, ThreeSamplesWithoutNoiseGiveTheFrequency) {
  for (const double frequency : {0.0, 1e-4, -3e-3}) {
    Estimator estimator({});
    const SyntheticClock stamps(1, {});
    for (int i = 0; i < 3; ++i) {
      Sample s = stamps.sample(5.0 + frequency * 64.0 * i, 2e-4);
      s.when = FreeTime::from_seconds(1000 + 64 * i);
      feed(estimator, s);
    }
    ASSERT_TRUE(estimator.posterior());
    EXPECT_NEAR(estimator.posterior()->frequency.to_ratio(), frequency, 1e-7);
  }
}

TEST(Estimator, MovesWithTheReference) {
  SyntheticClock clock(2, {});
  Estimator here({}), there({});
  for (int i = 0; i < 30; ++i) {
    Sample s = clock.next();
    feed(here, s);
    if (i == 15) there.shift(Duration::seconds(1000));
    if (i >= 15) s.offset = s.offset + WideDuration(Duration::seconds(1000));
    feed(there, s);
  }
  ASSERT_TRUE(here.posterior() && there.posterior());
  EXPECT_NEAR((there.posterior()->offset - here.posterior()->offset).to_duration().to_seconds(), 1000.0, 1e-9);
  EXPECT_NEAR(there.posterior()->frequency.to_ratio(), here.posterior()->frequency.to_ratio(), 1e-13);
}

TEST(Estimator, ForgetsWhatLeavesTheWindow) {
  SyntheticClock clock(3, {.frequency = 0.0, .wander_sd = 0.0});
  EstimatorOptions options;
  options.window = 8;
  Estimator narrow(options), wide({});
  for (int i = 0; i < 40; ++i) {
    const Sample s = clock.next();
    feed(narrow, s);
    feed(wide, s);
  }
  EXPECT_LE(narrow.posterior()->recent, 8u);
  EXPECT_GT(wide.posterior()->recent, 8u);
  EXPECT_GT(narrow.posterior()->frequency_sd, wide.posterior()->frequency_sd * 2.0);
}

TEST(Estimator, ObeysMindelayThoughItIsWrong) {
  for (const double wrong_s : {1.2e-4, 2.6e-4}) {  // the truth is 2e-4
    SyntheticClock clock(4, {.wander_sd = 0.0});
    EstimatorOptions options;
    options.min_delay = Duration::seconds(wrong_s);
    Estimator estimator(options), free({});
    for (int i = 0; i < 80; ++i) {
      const Sample s = clock.next();
      feed(estimator, s);
      feed(free, s);
    }
    EXPECT_EQ(estimator.counts().fallbacks, 0u) << wrong_s;
    EXPECT_NEAR(estimator.posterior()->base_delay.to_seconds(), 0.5 * wrong_s, 1e-7);
    EXPECT_NEAR(free.posterior()->base_delay.to_seconds(), 1e-4, 2e-5);
  }
}

TEST(Estimator, SeesALongerRoute) {
  SyntheticClock clock(5, {});
  Estimator estimator({});
  for (int i = 0; i < 40; ++i) feed(estimator, clock.next());
  EXPECT_EQ(estimator.counts().route_moves, 0u);
  clock.w.base_s += 5e-4;
  for (int i = 0; i < 12; ++i) feed(estimator, clock.next());
  EXPECT_EQ(estimator.counts().route_moves, 1u);
  EXPECT_NEAR(estimator.posterior()->base_delay.to_seconds(), 6e-4, 1e-4);
  EXPECT_LT(std::fabs(offset_error_s(*estimator.posterior(), clock)), 1e-4);
}

// Two seconds later, and off by more than its delay excuses: no oscillator jumps by what would explain that.
TEST(Estimator, TakesOneStraySampleOfManyForNoJumpOfTheFrequency) {
  SyntheticClock clock(21, {.spacing_s = 2.0});
  Estimator estimator({});
  for (int i = 0; i < 2000; ++i) feed(estimator, clock.next());
  clock.advance(2.0);
  feed(estimator, clock.sample(clock.offset_s() + 6e-5, 2.2e-4));
  for (int i = 0; i < 5; ++i) {
    EXPECT_LT(std::fabs(estimator.posterior()->frequency.to_ratio() - clock.frequency()), 1.5e-5) << i;
    feed(estimator, clock.next());
  }
  EXPECT_EQ(estimator.counts().jumps, 0u);
}

// Three samples that were in queues of like length look like a quiet network, and the next one like a jump.
TEST(Estimator, TakesNoSampleOfTheFirstOnesForAJumpOfTheFrequency) {
  const auto jumps_after = [](int samples) {
    SyntheticClock clock(11, {.base_s = 1e-4, .forward_s = 1e-6, .backward_s = 1e-6});
    Estimator estimator({});
    for (int i = 0; i < samples; ++i) feed(estimator, clock.next());
    clock.advance(64.0);
    const Sample off = clock.sample(clock.offset_s() + 1e-3, 2e-4);
    feed(estimator, off);
    EXPECT_EQ(estimator.expectation(), Expectation::Contradicted) << samples;
    EXPECT_EQ(estimator.posterior()->jumped, estimator.counts().jumps > 0) << samples;
    return estimator.counts().jumps;
  };
  EXPECT_EQ(jumps_after(3), 0u);
  EXPECT_EQ(jumps_after(7), 0u);
  EXPECT_EQ(jumps_after(8), 1u);
}

// A part per million at once: known after a few samples, and no sign of a clock that wanders more.
TEST(Estimator, FollowsAJumpOfTheFrequencyAndKeepsTheWander) {
  SyntheticClock before(11, {});
  Estimator estimator({});
  for (int i = 0; i < 60; ++i) feed(estimator, before.next());
  EXPECT_EQ(estimator.counts().jumps, 0u);
  const double wander = estimator.posterior()->wander;
  SyntheticClock after(12, {.spacing_s = 512.0, .offset_s = before.offset_s(), .frequency = before.frequency() + 1e-6});
  after.advance_time(before.t_s());
  feed(estimator, after.next());
  EXPECT_EQ(estimator.counts().jumps, 1u);
  EXPECT_LE(estimator.posterior()->recent, 2u) << "little is known of it yet";
  EXPECT_TRUE(estimator.posterior()->jumped);
  after.w.spacing_s = 64.0;
  for (int i = 0; i < 8; ++i) {
    feed(estimator, after.next());
    EXPECT_FALSE(estimator.posterior()->jumped) << "it did before";
  }
  EXPECT_EQ(estimator.counts().jumps, 1u);
  EXPECT_NEAR(estimator.posterior()->frequency.to_ratio(), after.frequency(), 3e-7);
  EXPECT_LT(estimator.posterior()->wander, 4.0 * wander);
}

// Whatever the samples before were like, those to come are as frequent as the last ones.
TEST(Estimator, CountsSamplesByThePresentInterval) {
  SyntheticClock clock(13, {.spacing_s = 64.0});
  Estimator estimator({});
  for (int i = 0; i < 50; ++i) feed(estimator, clock.next());
  const std::size_t often = estimator.posterior()->recent;
  clock.w.spacing_s = 512.0;
  for (int i = 0; i < 3; ++i) feed(estimator, clock.next());
  EXPECT_LT(estimator.posterior()->recent, often / 2);
  EXPECT_GT(estimator.posterior()->recent, 3u);
}

TEST(Estimator, ExpectsWhateverADelayExcuses) {
  const auto expectation_of = [](double error_s, double delay_s) {
    SyntheticClock clock(6, {});
    Estimator estimator({});
    for (int i = 0; i < 40; ++i) feed(estimator, clock.next());
    clock.advance(64.0);
    estimator.add(clock.sample(clock.offset_s() + error_s, delay_s));
    return estimator.expectation();
  };
  EXPECT_EQ(expectation_of(0.0, 2.5e-4), Expectation::Met);
  EXPECT_EQ(expectation_of(2.5e-3, 6e-3 + 2e-4), Expectation::Met) << "a queue on one side";
  EXPECT_EQ(expectation_of(2.98e-3, 6e-3 + 2e-4), Expectation::Doubtful) << "all of it";
  EXPECT_EQ(expectation_of(4.98e-3, 1e-2 + 2e-4), Expectation::Met) << "no oscillator jumps so far";
  EXPECT_EQ(expectation_of(2e-3, 2.5e-4), Expectation::Contradicted) << "no delay, but a jump of the frequency";
  EXPECT_EQ(expectation_of(0.5, 2.5e-4), Expectation::Contradicted) << "of the offset, held back";
  EXPECT_EQ(expectation_of(0.0, std::nan("")), Expectation::Met) << "no sample";
}

// Who believes a burst of six seconds for minutes takes what follows for jumps, and the clock goes astray.
TEST(Estimator, CallsNothingAJumpLongAfterAShortBurst) {
  for (const auto& [spacing_s, held_back] : {std::pair(2.0, 0u), std::pair(16.0, 1u)}) {
    SyntheticClock clock(5, {.spacing_s = spacing_s, .forward_s = 1e-6, .backward_s = 1e-6});
    Estimator estimator({});
    for (int i = 0; i < 4; ++i) feed(estimator, clock.next());
    clock.advance(64.0);
    feed(estimator, clock.sample(clock.offset_s() + 0.03, 2e-4));
    EXPECT_EQ(estimator.counts().held_back, held_back) << spacing_s;
  }
}

// What little the first sample after it shows, is believed; beside that the second one shows little.
TEST(Estimator, FollowsAJumpOfTheFrequencyThatOneSampleDoesNotProve) {
  SyntheticClock clock(11, {});
  Estimator estimator({});
  for (int i = 0; i < 60; ++i) feed(estimator, clock.next());
  clock.advance(512.0);
  const double jumped_s = 1e-4;  // by what it ran wrong since it jumped, beyond the queue's share
  feed(estimator, clock.sample(clock.offset_s() + 1.5e-4 + jumped_s, 5e-4));
  ASSERT_EQ(estimator.expectation(), Expectation::Doubtful);
  EXPECT_EQ(estimator.counts().jumps, 0u);
  clock.advance(64.0);
  feed(estimator, clock.sample(clock.offset_s() + jumped_s + 6.4e-5, 2.1e-4));
  EXPECT_EQ(estimator.expectation(), Expectation::Contradicted);
  EXPECT_EQ(estimator.counts().jumps, 1u);
  EXPECT_TRUE(estimator.posterior()->jumped);
  EXPECT_LE(estimator.posterior()->recent, 4u) << "two samples know the new frequency";
}

TEST(Estimator, TakesDelaysThatMeanNothingForScatter) {
  SyntheticClock clock(7, {.spacing_s = 16});
  EstimatorOptions options;
  options.one_sided = false;
  Estimator estimator(options);
  double squares = 0.0;
  for (int i = 0; i < 200; ++i) {
    clock.advance(16.0);
    feed(estimator, clock.sample(clock.offset_s() + 1e-6 * clock.normal(), 1e-9));
    if (i < 64) continue;
    const double error_s = offset_error_s(*estimator.posterior(), clock);
    squares += error_s * error_s / 136;
  }
  EXPECT_LT(std::sqrt(squares), 6e-7);
  EXPECT_NEAR(estimator.posterior()->noise_sd.to_seconds(), 1e-6, 4e-7);
  EXPECT_EQ(estimator.counts().runs, 0u) << "of the smoother";
}

// ---- what no model of wander and queues explains ----

TEST(Estimator, KnowsTheFrequencyAfterAJumpOfTheOffset) {
  for (const double jump_s : {0.02, -0.5}) {
    SyntheticClock clock(21, {});
    Estimator estimator({});
    for (int i = 0; i < 60; ++i) feed(estimator, clock.next());
    const Frequency frequency_sd = estimator.posterior()->frequency_sd;
    for (int i = 0; i < 4; ++i) {
      Sample s = clock.next();
      s.offset = s.offset + WideDuration(Duration::seconds(jump_s));
      feed(estimator, s);
    }
    const Posterior& p = *estimator.posterior();
    EXPECT_NEAR(offset_error_s(p, clock), jump_s, 3e-4) << jump_s;
    EXPECT_LT(p.offset_sd, Duration::micros(300)) << jump_s;
    EXPECT_NEAR(p.frequency.to_ratio(), clock.frequency(), 5e-7) << jump_s;
    EXPECT_LT(p.frequency_sd, frequency_sd * 3.0) << jump_s;
  }
}

// Of two samples that say the same jump the first may have been in a queue.
// There and back among the first samples, which would look like a clock that wanders without measure.
TEST(Estimator, KnowsJumpsOfTheOffsetFromTheFourthSampleOn) {
  SyntheticClock clock(19, {});
  Estimator estimator({});
  for (int i = 0; i < 24; ++i) {
    Sample sample = clock.next();
    if (i >= 3 && i < 6) sample.offset = sample.offset + WideDuration(Duration::seconds(0.2));
    feed(estimator, sample);
  }
  EXPECT_NEAR(estimator.posterior()->frequency.to_ratio(), clock.frequency(), 5e-7);
  EXPECT_LT(estimator.posterior()->frequency_sd, Frequency::ppm(1));
  EXPECT_EQ(estimator.counts().held_back, 2u) << "the first of each";
}

TEST(Estimator, KnowsAJumpThoughItsFirstSampleWasDelayed) {
  for (const double queue_s : {0.03, 0.002}) {
    SyntheticClock clock(24, {});
    Estimator estimator({});
    for (int i = 0; i < 60; ++i) feed(estimator, clock.next());
    const double jump_s = 0.02;
    clock.advance(64.0);
    feed(estimator, clock.sample(clock.offset_s() + jump_s + 0.5 * queue_s, queue_s + 2e-4));
    EXPECT_EQ(estimator.counts().held_back, 1u);
    for (int i = 0; i < 3; ++i) {
      Sample s = clock.next();
      s.offset = s.offset + WideDuration(Duration::seconds(jump_s));
      feed(estimator, s);
      EXPECT_NEAR(offset_error_s(*estimator.posterior(), clock), jump_s, 3e-4) << i;
    }
    EXPECT_EQ(estimator.counts().held_back, 1u);
    EXPECT_EQ(estimator.counts().jumps, 0u) << "of the frequency, to which nothing happened";
  }
}

// After 64 s 4 ms are too far for an oscillator, after 128 they are not: but they were there after 64.
TEST(Estimator, KnowsAJumpByTheTimeOfItsFirstSample) {
  SyntheticClock clock(26, {});
  Estimator estimator({});
  for (int i = 0; i < 60; ++i) feed(estimator, clock.next());
  const double jump_s = 4e-3;
  for (int i = 0; i < 2; ++i) {
    Sample s = clock.next();
    s.offset = s.offset + WideDuration(Duration::seconds(jump_s));
    feed(estimator, s);
  }
  EXPECT_EQ(estimator.counts().held_back, 1u);
  EXPECT_EQ(estimator.counts().jumps, 0u) << "of the frequency";
  EXPECT_NEAR(offset_error_s(*estimator.posterior(), clock), jump_s, 3e-4);
  EXPECT_LT(estimator.posterior()->frequency_sd, Frequency::ppm(0.2));
}

// No two of them agree, so none of them is a jump that has happened: a server whose clock swings.
TEST(Estimator, HoldsNoMoreThanAFewSamplesBack) {
  SyntheticClock clock(25, {});
  Estimator estimator({});
  for (int i = 0; i < 40; ++i) feed(estimator, clock.next());
  for (int i = 0; i < 6; ++i) {
    Sample s = clock.next();
    s.offset = s.offset + WideDuration(Duration::seconds(i % 2 == 0 ? 0.1 * (i + 1) : -0.1 * (i + 1)));
    feed(estimator, s);
  }
  EXPECT_EQ(estimator.counts().held_back, 3u);
  EXPECT_GT(estimator.posterior()->offset_sd, Duration::millis(1)) << "and who knows it now";
}

// What the server's jump did and what our own step did are two things.
TEST(Estimator, KnowsAJumpAgainThoughTheReferenceMoved) {
  SyntheticClock clock(21, {});
  Estimator estimator({});
  for (int i = 0; i < 60; ++i) feed(estimator, clock.next());
  const Duration jump = Duration::seconds(0.02), step = Duration::seconds(-3.0);
  Sample s = clock.next();
  s.offset = s.offset + WideDuration(jump);
  feed(estimator, s);
  EXPECT_EQ(estimator.counts().held_back, 1u);
  estimator.shift(step);
  s = clock.next();
  s.offset = s.offset + WideDuration(jump + step);
  feed(estimator, s);
  EXPECT_EQ(estimator.counts().held_back, 1u) << "the second says the same";
  EXPECT_NEAR(offset_error_s(*estimator.posterior(), clock), (jump + step).to_seconds(), 1e-3);
}

TEST(Estimator, LeavesOutTheOneSampleThatJumps) {
  SyntheticClock clock(22, {});
  Estimator estimator({});
  for (int i = 0; i < 40; ++i) feed(estimator, clock.next());
  Sample wrong = clock.next();
  wrong.offset = wrong.offset + WideDuration(Duration::seconds(0.1));
  feed(estimator, wrong);
  const Duration off_now = Duration::seconds(offset_error_s(*estimator.posterior(), clock));
  EXPECT_LT(abs(off_now), Duration::micros(300)) << "nothing was concluded from it";
  for (int i = 0; i < 3; ++i) feed(estimator, clock.next());
  EXPECT_LT(std::fabs(offset_error_s(*estimator.posterior(), clock)), 3e-4);
  EXPECT_LT(estimator.posterior()->wander, 1e-14);
}

TEST(Estimator, BelievesInTheEndWhateverContradictsItForLong) {
  SyntheticClock clock(23, {});
  Estimator estimator({});
  for (int i = 0; i < 40; ++i) feed(estimator, clock.next());
  clock.advance(64.0);
  // 100 ppm more: each sample is a jump farther away than the one before.
  const double t_s = clock.t_s();
  for (int i = 0; i < 80; ++i) {
    Sample s = clock.next();
    s.offset = s.offset + WideDuration(Duration::seconds(1e-4 * (clock.t_s() - t_s)));
    feed(estimator, s);
  }
  EXPECT_NEAR(estimator.posterior()->frequency.to_ratio(), clock.frequency() + 1e-4, 1e-6);
}

// ---- samples that come much faster than the clock wanders ----

TEST(Estimator, MakesBlocksOfManySamples) {
  double error2 = 0.0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SyntheticClock clock(seed, {.spacing_s = 1.0});
    Estimator estimator({});
    for (int i = 0; i < 1500; ++i) {
      feed(estimator, clock.next());
      if (i < 1000 || i % 10 != 0) continue;
      const double error_s = offset_error_s(*estimator.posterior(), clock);
      error2 += error_s * error_s / 150.0;
    }
    EXPECT_LT(estimator.counts().updates, 700u);
    EXPECT_EQ(estimator.samples(), 64u);
  }
  EXPECT_LT(std::sqrt(error2 / 3.0), 2.5e-6) << "the last 64 samples alone would be 3.2e-6 off";
}

TEST(Estimator, AveragesBlocksOfOffsetsThatScatter) {
  SyntheticClock clock(5, {.spacing_s = 1.0});
  EstimatorOptions options;
  options.one_sided = false;
  Estimator estimator(options);
  double error2 = 0.0;
  for (int i = 0; i < 3000; ++i) {
    clock.advance(1.0);
    feed(estimator, clock.sample(clock.offset_s() + 1e-5 * clock.normal(), 1e-9));
    if (i < 1000) continue;
    const double error_s = offset_error_s(*estimator.posterior(), clock);
    error2 += error_s * error_s / 2000.0;
  }
  EXPECT_LT(std::sqrt(error2), 2.5e-6) << "a quarter of what one sample is off by";
  EXPECT_LT(estimator.counts().updates, 2900u);
}

}  // namespace
}  // namespace timed::discipline
