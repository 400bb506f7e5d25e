#include "src/discipline/sample_window.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace timed::discipline {
namespace {

constexpr std::size_t kRoom = 24;
constexpr double kShort_s = 3e-4, kLong_s = 2e-3;

class SampleWindowTest : public ::testing::Test {
 protected:
  SampleWindowTest() {
    believed.base_delay_s = 1e-4;
    believed.forward_mean_s = believed.backward_mean_s = 1e-4;
  }
  // One more sample, and whether its delay says that the route has become longer.
  bool sees_longer(double delay_s) {
    WindowEntry entry;
    entry.when = FreeTime::from_seconds(1000) + Duration::seconds(64.0 * static_cast<double>(added++));
    entry.delay = Duration::seconds(delay_s);
    window.add(entry, kRoom);
    return window.watch_route(believed);
  }
  void fill(std::size_t count, double delay_s = kShort_s) {
    for (std::size_t i = 0; i < count; ++i) EXPECT_FALSE(sees_longer(delay_s)) << i;
  }
  std::vector<std::size_t> marks() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < window.size(); ++i) {
      if (window.entries()[i].route_moved) all.push_back(i);
    }
    return all;
  }

  SampleWindow window;
  AverageAnswer believed;
  std::size_t added = 0;
};

TEST_F(SampleWindowTest, ThreeLongDelaysInARowAreALongerRoute) {
  fill(20);
  fill(2, kLong_s);
  EXPECT_TRUE(sees_longer(kLong_s));
  EXPECT_EQ(marks(), std::vector<std::size_t>{20}) << "before the first of them";
}

TEST_F(SampleWindowTest, AMarkIsSetOnceAndMovesWithItsSample) {
  fill(20);
  fill(2, kLong_s);
  ASSERT_TRUE(sees_longer(kLong_s));
  EXPECT_FALSE(window.watch_route(believed)) << "as where a sample has joined the last block";
  believed.base_delay_s = 0.5 * kLong_s;
  fill(6, kLong_s);
  EXPECT_EQ(marks(), std::vector<std::size_t>{15}) << "29 samples in 24 places";
}

TEST_F(SampleWindowTest, OneShortDelaySaysThatTheRouteIsTheSame) {
  fill(20);
  fill(2, kLong_s);
  fill(1, 0.0);
  fill(2, kLong_s);
  EXPECT_TRUE(sees_longer(kLong_s));
  EXPECT_EQ(marks(), std::vector<std::size_t>{21}) << "only those after it: 26 samples in 24 places";
}

TEST_F(SampleWindowTest, TheNewRouteBeginsWithWhatIsNearerToIt) {
  fill(20);
  fill(1, 1.2e-3);
  fill(2, kLong_s);
  EXPECT_TRUE(sees_longer(kLong_s));
  EXPECT_EQ(marks(), std::vector<std::size_t>{20});
}

TEST_F(SampleWindowTest, WhatIsNearerToTheOldRouteIsOfIt) {
  fill(20);
  fill(1, 1e-3);
  fill(2, kLong_s);
  EXPECT_TRUE(sees_longer(kLong_s));
  EXPECT_EQ(marks(), std::vector<std::size_t>{21});
}

TEST_F(SampleWindowTest, MoreThanHalfOfTheWindowIsTheOldRoute) {
  fill(5, kLong_s);
  EXPECT_TRUE(sees_longer(kLong_s)) << "three of six";
  EXPECT_EQ(marks(), std::vector<std::size_t>{1}) << "before the first of all there is nothing";
}

TEST_F(SampleWindowTest, MoreNoiseMakesLessOfADelay) {
  fill(20);
  believed.gaussian_sd_s = 1e-3;
  fill(4, kLong_s);
}

TEST_F(SampleWindowTest, WhatTheSmootherGetsIsRelativeToTheNewest) {
  fill(3);
  window.newest().offset = WideDuration(Duration::seconds(0.5));
  window.newest().jump_sd_s = 3e-6;
  window.newest().jump = 1e-12;
  const auto exchanges = window.relative();
  ASSERT_EQ(exchanges.size(), 3u);
  EXPECT_DOUBLE_EQ(exchanges[0].t_s, -128.0);
  EXPECT_NEAR(exchanges[0].offset_s, -0.5, 1e-15);
  EXPECT_DOUBLE_EQ(exchanges[2].t_s, 0.0);
  EXPECT_DOUBLE_EQ(exchanges[2].offset_s, 0.0);
  EXPECT_DOUBLE_EQ(exchanges[2].delay_s, kShort_s);
  EXPECT_DOUBLE_EQ(exchanges[2].jump, 1e-12);
  EXPECT_DOUBLE_EQ(exchanges[2].jump_s2, 9e-12);
  EXPECT_DOUBLE_EQ(exchanges[1].jump_s2, 0.0);
}

TEST_F(SampleWindowTest, OneSampleOutOfTurnChangesNoIntervalBetweenThem) {
  fill(20);
  const std::size_t usual = window.recent(Duration::seconds(640));
  EXPECT_EQ(usual, 10u);
  WindowEntry between;
  between.when = window.newest().when + Duration::seconds(8);
  window.add(between, kRoom);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(window.recent(Duration::seconds(640)), usual + 1) << i << ": the mean of three would make it 15";
    fill(1);
  }
}

TEST_F(SampleWindowTest, StampsAreAsGoodAsTheBestOfThemAndTheOwnClock) {
  fill(3);
  window.newest().step = Duration::seconds(5e-3);
  EXPECT_DOUBLE_EQ(window.stamp_sd_s(Duration::nanos(20)), 2e-8) << "the least of the window counts";
  SampleWindow coarse;
  for (const double step_s : {4e-3, 2e-3, 3e-3}) {
    WindowEntry entry;
    entry.step = Duration::seconds(step_s);
    coarse.add(entry, kRoom);
  }
  EXPECT_NEAR(coarse.stamp_sd_s(Duration::nanos(20)), 2e-3 / std::sqrt(12.0), 1e-12);
  EXPECT_DOUBLE_EQ(coarse.stamp_sd_s(Duration::seconds(1e-3)), 1e-3);
}

}  // namespace
}  // namespace timed::discipline
