#include "timed/sources/poll_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::sources {
namespace {

const Nearness kFar{true, Duration::seconds(0.05)};
const Nearness kNear{true, Duration::seconds(0.001)};

PollOptions polls(int min, int max) {
  PollOptions options;
  options.min_poll = min;
  options.max_poll = max;
  return options;
}

TEST(PollSchedule, BeginsAtMinPollButNotBelowASecond) {
  EXPECT_EQ(PollSchedule(polls(6, 10)).poll(), 6);
  EXPECT_EQ(PollSchedule(polls(-4, 10)).poll(), 0);
  EXPECT_FALSE(PollSchedule(polls(6, 10)).is_polling());
}

TEST(PollSchedule, ScoreCarriesThePollUpAndDown) {
  PollSchedule s(polls(4, 10));
  for (int i = 0; i < 3; ++i) s.adjust(0.25, kFar);
  EXPECT_EQ(s.poll(), 4);
  EXPECT_DOUBLE_EQ(s.score(), 0.75);
  s.adjust(0.25, kFar);
  EXPECT_EQ(s.poll(), 5);
  EXPECT_DOUBLE_EQ(s.score(), 0.0);
  s.adjust(2.5, kFar);
  EXPECT_EQ(s.poll(), 7);
  EXPECT_DOUBLE_EQ(s.score(), 0.5);
  s.adjust(-1.75, kFar);  // -1.25: down by two, up 0.75
  EXPECT_EQ(s.poll(), 5);
  EXPECT_DOUBLE_EQ(s.score(), 0.75);
}

TEST(PollSchedule, ScoreStopsAtTheLimits) {
  PollSchedule s(polls(4, 6));
  s.adjust(1e9, kFar);
  EXPECT_EQ(s.poll(), 6);
  EXPECT_DOUBLE_EQ(s.score(), 1.0);
  s.adjust(-1e300, kFar);
  EXPECT_EQ(s.poll(), 4);
  EXPECT_DOUBLE_EQ(s.score(), 0.0);
}

TEST(PollSchedule, SubSecondPollsNeedANearReachableServer) {
  PollSchedule s(polls(-5, 6));
  s.adjust(-1.0, kNear);
  EXPECT_EQ(s.poll(), -2);
  s.adjust(0.0, kFar);
  EXPECT_EQ(s.poll(), 0);
  s.adjust(-1.0, {false, Duration::seconds(0.001)});
  EXPECT_EQ(s.poll(), 0);
}

TEST(PollSchedule, SamplesThatSurpriseMakeItPollFaster) {
  PollSchedule s(polls(4, 10));
  s.adjust(4.0, kFar);
  s.adjust_for_sample({Duration::seconds(8e-3), Duration::seconds(1e-3), 8}, kFar);  // three binary orders too far off
  EXPECT_DOUBLE_EQ(s.poll() + s.score(), 5.0);
}

TEST(PollSchedule, AContradictionMakesItPollSixteenTimesAsOften) {
  PollSchedule s(polls(4, 10));
  s.adjust(5.5, kFar);
  s.adjust_for_sample({Duration::zero(), Duration::seconds(1e-3), 16, discipline::Expectation::Contradicted}, kFar);
  EXPECT_DOUBLE_EQ(s.poll() + s.score(), 5.5);
}

SampleAgreement agreeing(discipline::Expectation expectation, bool by_estimator = true) {
  return {Duration::zero(), Duration::seconds(1e-3), 8, expectation, by_estimator};
}

// One that asks each 512 s.
PollSchedule slow_poller(int min_poll = 4) {
  PollSchedule s(polls(min_poll, 10));
  s.go_online();
  s.adjust(9.0 - min_poll, kFar);
  return s;
}

TEST(PollSchedule, ASampleInDoubtIsLookedAtAgainSoonAndOnce) {
  PollSchedule s = slow_poller();
  s.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
  EXPECT_EQ(s.interval(), Duration::seconds(64));
  EXPECT_EQ(s.poll(), 9) << "which is told, and stays";
  EXPECT_TRUE(s.begin_transmission());
  s.end_transmission(true, true);
  EXPECT_EQ(s.interval(), Duration::seconds(512)) << "whether it is answered or not";
  const double before = s.poll() + s.score();
  SampleAgreement second = agreeing(discipline::Expectation::Doubtful);
  second.samples = 64;
  s.adjust_for_sample(second, kFar);
  EXPECT_EQ(s.interval(), Duration::seconds(512)) << "no third";
  EXPECT_DOUBLE_EQ(s.poll() + s.score(), before);
}

TEST(PollSchedule, TheSecondLookIsHeardWhereItFindsSomething) {
  for (const bool far_off : {false, true}) {
    PollSchedule s = slow_poller();
    s.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
    s.end_transmission(true, true);
    SampleAgreement found = agreeing(far_off ? discipline::Expectation::Met : discipline::Expectation::Contradicted);
    if (far_off) found.prediction_error = Duration::seconds(4e-3);
    s.adjust_for_sample(found, kFar);
    EXPECT_DOUBLE_EQ(s.poll() + s.score(), far_off ? 7.0 : 5.0);
  }
}

TEST(PollSchedule, ASecondLookIsForLongIntervalsOfTheEstimator) {
  PollSchedule regression = slow_poller();
  regression.adjust_for_sample(agreeing(discipline::Expectation::Doubtful, false), kFar);
  EXPECT_EQ(regression.interval(), Duration::seconds(512));
  PollSchedule quick = slow_poller();
  quick.adjust(-2.0, kFar);
  quick.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
  EXPECT_EQ(quick.interval(), Duration::seconds(128));
  PollSchedule burst = slow_poller();
  burst.start_burst(4, 4);
  burst.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
  burst.on_good_response();
  for (int i = 0; i < 3; ++i) burst.on_good_response();
  EXPECT_EQ(burst.interval(), Duration::seconds(512));
  PollSchedule away = slow_poller();
  away.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
  away.go_offline();
  away.go_online();
  EXPECT_EQ(away.interval(), Duration::seconds(512));
  PollSchedule kissed = slow_poller();
  kissed.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
  EXPECT_EQ(kissed.on_rate_kiss(), Duration::seconds(2048));
  EXPECT_EQ(kissed.interval(), Duration::seconds(512));
}

TEST(PollSchedule, ASecondLookIsNoSoonerThanMinpoll) {
  for (const int min_poll : {8, 9}) {
    PollSchedule s = slow_poller(min_poll);
    s.adjust_for_sample(agreeing(discipline::Expectation::Doubtful), kFar);
    EXPECT_EQ(s.interval(), Duration::seconds(min_poll == 8 ? 256 : 512));
  }
}

TEST(PollSchedule, NumberOfSamplesIsDrawnToTheTarget) {
  PollSchedule s(polls(4, 10));
  s.adjust(2.5, kFar);
  const SampleAgreement many{Duration::zero(), Duration::seconds(1e-3), 16};
  s.adjust_for_sample(many, kFar);
  EXPECT_DOUBLE_EQ(s.score(), 0.5 + (16.0 / 8 - 1) / 8);
  const SampleAgreement few{Duration::zero(), Duration::seconds(1e-3), 4};
  s.adjust_for_sample(few, kFar);
  EXPECT_DOUBLE_EQ(s.score(), 0.5 + 0.125 - 0.125);
  EXPECT_EQ(s.poll(), 6);
}

TEST(PollSchedule, WhereTheEstimatorCountsTheIntervalLiesBetweenPowersOfTwo) {
  PollSchedule s(polls(6, 10));
  const SampleAgreement just_enough{Duration::zero(), Duration::seconds(1e-3), 8, discipline::Expectation::Met, true};
  s.adjust(2.5, kFar);
  EXPECT_EQ(s.interval(), Duration::seconds(256));
  s.adjust_for_sample(just_enough, kFar);
  EXPECT_EQ(s.poll(), 8);
  EXPECT_NEAR(s.interval().to_seconds(), 256.0 * std::sqrt(2.0), 1e-6);
  s.adjust(9.0, kFar);
  s.adjust_for_sample(just_enough, kFar);
  EXPECT_EQ(s.interval(), Duration::seconds(1024));  // never beyond maxpoll
  s.adjust(-9.0, kFar);
  s.adjust_for_sample(just_enough, kFar);
  EXPECT_EQ(s.interval(), Duration::seconds(64));  // nor below minpoll
  s.adjust(0.5, kFar);
  s.reset();
  EXPECT_EQ(s.interval(), Duration::seconds(64));
}

TEST(PollSchedule, SamplesOfSourcesThatAreCombinedTellMore) {
  EXPECT_EQ(shared_samples(8, 0), 8u);
  EXPECT_EQ(shared_samples(8, 1), 8u);
  EXPECT_EQ(shared_samples(8, 4), 16u);
  EXPECT_EQ(shared_samples(7, 9), 21u);
}

TEST(PollSchedule, WhereTheEstimatorCountsEightSamplesDoubleTheIntervalAtMost) {
  PollSchedule s(polls(6, 10));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(s.poll(), 6) << i;
    s.adjust_for_sample({Duration::zero(), Duration::seconds(1e-3), 64, discipline::Expectation::Met, true}, kFar);
  }
  EXPECT_EQ(s.poll(), 7);
  EXPECT_DOUBLE_EQ(s.score(), 0.0);
}

