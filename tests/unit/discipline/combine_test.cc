#include "timed/discipline/combine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace timed::discipline {
namespace {

WeightedEstimate belief(double offset_s, double sd_s, double route_s = 0.0) {
  WeightedEstimate w;
  w.estimate.when = LocalTime::from_seconds(1000);
  w.estimate.offset = Duration::seconds(offset_s);
  w.estimate.offset_sd = Duration::seconds(sd_s);
  w.estimate.frequency = Frequency::ppm(offset_s * 1e6);
  w.estimate.frequency_sd = Frequency::ppm(0.1);
  w.estimate.skew = Frequency::ppm(1);
  w.estimate.root_delay = Duration::seconds(offset_s);
  w.estimate.growth = Growth{0.0, 1e-18, Duration::seconds(route_s)};
  w.distance = Duration::millis(1);
  return w;
}

TEST(CombineBeliefs, WeighsByHowWellEachIsKnown) {
  const auto both = combine(std::vector{belief(1e-6, 1e-6), belief(2e-6, 2e-6)});
  EXPECT_NEAR(both.offset.to_seconds(), 1.2e-6, 1e-15);
  EXPECT_NEAR(both.offset_sd.to_seconds(), std::sqrt(0.8) * 1e-6, 1e-15);
  EXPECT_NEAR(both.frequency.to_ppm(), 1.5, 1e-9);
  EXPECT_NEAR(both.frequency_sd.to_ppm(), 0.1, 1e-9) << "it is one clock: two servers do not halve its wander";
  EXPECT_EQ(both.root_delay, Duration::seconds(1e-6)) << "of the first";
  EXPECT_TRUE(both.growth);
}

// By how well each knows the frequency, which is what both are about.
TEST(CombineBeliefs, WanderAndCovarianceAreMeansToo) {
  auto beliefs = std::vector{belief(0.0, 1e-6), belief(0.0, 1e-6)};
  beliefs[0].estimate.growth->covariance_s = 3e-12;
  beliefs[1].estimate.growth->covariance_s = -1e-12;
  beliefs[1].estimate.growth->wander = 1e-16;
  EXPECT_NEAR(combine(beliefs).growth->covariance_s, 1e-12, 1e-20);
  EXPECT_NEAR(combine(beliefs).growth->wander, 1e-17, 1e-22);
  beliefs[0].estimate.frequency_sd = Frequency::ppm(0.1 * std::sqrt(3.0));
  EXPECT_NEAR(combine(beliefs).growth->covariance_s, 0.0, 1e-20);
  EXPECT_NEAR(std::log10(combine(beliefs).growth->wander), -16.5, 1e-6);
}

TEST(CombineBeliefs, AFarServerMayBeOffByItsRoute) {
  const auto both = combine(std::vector{belief(0.0, 1e-6), belief(1e-5, 1e-6, 1e-3)});
  EXPECT_LT(both.offset.to_seconds(), 1e-10);
}

// Each server is known to 1 us, and its way to 0.1 ms: the mean of two is known to 0.1 ms by the root of two.
TEST(CombineBeliefs, WaysThatMayDifferAreInTheDeviation) {
  const auto both = combine(std::vector{belief(0.0, 1e-6, 1e-4), belief(1e-4, 1e-6, 1e-4)});
  EXPECT_NEAR(both.offset_sd.to_seconds(), 1e-4 / std::sqrt(2.0), 1e-8);
}

TEST(CombineBeliefs, DisagreementCosts) {
  const auto apart = combine(std::vector{belief(0.0, 1e-6), belief(1e-3, 1e-6)});
  EXPECT_NEAR(apart.offset.to_seconds(), 5e-4, 1e-9);
  EXPECT_GT(apart.offset_sd, Duration::micros(400));
}

TEST(CombineBeliefs, AgreementOnALargeOffsetIsSeen) {
  auto beliefs = std::vector{belief(1000.7, 1e-9), belief(1000.7, 2e-9), belief(1000.7, 3e-9)};
  for (WeightedEstimate& one : beliefs) one.estimate.frequency = Frequency::zero();
  const auto all = combine(beliefs);
  EXPECT_NEAR(all.offset.to_seconds(), 1000.7, 1e-9);
  EXPECT_LE(all.offset_sd, Duration::nanos(1));
}

TEST(CombineBeliefs, PerfectOnesHaveWeightsThatAreNumbers) {
  const auto both = combine(std::vector{belief(1e-6, 0.0), belief(3e-6, 0.0)});
  EXPECT_NEAR(both.offset.to_seconds(), 2e-6, 1e-15);
}

TEST(CombineBeliefs, AnOldOneCountsLess) {
  WeightedEstimate old = belief(1e-6, 1e-6);
  old.estimate.when = LocalTime::from_seconds(0);
  old.estimate.frequency = Frequency::zero();
  const auto both = combine(std::vector{belief(0.0, 1e-6), old});
  EXPECT_LT(both.offset.to_seconds(), 1e-9) << "0.1 ppm for 1000 s are 100 us";
}

TEST(CombineBeliefs, AreAsNewAsTheNewest) {
  auto beliefs = std::vector{belief(0.0, 1e-6), belief(0.0, 1e-6), belief(0.0, 1e-6)};
  for (std::size_t i = 0; i < 3; ++i) {
    beliefs[i].estimate.growth->newest = FreeTime::from_seconds(i == 1 ? 1002 : 1001);
  }
  EXPECT_EQ(combine(beliefs).growth->newest, FreeTime::from_seconds(1002));
}

TEST(CombineBeliefs, TheNewestSaysWhetherTheFrequencyHasJumped) {
  auto beliefs = std::vector{belief(0.0, 1e-6), belief(1e-6, 1e-6)};
  for (WeightedEstimate& one : beliefs) one.estimate.growth->newest = FreeTime::from_seconds(1000);
  beliefs[1].estimate.growth->newest = FreeTime::from_seconds(1001);
  beliefs[1].estimate.growth->jumped = true;
  EXPECT_TRUE(combine(beliefs).growth->jumped);
  beliefs[0].estimate.growth->newest = FreeTime::from_seconds(1002);
  EXPECT_FALSE(combine(beliefs).growth->jumped) << "it has looked since";
}

TEST(CombineBeliefs, OneEstimateOfTheRegressionMakesItTheRegressions) {
  WeightedEstimate plain = belief(2e-6, 2e-6);
  plain.estimate.growth.reset();
  const auto both = combine(std::vector{belief(1e-6, 1e-6), plain});
  EXPECT_NEAR(both.offset.to_seconds(), 1.5e-6, 1e-15) << "by distance";
}

}  // namespace
}  // namespace timed::discipline
