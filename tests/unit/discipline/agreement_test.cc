#include "timed/discipline/agreement.h"

#include <gtest/gtest.h>

#include <vector>

#include "timed/base/random.h"

namespace timed::discipline {
namespace {

Claim claim(double low_s, double high_s, bool trusted = false) {
  return {Duration::seconds(low_s), Duration::seconds(high_s), trusted};
}

TEST(Agreement, NobodyIsNoMajority) {
  EXPECT_FALSE(find_agreement({}).is_majority());
}

TEST(Agreement, TheRegionIsWhereMostOverlap) {
  const Agreement a = find_agreement(std::vector{claim(0, 4), claim(1, 5), claim(2, 6), claim(10, 11)});
  EXPECT_EQ(a.depth, 3);
  EXPECT_EQ(a.low, Duration::seconds(2));
  EXPECT_EQ(a.high, Duration::seconds(4));
  EXPECT_TRUE(a.is_majority());
  EXPECT_TRUE(a.is_shared_by(claim(0, 4)));
  EXPECT_TRUE(a.is_shared_by(claim(2.5, 3)));
  EXPECT_FALSE(a.is_shared_by(claim(3, 7))) << "neither contains it nor lies in it";
  EXPECT_FALSE(a.is_shared_by(claim(10, 11)));
}

TEST(Agreement, ClaimsThatTouchOverlap) {
  EXPECT_EQ(find_agreement(std::vector{claim(0, 1), claim(1, 2)}).depth, 2);
  EXPECT_EQ(find_agreement(std::vector{claim(0, 1), claim(1.001, 2)}).depth, 1);
}

TEST(Agreement, EquallyDeepRegionsGiveTheirHull) {
  const Agreement a = find_agreement(std::vector{claim(0, 1), claim(0, 1), claim(5, 6), claim(5, 6)});
  EXPECT_EQ(a.depth, 2);
  EXPECT_EQ(a.low, Duration::seconds(0));
  EXPECT_EQ(a.high, Duration::seconds(6));
  EXPECT_FALSE(a.is_majority());
}

TEST(Agreement, TrustedClaimsGoFirst) {
  const Agreement a = find_agreement(std::vector{claim(0, 1, true), claim(5, 6), claim(5, 6), claim(5, 6)});
  EXPECT_EQ(a.agreeing(), 1);
  EXPECT_EQ(a.among(), 1);
  EXPECT_TRUE(a.is_majority());
  EXPECT_EQ(a.low, Duration::seconds(0));
  EXPECT_TRUE(a.admits(claim(0.2, 0.8)));
  EXPECT_FALSE(a.admits(claim(0.2, 1.8)));
  EXPECT_TRUE(a.admits(claim(0.2, 1.8, true)));
}

// Where the untrusted ones agree within that says nothing of where they may be.
TEST(Agreement, AdmitsWhatIsAnywhereInTheTrustedRegion) {
  const Agreement a = find_agreement(std::vector{claim(0, 10, true), claim(2, 4), claim(2, 4), claim(5, 9)});
  EXPECT_EQ(a.high, Duration::seconds(4));
  EXPECT_TRUE(a.admits(claim(5, 9)));
  EXPECT_TRUE(a.admits(claim(0, 10)));
  EXPECT_FALSE(a.admits(claim(5, 11)));
}

// The sign of an offset is a convention: mirrored claims give the mirrored region.
TEST(Agreement, IsTheSameInTheMirror) {
  SeededRandom random(17);
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<Claim> claims, mirrored;
    const auto n = 1 + random.below(8);
    for (std::uint64_t i = 0; i < n; ++i) {
      const double low = static_cast<double>(random.below(20)), width = static_cast<double>(random.below(6));
      const bool trusted = random.below(3) == 0;
      claims.push_back(claim(low, low + width, trusted));
      mirrored.push_back(claim(-low - width, -low, trusted));
    }
    const Agreement a = find_agreement(claims), b = find_agreement(mirrored);
    EXPECT_EQ(a.depth, b.depth) << trial;
    EXPECT_EQ(a.trusted_depth, b.trusted_depth) << trial;
    EXPECT_EQ(a.low, -b.high) << trial;
    EXPECT_EQ(a.high, -b.low) << trial;
  }
}

// By hand: the depth at every half second.
TEST(Agreement, FindsTheDepthThatCountingFinds) {
  SeededRandom random(23);
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<Claim> claims;
    const auto n = 1 + random.below(8);
    for (std::uint64_t i = 0; i < n; ++i) {
      const double low = static_cast<double>(random.below(20));
      claims.push_back(claim(low, low + static_cast<double>(random.below(6))));
    }
    int deepest = 0;
    for (double at = 0; at <= 26; at += 0.5) {
      int depth = 0;
      for (const Claim& c : claims) depth += c.low.to_seconds() <= at && at <= c.high.to_seconds() ? 1 : 0;
      deepest = std::max(deepest, depth);
    }
    EXPECT_EQ(find_agreement(claims).depth, deepest) << trial;
  }
}

}  // namespace
}  // namespace timed::discipline
