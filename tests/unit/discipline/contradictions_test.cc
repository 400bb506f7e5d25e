#include "src/discipline/contradictions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <utility>

namespace timed::discipline {
namespace {

constexpr double kSd_s = 1e-5;

Contradiction error_of(double error_sd, double excused_sd) {
  return {error_sd * kSd_s, excused_sd * kSd_s, kSd_s, 64.0};
}

TEST(Contradiction, WithoutAnExcuseTheChanceIsGaussian) {
  EXPECT_NEAR(error_of(0.0, 0.0).chance(), 1.0, 1e-12);
  EXPECT_NEAR(error_of(-1.96, 0.0).chance(), 0.05, 1e-4);
  EXPECT_NEAR(error_of(4.0, 0.0).chance(), 6.334e-5, 1e-8);
}

TEST(Contradiction, WithALongDelayTheErrorIsAnyPartOfIt) {
  EXPECT_NEAR(error_of(500.0, 1000.0).chance(), 0.5, 1e-6);
  EXPECT_NEAR(error_of(-990.0, 1000.0).chance(), 0.01, 1e-6);
  EXPECT_NEAR(error_of(1000.0, 1000.0).chance(), 1.0 / std::sqrt(2.0 * std::numbers::pi) / 1000.0, 1e-9);
  EXPECT_LT(error_of(1004.0, 1000.0).chance(), 1e-8) << "a contradiction is less likely than its deviations say";
}

TEST(Contradiction, TheChanceFallsWithTheErrorAndGrowsWithTheExcuse) {
  for (const double excused : {0.0, 0.049, 0.051, 1.0, 10.0}) {
    for (double error = 0.0; error < excused + 5.0; error += 0.25) {
      const double chance = error_of(error, excused).chance();
      EXPECT_GT(chance, error_of(error + 0.25, excused).chance()) << error << " of " << excused;
      EXPECT_LE(chance, error_of(error, excused + 0.25).chance() * (1.0 + 1e-3)) << error << " of " << excused;
      EXPECT_LE(chance, 1.0 + 1e-12);
    }
  }
}

class FrequencyJumpWatchTest : public ::testing::Test {
 protected:
  FrequencyJumpWatchTest() {
    believed.when = FreeTime::from_seconds(1000);
    believed.offset = WideDuration(Duration::seconds(0.1));
    believed.offset_sd = Duration::seconds(kSd_s);
    believed.frequency_sd = Frequency::ratio(1e-9);
    delays.base_delay_s = 1e-4;
  }
  // A sample of the smallest delay, and what it says against a belief that has not changed.
  FrequencyJumpWatch::Verdict see(double after_s, double error_s) {
    Sample sample;
    sample.when = FreeTime::from_seconds(1000) + Duration::seconds(after_s);
    sample.offset = believed.offset + WideDuration(Duration::seconds(error_s));
    sample.peer_delay = Duration::seconds(2e-4);
    return watch.check(sample, contradiction_of(sample, now, delays), now, delays);
  }
  // What a sample in doubt has changed of what is believed.
  void go_along(double after_s, double error_s) {
    now.when = believed.when + Duration::seconds(after_s);
    now.offset = believed.offset + WideDuration(Duration::seconds(error_s));
  }

  FrequencyJumpWatch watch;
  Posterior believed, now;
  AverageAnswer delays;
};

TEST_F(FrequencyJumpWatchTest, OneSampleIsEnoughWhereItLeavesNoDoubt) {
  now = believed;
  const auto verdict = see(512, 1e-4);
  EXPECT_NEAR(std::sqrt(verdict.jump), 2.0 * 1e-4 / 512, 1e-12);
  EXPECT_FALSE(verdict.in_doubt);
  EXPECT_EQ(verdict.earlier_jump, 0.0);
}

TEST_F(FrequencyJumpWatchTest, ASecondOneIsHeldAgainstWhatWasBelievedBeforeBoth) {
  now = believed;
  const auto first = see(512, 3e-5);
  EXPECT_TRUE(first.in_doubt);
  EXPECT_EQ(first.jump, 0.0);
  go_along(512, 2e-5);
  const auto second = see(576, 5e-5);
  EXPECT_EQ(second.jump, 0.0) << "three deviations from what is believed now";
  EXPECT_NEAR(std::sqrt(second.earlier_jump), 2.0 * 5e-5 / 576, 1e-12);
  EXPECT_FALSE(second.in_doubt);
  EXPECT_EQ(see(640, 5e-5).earlier_jump, 0.0) << "the doubt is settled";
}

TEST_F(FrequencyJumpWatchTest, ASecondOneThatSaysOtherwiseSettlesItToo) {
  for (const double error_s : {1e-6, -5e-5, 3.2e-5}) {
    watch.reset();
    now = believed;
    ASSERT_TRUE(see(512, 3e-5).in_doubt);
    go_along(512, 2e-5);
    EXPECT_EQ(see(576, error_s).earlier_jump, 0.0) << error_s;
  }
}

TEST_F(FrequencyJumpWatchTest, WhatNoJumpExplainsLeavesNoDoubt) {
  // Behind noise of 20 ms three deviations would be a jump of 234 ppm, of 4 ms one of 47.
  for (const auto& [sd_s, jump_is_possible] : {std::pair(0.02, false), std::pair(0.004, true)}) {
    believed.offset_sd = Duration::seconds(sd_s);
    now = believed;
    EXPECT_EQ(see(512, 3.0 * sd_s).in_doubt, jump_is_possible) << sd_s;
  }
}

TEST_F(FrequencyJumpWatchTest, ADoubtMovesWithTheReferenceAndEndsWithAReset) {
  for (const bool is_reset : {false, true}) {
    watch.reset();
    now = believed;
    ASSERT_TRUE(see(512, 3e-5).in_doubt);
    const Duration moved = Duration::seconds(1);
    is_reset ? watch.reset() : watch.shift(moved);
    if (!is_reset) believed.offset = believed.offset + WideDuration(moved);
    go_along(512, 2e-5);
    EXPECT_EQ(see(576, 5e-5).earlier_jump > 0.0, !is_reset);
    believed.offset = WideDuration(Duration::seconds(0.1));
  }
}

TEST(ContradictionOf, ADelayBelowTheBaseExcusesAsOneAboveIt) {
  Posterior believed;
  AverageAnswer delays;
  delays.base_delay_s = 1e-4;
  Sample sample;
  sample.when = FreeTime::from_seconds(64);
  sample.peer_delay = Duration::seconds(1.4e-4);
  EXPECT_NEAR(contradiction_of(sample, believed, delays).excused_s, 3e-5, 1e-15);
  sample.peer_delay = Duration::seconds(2.6e-4);
  EXPECT_NEAR(contradiction_of(sample, believed, delays).excused_s, 3e-5, 1e-15);
}

}  // namespace
}  // namespace timed::discipline
