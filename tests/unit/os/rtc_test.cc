#include "src/os/rtc.h"

#include <gtest/gtest.h>

#include "tests/unit/time_zone.h"

namespace timed::os {
namespace {

rtc_time reading(int year, int month, int day, int hour, int minute, int second) {
  rtc_time fields{};
  fields.tm_year = year - 1900;
  fields.tm_mon = month - 1;
  fields.tm_mday = day;
  fields.tm_hour = hour;
  fields.tm_min = minute;
  fields.tm_sec = second;
  return fields;
}

TEST(Rtc, KeepsUtcOrLocalTime) {
  const Zone zone("XYZ-5:30");  // 5 h 30 min east
  const auto summer = reading(2026, 7, 1, 12, 0, 5);
  EXPECT_EQ(to_time(summer, true)->whole_seconds(), 1782907205);
  EXPECT_EQ(to_time(summer, false)->whole_seconds(), 1782907205 - 19800);
  EXPECT_EQ(to_time(summer, true)->subsecond_nanos(), 0);
  EXPECT_EQ(to_time(reading(1970, 1, 1, 0, 0, 0), true)->whole_seconds(), 0);
  EXPECT_EQ(to_time(reading(2199, 12, 31, 23, 59, 59), true)->whole_seconds(), 7258118399);
}

TEST(Rtc, LocalTimeKnowsSummer) {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(to_time(reading(2026, 1, 1, 12, 0, 0), false)->whole_seconds(), 1767265200);
  EXPECT_EQ(to_time(reading(2026, 7, 1, 12, 0, 0), false)->whole_seconds(), 1782900000);
}

TEST(Rtc, WhatIsNoTimeIsRefused) {
  for (const rtc_time& fields :
       {reading(1969, 12, 31, 0, 0, 0), reading(2200, 1, 1, 0, 0, 0), reading(9999, 1, 1, 0, 0, 0),
        reading(2026, 0, 1, 0, 0, 0), reading(2026, 13, 1, 0, 0, 0), reading(2026, 1, 0, 0, 0, 0),
        reading(2026, 1, 32, 0, 0, 0), reading(2026, 1, 1, 24, 0, 0), reading(2026, 1, 1, -1, 0, 0),
        reading(2026, 1, 1, 0, 60, 0), reading(2026, 1, 1, 0, 0, 61), reading(2026, 1, 1, 0, 0, -1)}) {
    for (const bool utc : {true, false}) EXPECT_FALSE(to_time(fields, utc).ok()) << fields.tm_year;
  }
}

TEST(Rtc, SaysWhyItCannotBeRead) {
  const auto missing = read_rtc("/nowhere/rtc", true);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, "Could not open RTC device /nowhere/rtc : No such file or directory");
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  const auto other = read_rtc("/dev/null", true);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message, "Could not read RTC device /dev/null : Inappropriate ioctl for device");
}

}  // namespace
}  // namespace timed::os
