#include "timed/ntp/types.h"

#include <gtest/gtest.h>

#include "timed/base/random.h"

namespace timed::ntp {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(NtpTimestamp, known_values) {
  EXPECT_EQ(NtpTimestamp::from(LocalTime::from_nanos(0)).bits, 0x83aa7e80'00000000u);
  EXPECT_EQ(NtpTimestamp::from(LocalTime::from_nanos(kSecond / 2)).bits, 0x83aa7e80'80000000u);
  EXPECT_EQ(NtpTimestamp::from(LocalTime::from_nanos(1)).bits, 0x83aa7e80'00000005u);
  EXPECT_EQ(NtpTimestamp::from(LocalTime::from_nanos(-1)).bits, 0x83aa7e7f'fffffffcu);
}

// Truncation both ways would be off by one nanosecond nearly always.
TEST(NtpTimestamp, every_nanosecond_comes_back) {
  SeededRandom random(1);
  for (int i = 0; i < 200000; ++i) {
    const auto ns = static_cast<std::int64_t>(random.below(4'000'000'000u * 1'000'000'000u));
    const auto t = LocalTime::from_nanos(ns);
    ASSERT_EQ(NtpTimestamp::from(t).near(t), t) << ns;
  }
  for (std::int64_t ns = 0; ns < 100000; ++ns) {
    const auto t = LocalTime::from_nanos(kSecond - 1 - ns);
    ASSERT_EQ(NtpTimestamp::from(t).near(t), t) << ns;
  }
}

TEST(NtpTimestamp, the_last_nanosecond_does_not_carry_into_the_next_second) {
  const auto stamp = NtpTimestamp::from(LocalTime::from_nanos(kSecond - 1));
  EXPECT_EQ(stamp.bits >> 32, NtpTimestamp::from(LocalTime::from_nanos(0)).bits >> 32);
}

TEST(NtpTimestamp, era_is_the_nearest_one) {
  constexpr std::int64_t kEra1 = 2'085'978'496;  // 2036-02-07 06:28:16, where the 32 bits wrap
  for (const std::int64_t s : {kEra1 - 1, kEra1, kEra1 + 1, kEra1 + (std::int64_t{1} << 32), std::int64_t{0}}) {
    const auto t = LocalTime::from_seconds(s, 123);
    const auto stamp = NtpTimestamp::from(t);
    EXPECT_EQ(stamp.near(t), t);
    EXPECT_EQ(stamp.near(LocalTime::from_seconds(s + (std::int64_t{1} << 31) - 10)), t);
    EXPECT_EQ(stamp.near(LocalTime::from_seconds(s - (std::int64_t{1} << 31) + 10)), t);
  }
  EXPECT_EQ(NtpTimestamp::from(LocalTime::from_seconds(kEra1)).bits, 0u);
}

TEST(NtpTimestamp, differences_are_taken_across_the_era) {
  const NtpTimestamp before{0xffffffff'80000000u};
  const NtpTimestamp after{0x00000001'00000000u};
  EXPECT_DOUBLE_EQ(after.minus(before).to_seconds(), 1.5);
  EXPECT_DOUBLE_EQ(before.minus(after).to_seconds(), -1.5);
  EXPECT_DOUBLE_EQ(NtpTimestamp{1}.minus(NtpTimestamp{0}).to_seconds(), 0x1p-32);
}

TEST(NtpShort, rounds_up_and_clamps) {
  EXPECT_EQ(NtpShort::from(Duration::zero()).bits, 0u);
  EXPECT_EQ(NtpShort::from(Duration::seconds(-1)).bits, 0u);
  EXPECT_EQ(NtpShort::from(Duration::seconds(std::nan(""))).bits, 0u);
  EXPECT_EQ(NtpShort::from(Duration::nanos(1)).bits, 1u);
  EXPECT_EQ(NtpShort::from(Duration::seconds(1)).bits, 0x10000u);
  EXPECT_EQ(NtpShort::from(Duration::seconds(1.0 + 1e-9)).bits, 0x10001u);
  EXPECT_EQ(NtpShort::from(Duration::seconds(65535.99999)).bits, 0xffffffffu);
  EXPECT_EQ(NtpShort::from(Duration::seconds(65536)).bits, 0xffffffffu);
  EXPECT_EQ(NtpShort::from(Duration::infinity()).bits, 0xffffffffu);
}

TEST(NtpShort, encoding_never_understates) {
  SeededRandom random(2);
  for (int i = 0; i < 100000; ++i) {
    const auto d = Duration::seconds(random.uniform(0, 60000) * random.uniform() * random.uniform());
    const Duration back = NtpShort::from(d).to_duration();
    ASSERT_GE(back, d);
    ASSERT_LT((back - d).to_seconds(), 1.0 / 65536.0);
  }
  for (std::uint32_t bits : {0u, 1u, 0x7fffffffu, 0xffffffffu}) {
    EXPECT_EQ(NtpShort::from(NtpShort{bits}.to_duration()).bits, bits);
  }
}

TEST(RefId, text_is_big_endian) {
  EXPECT_EQ(kRateRefId.value, 0x52415445u);
  EXPECT_EQ(RefId::text("GPS\0").value, 0x47505300u);
}

TEST(PollInterval, is_a_power_of_two_and_bounded) {
  EXPECT_EQ(poll_interval(6), Duration::seconds(64));
  EXPECT_EQ(poll_interval(-4), Duration::seconds(0.0625));
  EXPECT_EQ(poll_interval(127), poll_interval(31));
  EXPECT_EQ(poll_interval(-128), poll_interval(-31));
}

}  // namespace
}  // namespace timed::ntp