TEST(PollSchedule, InitialBurstEndsAfterFourGoodResponses) {
  PollOptions options = polls(6, 10);
  options.iburst = true;
  PollSchedule s(options);
  s.go_online();
  EXPECT_EQ(s.mode(), PollMode::BurstWasOnline);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(s.begin_transmission());
    s.end_transmission(true, true);
    EXPECT_EQ(s.interval(), Duration::seconds(2)) << i;
    s.on_good_response();
  }
  EXPECT_EQ(s.mode(), PollMode::Online);
  EXPECT_EQ(s.interval(), Duration::seconds(64));
}

TEST(PollSchedule, InitialBurstEndsWithTheEighthRequest) {
  PollOptions options = polls(2, 10);
  options.iburst = true;
  PollSchedule s(options);
  s.go_online();
  int quick = 0;
  for (int i = 0; i < 20; ++i) {
    s.begin_transmission();
    s.end_transmission(true, true);
    if (s.interval() == Duration::seconds(1)) ++quick;
  }
  EXPECT_EQ(quick, 7) << "the eighth request begins the normal interval";
}

TEST(PollSchedule, BurstWaitsForTheNetwork) {
  PollOptions options = polls(6, 10);
  options.iburst = true;
  PollSchedule s(options);
  s.go_online();
  for (int i = 0; i < 50; ++i) {
    s.begin_transmission();
    s.end_transmission(false, false);
  }
  EXPECT_TRUE(s.in_burst());
}

