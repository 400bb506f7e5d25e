#include "timed/server/rate_limit.h"

#include <gtest/gtest.h>

namespace timed::server {
namespace {

RateLimitOptions options(int interval, int burst) {
  RateLimitOptions o;
  o.enabled = true;
  o.interval = interval;
  o.burst = burst;
  return o;
}

TEST(TokenBucket, AnAnswerCostsTheTicksOfItsInterval) {
  const TokenBucket bucket(options(3, 8));
  EXPECT_EQ(bucket.cost(), 128) << "8 s of 1/16 s";
  EXPECT_EQ(bucket.full(), 1024);
  EXPECT_EQ(bucket.filled(0, 1000, 900), 100);
  EXPECT_EQ(bucket.filled(1000, 5000, 900), 1024) << "no more than fits";
  EXPECT_EQ(bucket.filled(7, 900, 1000), 7) << "a clock that went back earns nothing";
  EXPECT_EQ(bucket.filled(0, 50, ~Ticks{0} - 49), 100) << "through the wrap";
}

TEST(TokenBucket, LongIntervalsAreCountedInLargerUnits) {
  const TokenBucket bucket(options(12, 255));
  // 255 2^(16 - s) must fit 16 bits: s = 8.
  EXPECT_EQ(bucket.cost(), 256);
  EXPECT_EQ(bucket.full(), 255 * 256);
  EXPECT_EQ(bucket.filled(0, 256, 255), 1);
  EXPECT_EQ(bucket.filled(0, 511, 256), 0) << "within one unit";
  Ticks now = 0;
  std::uint16_t tokens = 0;
  for (int i = 0; i < 256; ++i, now += 10) tokens = bucket.filled(tokens, now + 10, now);
  EXPECT_EQ(tokens, 10) << "asking often loses nothing";
}

TEST(TokenBucket, IntervalsBelowATickAreCoarse) {
  const TokenBucket bucket(options(-6, 8));
  EXPECT_EQ(bucket.cost(), 1);
  EXPECT_EQ(bucket.full(), 8);
  EXPECT_EQ(bucket.filled(0, 1, 0), 4);
  EXPECT_EQ(bucket.filled(0, 5, 0), 8);
  const TokenBucket fastest(options(-19, 1));
  EXPECT_EQ(fastest.full(), 1 << 15) << "at least what a tick earns";
  EXPECT_EQ(fastest.filled(0, 1u << 31, 1), 1 << 15) << "and without overflow";
}

TEST(TokenBucket, OptionsOutOfRangeAreCut) {
  EXPECT_EQ(TokenBucket(options(40, 8)).cost(), TokenBucket(options(12, 8)).cost());
  EXPECT_EQ(TokenBucket(options(0, 0)).full(), 16);
  EXPECT_EQ(TokenBucket(options(0, 999)).full(), 255 * 16);
}

TEST(Rate, BeginsWithTheFirstInterval) {
  EXPECT_EQ(updated_rate(kUnknownRate, 0), 20);
  EXPECT_EQ(updated_rate(kUnknownRate, 1), 16);
  EXPECT_EQ(updated_rate(kUnknownRate, 16), 0) << "one a second";
  EXPECT_EQ(updated_rate(kUnknownRate, 16 * 64), -24) << "one in 64 s";
  EXPECT_EQ(updated_rate(kUnknownRate, 0x7fffffff), -56);
}

TEST(Rate, RisesInStepsAndFallsFaster) {
  EXPECT_EQ(updated_rate(-24, 16), -23);
  EXPECT_EQ(updated_rate(0, 16), 0);
  EXPECT_EQ(updated_rate(20, 16), 10) << "10 above the new one at most";
  EXPECT_EQ(updated_rate(5, 16), 2);
  EXPECT_EQ(updated_rate(-20, 16 * 64), -22) << "(-20 - 24 - 1) / 2, truncated";
}

TEST(Rate, IsReportedAsAnInterval) {
  EXPECT_EQ(interval_of(kUnknownRate), 127);
  EXPECT_EQ(interval_of(0), 0);
  EXPECT_EQ(interval_of(-24), 6);
  EXPECT_EQ(interval_of(16), -4);
  EXPECT_EQ(interval_of(-25), 6);
  EXPECT_EQ(interval_of(-27), 7);
}

}  // namespace
}  // namespace timed::server
