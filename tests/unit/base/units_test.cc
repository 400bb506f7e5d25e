#include "timed/base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "timed/base/random.h"

namespace timed {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(Duration, units_agree) {
  EXPECT_DOUBLE_EQ(Duration::millis(1.5).to_seconds(), 0.0015);
  EXPECT_DOUBLE_EQ(Duration::micros(2).to_seconds(), 2e-6);
  EXPECT_DOUBLE_EQ(Duration::nanos(3).to_nanos(), 3.0);
  EXPECT_EQ(abs(Duration::seconds(-2)), Duration::seconds(2));
  EXPECT_DOUBLE_EQ(Duration::seconds(3) / Duration::seconds(2), 1.5);
  EXPECT_FALSE(Duration::infinity().is_finite());
}

TEST(Frequency, times_duration_is_duration) {
  EXPECT_DOUBLE_EQ((Frequency::ppm(2) * Duration::seconds(10)).to_seconds(), 20e-6);
  EXPECT_DOUBLE_EQ((Duration::seconds(10) * Frequency::ratio(-0.5)).to_seconds(), -5.0);
  EXPECT_DOUBLE_EQ(Frequency::ppm(12.5).to_ppm(), 12.5);
  EXPECT_EQ(abs(Frequency::ppm(-1)), Frequency::ppm(1));
}

TEST(TimePoint, whole_seconds_round_down) {
  const auto t = RawTime::from_nanos(-1);
  EXPECT_EQ(t.whole_seconds(), -1);
  EXPECT_EQ(t.subsecond_nanos(), 999'999'999);
  EXPECT_EQ(RawTime::from_nanos(-1'000'000'000).whole_seconds(), -1);
  EXPECT_EQ(RawTime::from_nanos(-1'000'000'000).subsecond_nanos(), 0);
  EXPECT_EQ(RawTime::from_seconds(5, 7).nanos(), 5'000'000'007);
}

TEST(TimePoint, differences_are_exact_before_they_are_doubles) {
  const auto late = RawTime::from_seconds(4'000'000'000, 1);
  const auto early = RawTime::from_seconds(4'000'000'000, 0);
  EXPECT_DOUBLE_EQ((late - early).to_seconds(), 1e-9);
}

TEST(TimePoint, adding_rounds_to_the_nearest_nanosecond) {
  EXPECT_EQ((RawTime::from_nanos(10) + Duration::nanos(0.6)).nanos(), 11);
  EXPECT_EQ((RawTime::from_nanos(10) - Duration::nanos(0.6)).nanos(), 9);
  SeededRandom random(1);
  for (int i = 0; i < 100000; ++i) {
    const auto from = RawTime::from_nanos(static_cast<std::int64_t>(random.below(1u << 30)) * 2'000'000'000);
    const auto ns = static_cast<std::int64_t>(random.below(4'000'000'000'000'000u)) - 2'000'000'000'000'000;
    ASSERT_EQ((from + Duration::seconds(static_cast<double>(ns) * 1e-9)).nanos(), from.nanos() + ns);
  }
}

TEST(TimePoint, arithmetic_saturates) {
  EXPECT_EQ((RawTime::from_nanos(kMax) + Duration::seconds(1)).nanos(), kMax);
  EXPECT_EQ((RawTime::from_nanos(kMin) - Duration::seconds(1)).nanos(), kMin);
  EXPECT_EQ((RawTime() + Duration::infinity()).nanos(), kMax);
  EXPECT_LT((RawTime() - Duration::infinity()).nanos(), kMin + 2);
  EXPECT_EQ((RawTime::from_nanos(7) + Duration::seconds(std::nan(""))).nanos(), 7);
  EXPECT_NEAR((RawTime::from_nanos(kMax) - RawTime::from_nanos(kMin)).to_seconds(), 9.223e9, 1e7);
  EXPECT_NEAR((RawTime::from_nanos(kMin) - RawTime::from_nanos(kMax)).to_seconds(), -9.223e9, 1e7);
}

TEST(WideDuration, keeps_picoseconds_beside_years) {
  const auto years = WideDuration::from_nanos(1'000'000'000'000'000'000, Duration::seconds(0.25e-9));
  EXPECT_EQ(years.whole_nanos(), 1'000'000'000'000'000'000);
  EXPECT_DOUBLE_EQ(years.rest().to_seconds(), 0.25e-9);
  const auto other = WideDuration::from_nanos(999'999'999'999'999'999, Duration::seconds(0.125e-9));
  EXPECT_NEAR((years - other).to_duration().to_seconds(), 1.125e-9, 1e-24);
}

TEST(WideDuration, moves_whole_nanoseconds_out_of_the_rest) {
  const auto d = WideDuration::from_nanos(5, Duration::seconds(1.5));
  EXPECT_EQ(d.whole_nanos(), 1'500'000'005);
  EXPECT_LE(std::abs(d.rest().to_seconds()), 0.5e-9);
  const WideDuration negative = WideDuration(Duration::nanos(-2.25));
  EXPECT_EQ(negative.whole_nanos(), -2);
  EXPECT_NEAR(negative.rest().to_nanos(), -0.25, 1e-9);
  EXPECT_NEAR((-negative).to_duration().to_nanos(), 2.25, 1e-9);
}

TEST(WideDuration, between_and_from_are_inverse) {
  SeededRandom random(2);
  for (int i = 0; i < 10000; ++i) {
    const auto a = RawTime::from_nanos(static_cast<std::int64_t>(random.next() >> 2));
    const auto b = FreeTime::from_nanos(-static_cast<std::int64_t>(random.next() >> 2));
    const auto d = WideDuration::between(a, b);
    ASSERT_EQ(d.from<RawScale>(b), a);
    ASSERT_EQ((-d).from<FreeScale>(a), b);
  }
}

TEST(WideDuration, saturates_at_both_ends) {
  const auto longest = WideDuration::between(RawTime::from_nanos(kMin), FreeTime::from_nanos(kMax));
  EXPECT_EQ(longest.whole_nanos(), kMin);
  EXPECT_EQ((-longest).whole_nanos(), kMax);
  EXPECT_EQ((longest + longest).whole_nanos(), kMin);
  const WideDuration infinite = WideDuration(Duration::infinity());
  EXPECT_EQ(infinite.whole_nanos(), kMax);
  EXPECT_EQ(infinite.rest(), Duration::zero());
}

}  // namespace
}  // namespace timed