// A failed send to a server that has answered is not the network that is late.
TEST(PollSchedule, BurstOfAReachableServerWearsOff) {
  PollOptions options = polls(6, 10);
  options.iburst = true;
  PollSchedule s(options);
  s.go_online();
  for (int i = 0; i < 8; ++i) {
    s.begin_transmission();
    s.end_transmission(false, true);
  }
  s.begin_transmission();
  EXPECT_FALSE(s.in_burst());
}

TEST(PollSchedule, BurstAtEachPollAboveTheShortest) {
  PollOptions options = polls(4, 10);
  options.burst = true;
  PollSchedule s(options);
  s.go_online();
  s.begin_transmission();
  EXPECT_FALSE(s.in_burst());
  s.end_transmission(true, true);
  s.adjust(1.0, kFar);  // poll 5: two requests
  s.begin_transmission();
  EXPECT_TRUE(s.in_burst());
  s.end_transmission(true, true);
  EXPECT_EQ(s.interval(), Duration::seconds(2));
  s.begin_transmission();
  EXPECT_FALSE(s.in_burst());
  s.end_transmission(true, true);
  EXPECT_EQ(s.interval(), Duration::seconds(32));
}

TEST(PollSchedule, OfflineWaitsForTheEndOfABurst) {
  PollSchedule s(polls(6, 10));
  EXPECT_FALSE(s.go_offline_after_burst());
  s.go_online();
  EXPECT_FALSE(s.go_offline_after_burst());
  EXPECT_EQ(s.mode(), PollMode::Online);
  s.start_burst(4, 8);
  EXPECT_TRUE(s.go_offline_after_burst());
  EXPECT_EQ(s.mode(), PollMode::BurstWasOffline);
  s.go_online();
  EXPECT_EQ(s.mode(), PollMode::BurstWasOnline);
}

