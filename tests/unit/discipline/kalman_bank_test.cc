#include "src/discipline/kalman_bank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/unit/discipline/synthetic_exchanges.h"

namespace timed::discipline {
namespace {

std::vector<Exchange> line(std::size_t count, double slope, double delay_s) {
  std::vector<Exchange> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i].t_s = 64.0 * (static_cast<double>(i) - static_cast<double>(count - 1));
    all[i].offset_s = slope * all[i].t_s;
    all[i].delay_s = delay_s;
  }
  return all;
}

// Offsets that scatter by so much about a clock that wanders.
std::vector<Exchange> scatter(std::uint64_t seed, double noise_s, double wander_sd, double spacing_s) {
  SyntheticClock clock(seed, {.spacing_s = spacing_s, .wander_sd = wander_sd});
  std::vector<Exchange> all(64);
  for (Exchange& e : all) {
    clock.advance(spacing_s);
    e = {clock.t_s(), clock.offset_s() + noise_s * clock.normal(), 1e-9};
  }
  const Exchange newest = all.back();
  for (Exchange& e : all) e = {e.t_s - newest.t_s, e.offset_s - newest.offset_s, e.delay_s};
  return all;
}

TEST(KalmanBank, NeedsThreeExchanges) {
  EXPECT_FALSE(bank_by_delay(line(2, 1e-4, 1e-3), 1e-8));
  EXPECT_FALSE(bank_by_scatter(line(2, 1e-4, 1e-3), 1e-8));
  EXPECT_TRUE(bank_by_delay(line(3, 1e-4, 1e-3), 1e-8));
  EXPECT_TRUE(bank_by_scatter(line(3, 1e-4, 1e-3), 1e-8));
}

TEST(KalmanBank, FollowsALineWithoutNoise) {
  for (const double slope : {0.0, 1e-4, -5e-3}) {
    for (const std::size_t count : {3u, 20u}) {
      const auto by_delay = bank_by_delay(line(count, slope, 1e-3), 1e-8);
      const auto by_scatter = bank_by_scatter(line(count, slope, 1e-3), 1e-8);
      ASSERT_TRUE(by_delay && by_scatter);
      EXPECT_NEAR(by_delay->clock.frequency, slope, 1e-9) << count;
      EXPECT_NEAR(by_scatter->clock.frequency, slope, 1e-9) << count;
      EXPECT_NEAR(by_delay->clock.offset_s, 0.0, 2e-8) << count;
      EXPECT_NEAR(by_scatter->clock.offset_s, 0.0, 2e-8) << count;
    }
  }
}

// All queues are in one direction, and the configuration says so.
TEST(KalmanBank, TakesOutTheShareOfTheDelayThatIsKnown) {
  auto queues = line(30, 1e-6, 1e-3);
  for (std::size_t i = 0; i + 1 < queues.size(); ++i) {
    const double queue_s = 1e-3 * static_cast<double>((i * 7) % 10);
    queues[i].delay_s += queue_s;
    queues[i].offset_s -= 0.5 * queue_s;
  }
  const auto by_delay = bank_by_delay(queues, 1e-8, {.asymmetry = 0.5});
  const auto by_scatter = bank_by_scatter(queues, 1e-8, {.asymmetry = 0.5});
  ASSERT_TRUE(by_delay && by_scatter);
  EXPECT_NEAR(by_delay->clock.frequency, 1e-6, 1e-9);
  EXPECT_NEAR(by_scatter->clock.frequency, 1e-6, 1e-9);
  EXPECT_GT(std::fabs(bank_by_delay(queues, 1e-8, {.asymmetry = -0.5})->clock.frequency - 1e-6), 1e-8);
}

// A smallest delay that is set too low makes all exchanges equally bad, and who sets it is believed.
TEST(KalmanBank, BelievesTheSmallestDelayThatIsSet) {
  SyntheticClock clock(5, {});
  auto all = line(30, 0.0, 1e-3);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].delay_s += i % 3 == 0 ? 0.0 : 2e-4;
    all[i].offset_s = (i % 3 == 0 ? 0.0 : 1e-4) + 1e-6 * clock.normal();
  }
  const auto seen = bank_by_delay(all, 1e-8), set = bank_by_delay(all, 1e-8, {.least_delay_s = 1e-4});
  ASSERT_TRUE(seen && set);
  EXPECT_LT(std::fabs(seen->clock.offset_s), 3e-5);
  EXPECT_GT(set->clock.offset_s, 5e-5);
}

