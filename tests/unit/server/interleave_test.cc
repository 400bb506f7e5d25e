#include "timed/server/interleave.h"

#include <gtest/gtest.h>

#include <cmath>

#include "timed/base/random.h"

namespace timed::server {
namespace {

ntp::NtpTimestamp stamp(double seconds) {
  const double whole = std::floor(seconds);
  return {(static_cast<std::uint64_t>(whole) << 32) | static_cast<std::uint64_t>((seconds - whole) * 0x1p32)};
}

double taken(InterleaveMap& map, ntp::NtpTimestamp receive) {
  const auto transmit = map.take(receive);
  return transmit ? transmit->transmit.minus(receive).to_seconds() : -99.0;
}

TEST(InterleaveMap, GivesATransmitStampOnce) {
  InterleaveMap map(8);
  map.save(stamp(100), stamp(100.25));
  EXPECT_NEAR(taken(map, stamp(100)), 0.25, 1e-9);
  EXPECT_FALSE(map.take(stamp(100)));
  EXPECT_FALSE(map.take(stamp(101)));
  EXPECT_FALSE(map.take({}));
}

TEST(InterleaveMap, TakesWhatTheKernelSays) {
  InterleaveMap map(8);
  map.save(stamp(100), stamp(100.25));
  map.correct(stamp(100), {stamp(100.125), env::StampSource::Kernel});
  map.correct(stamp(100), {stamp(99.9), env::StampSource::Kernel});
  map.correct(stamp(100), {stamp(101.5), env::StampSource::Kernel});
  map.correct(stamp(50), {stamp(50.1), env::StampSource::Kernel});
  const auto sent = map.take(stamp(100));
  ASSERT_TRUE(sent);
  EXPECT_NEAR(sent->transmit.minus(stamp(100)).to_seconds(), 0.125, 1e-9);
  EXPECT_EQ(sent->source, env::StampSource::Kernel);
  EXPECT_EQ(map.size(), 1u);
}

TEST(InterleaveMap, ANanosecondIsKept) {
  InterleaveMap map(8);
  const auto receive = ntp::NtpTimestamp::from(RawTime::from_seconds(1'800'000'000, 123'456'789));
  map.save(receive, ntp::NtpTimestamp::from(RawTime::from_seconds(1'800'000'000, 123'459'001)));
  const auto transmit = map.take(receive);
  ASSERT_TRUE(transmit);
  const RawTime time = transmit->transmit.near(RawTime::from_seconds(1'800'000'000));
  EXPECT_NEAR(static_cast<double>(time.subsecond_nanos()), 123'459'001, 1.0);
}

TEST(InterleaveMap, ForgetsTheOldest) {
  InterleaveMap map(4);
  for (int i = 0; i < 10; ++i) map.save(stamp(100 + i), stamp(100.5 + i));
  EXPECT_EQ(map.size(), 4u);
  EXPECT_FALSE(map.take(stamp(105)));
  for (int i = 6; i < 10; ++i) EXPECT_NEAR(taken(map, stamp(100 + i)), 0.5, 1e-9) << i;
  EXPECT_EQ(map.span(), Duration::seconds(3));
}

TEST(InterleaveMap, AStampThatTwoAnswersHaveIsNobodys) {
  InterleaveMap map(4);
  map.save(stamp(100), stamp(100.1));
  map.save(stamp(100), stamp(100.2));
  EXPECT_FALSE(map.take(stamp(100)));
  EXPECT_EQ(map.size(), 1u);
}

TEST(InterleaveMap, PutsLateComersInOrder) {
  InterleaveMap map(256);
  for (int i = 0; i < 100; i += 2) map.save(stamp(100 + i * 1e-3), stamp(100.5 + i * 1e-3));
  for (int i = 99; i > 50; i -= 2) map.save(stamp(100 + i * 1e-3), stamp(100.25 + i * 1e-3));
  for (int i = 51; i < 100; ++i) EXPECT_NEAR(taken(map, stamp(100 + i * 1e-3)), i % 2 ? 0.25 : 0.5, 1e-6) << i;
}

TEST(InterleaveMap, AFullOneMakesRoomInBetween) {
  InterleaveMap map(4);
  for (const double t : {100.0, 100.1, 100.3, 100.4}) map.save(stamp(t), stamp(t));
  map.save(stamp(100.2), stamp(100.2));
  EXPECT_EQ(map.size(), 4u);
  EXPECT_FALSE(map.take(stamp(100)));
  for (const double t : {100.1, 100.2, 100.3, 100.4}) EXPECT_TRUE(map.take(stamp(t))) << t;
}

TEST(InterleaveMap, OneThatIsVeryLateTakesThePlaceOfANeighbour) {
  InterleaveMap map(256);
  for (int i = 0; i < 200; ++i) map.save(stamp(100 + i * 1e-3), stamp(100 + i * 1e-3));
  map.save(stamp(100.0105), stamp(100.0105));
  EXPECT_EQ(map.size(), 200u);
  EXPECT_TRUE(map.take(stamp(100.0105)));
  EXPECT_FALSE(map.take(stamp(100.010)));
  map.save(stamp(99.9995), stamp(99.9995));
  EXPECT_TRUE(map.take(stamp(99.9995)));
}

TEST(InterleaveMap, AStepBackDropsWhatIsAhead) {
  InterleaveMap map(8);
  for (int i = 0; i < 5; ++i) map.save(stamp(100 + i), stamp(100 + i));
  map.save(stamp(101.5), stamp(101.5));
  EXPECT_EQ(map.size(), 4u) << "100, 101, 101.5 and 102, which is less than a second later";
  map.save(stamp(50), stamp(50));
  EXPECT_EQ(map.size(), 1u);
  map.clear();
  EXPECT_EQ(map.size(), 0u);
  EXPECT_FALSE(map.take(stamp(50)));
}

TEST(InterleaveMap, StampsThatAreFarApartAreKeptWithoutTransmit) {
  InterleaveMap map(8);
  map.save(stamp(100), stamp(102.5));
  map.save(stamp(101), stamp(98));
  EXPECT_FALSE(map.take(stamp(100)));
  EXPECT_FALSE(map.take(stamp(101)));
}

TEST(InterleaveMap, GoesThroughTheErasOfTheStamps) {
  InterleaveMap map(8);
  const std::uint64_t end = ~std::uint64_t{0};
  for (const std::uint64_t i : {end - 2000, end - 1000, std::uint64_t{1000}, std::uint64_t{2000}}) {
    map.save({i}, {i + (std::uint64_t{1} << 30)});
  }
  for (const std::uint64_t i : {std::uint64_t{2000}, end - 1000, std::uint64_t{1000}, end - 2000}) {
    EXPECT_TRUE(map.take({i})) << i;
  }
}

// Against the plainest list there is.
TEST(InterleaveMap, FindsEverythingAmongMany) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    SeededRandom random(seed);
    InterleaveMap map(1024);
    std::uint64_t now = random.next() | 1;
    std::vector<std::uint64_t> saved;
    for (int i = 0; i < 1000; ++i) {
      now += 2 + (random.next() >> (random.below(4) == 0 ? 34 : 50));
      saved.push_back(now);
      map.save({now}, {now + 4000});
    }
    for (const std::uint64_t receive : saved) EXPECT_TRUE(map.take({receive})) << seed;
    EXPECT_FALSE(map.take({now + 1}));
  }
}

}  // namespace
}  // namespace timed::server
