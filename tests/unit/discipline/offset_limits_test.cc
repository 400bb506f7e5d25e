#include "timed/discipline/offset_limits.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::discipline {
namespace {

using Answer = OffsetLimits::Answer;

constexpr Duration kSecond = Duration::seconds(1);

TEST(OffsetLimits, WithoutAnyTheClockIsMovedAndNeverStepped) {
  OffsetLimits limits({}, {});
  EXPECT_EQ(limits.check(Duration::seconds(1e9)), Answer::Move);
  EXPECT_FALSE(limits.wants_step(Duration::seconds(1e9)));
}

TEST(OffsetLimits, MaxchangeLooksAwayAtTheStartAndForgivesSome) {
  OffsetLimits limits({kSecond, 2, 1}, {});
  EXPECT_EQ(limits.check(kSecond * 5.0), Answer::Move);
  EXPECT_EQ(limits.check(kSecond * -5.0), Answer::Move);
  EXPECT_EQ(limits.check(kSecond), Answer::Move) << "as large as allowed";
  EXPECT_EQ(limits.check(kSecond * -1.1), Answer::Ignore);
  EXPECT_EQ(limits.check(kSecond * 0.5), Answer::Move) << "one that is refused leaves the others";
  EXPECT_EQ(limits.check(kSecond * 1.1), Answer::Exit);
}

TEST(OffsetLimits, MaxchangeForgivesForEver) {
  OffsetLimits limits({kSecond, 0, -1}, {});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limits.check(kSecond * 2.0), Answer::Ignore);
}

// No comparison with it is true; what cannot be told to be small is refused.
TEST(OffsetLimits, MaxchangeRefusesWhatIsNoNumber) {
  OffsetLimits limits({kSecond, 0, 0}, {});
  EXPECT_EQ(limits.check(Duration::seconds(std::nan(""))), Answer::Exit);
}

TEST(OffsetLimits, MakestepCountsEveryUpdate) {
  OffsetLimits limits({}, {kSecond, 2});
  EXPECT_FALSE(limits.wants_step(kSecond));
  EXPECT_TRUE(limits.wants_step(kSecond * -2.0));
  EXPECT_FALSE(limits.wants_step(kSecond * 2.0));
  limits.set_make_step({kSecond, -1});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limits.wants_step(kSecond * 2.0));
}

TEST(OffsetLimits, StepsAreAllowedBesidesMakestep) {
  OffsetLimits limits({}, {kSecond, 1});
  limits.allow_steps({Duration::zero(), 2});
  EXPECT_TRUE(limits.wants_step(kSecond * 0.1));
  EXPECT_TRUE(limits.wants_step(kSecond * 0.1));
  EXPECT_FALSE(limits.wants_step(kSecond * 9.0)) << "makestep was used up meanwhile";
}

}  // namespace
}  // namespace timed::discipline