TEST(PollSchedule, OfflineBurstGoesOfflineAgain) {
  PollSchedule s(polls(6, 10));
  s.start_burst(9, 2);
  EXPECT_EQ(s.mode(), PollMode::BurstWasOffline);
  EXPECT_TRUE(s.begin_transmission());
  s.end_transmission(true, true);
  EXPECT_TRUE(s.begin_transmission());
  s.end_transmission(true, true);
  EXPECT_FALSE(s.begin_transmission());
  EXPECT_EQ(s.mode(), PollMode::Offline);
}

TEST(PollSchedule, PresendPutsAThrowAwayRequestTwoSecondsBefore) {
  PollOptions options = polls(6, 10);
  options.presend = 6;
  PollSchedule s(options);
  s.go_online();
  for (int poll = 0; poll < 3; ++poll) {
    s.begin_transmission();
    s.end_transmission(true, true);
    EXPECT_TRUE(s.is_presending());
    EXPECT_EQ(s.interval(), Duration::seconds(2));
    s.begin_transmission();
    s.end_transmission(true, true);
    EXPECT_FALSE(s.is_presending());
    EXPECT_EQ(s.interval(), Duration::seconds(64));
  }
}

// The answer to the second has the stamps of the first.
TEST(PollSchedule, InterleavedPresendThrowsTwoAway) {
  PollOptions options = polls(6, 10);
  options.presend = 6;
  PollSchedule s(options);
  s.go_online();
  for (const bool presends : {true, true, false, true}) {
    s.begin_transmission();
    s.end_transmission(true, true, true);
    EXPECT_EQ(s.is_presending(), presends);
  }
}

TEST(PollSchedule, PresendBeginsAtItsPoll) {
  PollOptions options = polls(6, 10);
  options.presend = 7;
  PollSchedule s(options);
  s.go_online();
  s.begin_transmission();
  s.end_transmission(true, true);
  EXPECT_FALSE(s.is_presending());
}

TEST(PollSchedule, RateKissEndsABurstWithTheNextGoodResponse) {
  PollSchedule s(polls(6, 10));
  s.go_online();
  s.start_burst(4, 8);
  EXPECT_EQ(s.on_rate_kiss(), Duration::seconds(256));
  EXPECT_TRUE(s.in_burst());
  s.on_good_response();
  EXPECT_FALSE(s.in_burst());
}

TEST(PollSchedule, DelaysAndSeparationsStretchAlike) {
  EXPECT_EQ(stretched(Duration::seconds(64), 6, 0.0).delay, Duration::seconds(64));
  EXPECT_NEAR(stretched(Duration::seconds(64), 6, 0.5).delay.to_seconds(), 64.64, 1e-9);
  EXPECT_NEAR(stretched(Duration::seconds(64), 6, 0.5).separation.to_seconds(), 0.202, 1e-9);
  EXPECT_EQ(stretched(Duration::seconds(-3), 6, 0.5).delay, Duration::zero());
  EXPECT_NEAR(stretched(Duration::zero(), 0, 0.0).separation.to_seconds(), 0.125, 1e-12);
  EXPECT_NEAR(stretched(Duration::zero(), -7, 0.0).separation.to_seconds(), 0.002, 1e-12);
}

TEST(PollSchedule, FirstRequestKeepsTheIntervalOfAnEarlierOne) {
  PollSchedule s(polls(6, 10));
  s.go_online();
  EXPECT_EQ(s.first_delay(std::nullopt), Duration::seconds(0.2));
  EXPECT_EQ(s.first_delay(Duration::seconds(4)), Duration::seconds(60));
  EXPECT_EQ(s.first_delay(Duration::seconds(100)), Duration::seconds(0.2));
}

}  // namespace
}  // namespace timed::sources