TEST(KalmanBank, FindsNoiseAndWander) {
  double log_noise = 0.0, log_fast = 0.0, log_slow = 0.0;
  constexpr int kRuns = 20;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const auto fast = bank_by_scatter(scatter(seed, 1e-4, 1e-7, 64.0), 1e-9);
    const auto slow = bank_by_scatter(scatter(seed, 1e-4, 1e-9, 64.0), 1e-9);
    ASSERT_TRUE(fast && slow);
    log_noise += std::log(slow->noise_sd_s) / kRuns;
    log_fast += fast->log_wander / kRuns;
    log_slow += slow->log_wander / kRuns;
  }
  EXPECT_NEAR(log_noise, std::log(1e-4), 0.1);
  EXPECT_NEAR(log_fast, std::log(1e-14), 1.0);
  EXPECT_NEAR(log_slow, std::log(1e-18), 5.0) << "64 exchanges hardly show it";
}

// Errors and the deviations that were told belong together.
TEST(KalmanBank, KnowsHowWellItKnows) {
  double scaled2 = 0.0;
  constexpr int kRuns = 100;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    SyntheticClock clock(seed, {.spacing_s = 16.0, .wander_sd = 1e-8});
    std::vector<Exchange> all(40);
    for (Exchange& e : all) {
      clock.advance(16.0);
      e = {clock.t_s(), clock.offset_s() + 1e-4 * clock.normal(), 1e-9};
    }
    const Exchange newest = all.back();
    for (Exchange& e : all) e = {e.t_s - newest.t_s, e.offset_s - newest.offset_s, e.delay_s};
    const auto answer = bank_by_scatter(all, 1e-9);
    ASSERT_TRUE(answer);
    const double error_s = newest.offset_s + answer->clock.offset_s - clock.offset_s();
    scaled2 += error_s * error_s / answer->clock.offset_variance_s2 / kRuns;
  }
  EXPECT_GT(scaled2, 0.6);
  EXPECT_LT(scaled2, 1.6);
}

// A mean of sixteen is as good as sixteen.
TEST(KalmanBank, FindsTheNoiseOfOneSampleInMeansOfMany) {
  double log_noise = 0.0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto means = scatter(seed, 1e-4, 1e-9, 64.0);
    for (Exchange& e : means) e.count = 16.0;
    const auto answer = bank_by_scatter(means, 1e-9);
    ASSERT_TRUE(answer);
    log_noise += std::log(answer->noise_sd_s) / 20;
  }
  EXPECT_NEAR(log_noise, std::log(4e-4), 0.1);
}

// The shortest of four delays is not yet the base, and the exchange with it not without error.
TEST(KalmanBank, DoubtsTheShortestOfAFewDelays) {
  int inside = 0;
  constexpr int kRuns = 200;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    SyntheticClock clock(seed, {.frequency = 0.0, .wander_sd = 0.0});
    std::vector<Exchange> all(4);
    for (Exchange& e : all) {
      const Sample s = clock.next();
      e = {clock.t_s(), s.offset.to_duration().to_seconds(), s.peer_delay.to_seconds()};
    }
    const Exchange newest = all.back();
    for (Exchange& e : all) e = {e.t_s - newest.t_s, e.offset_s - newest.offset_s, e.delay_s};
    const auto answer = bank_by_delay(all, 1e-8);
    ASSERT_TRUE(answer);
    const double error_s = newest.offset_s + answer->clock.offset_s - clock.offset_s();
    if (std::fabs(error_s) < 2.0 * std::sqrt(answer->clock.offset_variance_s2)) ++inside;
  }
  EXPECT_GT(inside, 150);
  EXPECT_LT(inside, 198);
}

// The delay says which exchanges are good.
TEST(KalmanBank, BelievesShortDelays) {
  std::vector<Exchange> all = line(20, 0.0, 1e-3);
  for (std::size_t i = 0; i < all.size(); i += 2) {
    all[i].offset_s += 5e-3;
    all[i].delay_s += 1e-2;
  }
  const auto answer = bank_by_delay(all, 1e-8);
  ASSERT_TRUE(answer);
  EXPECT_NEAR(answer->clock.offset_s, 0.0, 5e-4);
  EXPECT_GT(bank_by_scatter(all, 1e-8)->clock.offset_s, 1e-3) << "the other does not look at delays";
}

}  // namespace
}  // namespace timed::discipline
