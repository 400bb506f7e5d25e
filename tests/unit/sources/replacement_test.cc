#include "timed/sources/replacement.h"

#include <gtest/gtest.h>

#include <set>

#include "timed/base/random.h"

namespace timed::sources {
namespace {

MonoTime at(double seconds) {
  return MonoTime::from_seconds(1000) + Duration::seconds(seconds);
}

TEST(ReplacementLimit, TheNextOneWaitsForARandomTimeUpToAnHour) {
  ReplacementLimit limit;
  EXPECT_TRUE(limit.allow(at(0), 0.5));
  EXPECT_FALSE(limit.allow(at(1791.9), 0.0));
  EXPECT_TRUE(limit.allow(at(1792), 0.0));
  EXPECT_TRUE(limit.allow(at(1792), 0.999)) << "the pause may be none";
  EXPECT_FALSE(limit.allow(at(1792 + 3580), 0.0));
  EXPECT_TRUE(limit.allow(at(1792 + 3581), 0.0));
}

TEST(RefreshPlan, OneNameAnInterval) {
  RefreshPlan plan(Duration::seconds(100), at(0));
  EXPECT_FALSE(plan.is_due(at(99)));
  ASSERT_TRUE(plan.is_due(at(100)));
  EXPECT_TRUE(plan.begin(at(100), at(0)));
  EXPECT_FALSE(plan.is_due(at(199)));
  EXPECT_TRUE(plan.is_due(at(200)));
  EXPECT_FALSE(plan.begin(at(200), std::nullopt)) << "there is no name";
  EXPECT_FALSE(plan.is_due(at(299)));
}

TEST(RefreshPlan, WhatWasLookedUpLatelyWaitsUntilItIsAnIntervalOld) {
  RefreshPlan plan(Duration::seconds(100), at(0));
  EXPECT_FALSE(plan.begin(at(100), at(40)));
  EXPECT_FALSE(plan.is_due(at(139)));
  EXPECT_TRUE(plan.is_due(at(140)));
  EXPECT_TRUE(plan.begin(at(140), at(40)));
}

TEST(RefreshPlan, ZeroIsNever) {
  EXPECT_FALSE(RefreshPlan(Duration::zero(), at(0)).is_due(at(1e9)));
}

TEST(FromRandomOne, TurnsTheListAndLosesNone) {
  const std::vector<IpAddress> all = {IpAddress::v4(1), IpAddress::v4(2), IpAddress::v4(3)};
  EXPECT_EQ(from_random_one(all, 0.0), all);
  EXPECT_EQ(from_random_one(all, 0.34), (std::vector<IpAddress>{all[1], all[2], all[0]}));
  EXPECT_EQ(from_random_one(all, 0.9999999), (std::vector<IpAddress>{all[2], all[0], all[1]}));
  EXPECT_TRUE(from_random_one({}, 0.9).empty());
}

}  // namespace
}  // namespace timed::sources
