#include "timed/ntp/era.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::ntp {
namespace {

LocalTime year(int y) {
  return LocalTime::from_seconds(static_cast<std::int64_t>((y - 1970) * 31556952.0));
}

Duration years(double n) {
  return Duration::seconds(n * 31556952.0);
}

TEST(Era, ATimeIsSaneWithinTheSecondsOfNtp) {
  EXPECT_TRUE(is_sane(year(2026), Duration::zero()));
  EXPECT_TRUE(is_sane(year(1970), years(56)));     // a machine without a battery
  EXPECT_TRUE(is_sane(year(2150), years(-120)));   // from beyond the end
  EXPECT_TRUE(is_sane(year(2026), years(85)));     // 2111
  EXPECT_FALSE(is_sane(year(2026), years(87)));    // 2113: told as 1977 by half of the servers
  EXPECT_TRUE(is_sane(year(2026), years(-49.9)));  // 1976
  EXPECT_FALSE(is_sane(year(2026), years(-51)));
  EXPECT_FALSE(is_sane(year(1970), Duration::zero()));
  EXPECT_FALSE(is_sane(LocalTime::from_seconds(-1), Duration::zero()));
}

TEST(Era, EndsToTheSecond) {
  const LocalTime begin = LocalTime::from_seconds(kEraBegin_s),
                  end = LocalTime::from_seconds(kEraBegin_s + kEraLength_s);
  EXPECT_TRUE(is_sane(begin, Duration::zero()));
  EXPECT_FALSE(is_sane(begin, Duration::nanos(-1)));
  EXPECT_TRUE(is_sane(end, Duration::nanos(-1)));
  EXPECT_FALSE(is_sane(end, Duration::zero()));
}

TEST(Era, AnOffsetIsLessThanTheWholeOfIt) {
  EXPECT_FALSE(is_sane(year(2250), Duration::seconds(-4294967296.0)));
  EXPECT_TRUE(is_sane(year(2140), Duration::seconds(-3e9)));
  EXPECT_FALSE(is_sane(year(2026), Duration::seconds(4e9)));
  EXPECT_FALSE(is_sane(year(2026), Duration::infinity()));
  EXPECT_FALSE(is_sane(year(2026), Duration::seconds(std::nan(""))));
}

}  // namespace
}  // namespace timed::ntp
