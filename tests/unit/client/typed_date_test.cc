#include "timed/client/typed_date.h"

#include <gtest/gtest.h>

#include "tests/unit/time_zone.h"

namespace timed::client {
namespace {

// Wednesday, 25 November 2026, 19:08:25 UTC.
constexpr std::int64_t kNow = 1795633705;
constexpr std::int64_t kMidnight = 1795564800;
constexpr std::int64_t kDay = 86400;

struct Row {
  const char* text;
  std::int64_t seconds;
};

void expect_all(std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(parse_date(row.text, kNow), row.seconds) << row.text;
}

// All of this was seen with chronyc 4.3.
TEST(TypedDate, TimesAreOfToday) {
  const Zone zone("UTC");
  expect_all({{"", kMidnight},
              {"10", kMidnight + 36000},
              {"100", kMidnight + 3600},
              {"1030", kMidnight + 37800},
              {"10:30", kMidnight + 37800},
              {"10 : 30:45", kMidnight + 37845},
              {"10:60", kMidnight + 39600},
              {"23:59:60", kMidnight + kDay},
              {"12am", kMidnight},
              {"12 p.m.", kMidnight + 43200},
              {"10:30:30PM", kMidnight + 81030},
              {"sixth", kMidnight + 6 * 3600}});
}

TEST(TypedDate, AZoneCanFollow) {
  const Zone zone("America/New_York");
  expect_all({{"10:00 gmt", kMidnight + 36000},
              {"10:00 u.t.c.", kMidnight + 36000},
              {"10:00 est", kMidnight + 54000},
              {"10:00 est dst", kMidnight + 50400},
              {"10:00 edt", kMidnight + 50400},
              {"10:00:00 -0130", kMidnight + 41400},
              {"10:00:00+2", kMidnight + 35880},
              {"10:00 x", kMidnight - 3600},
              {"10:00 m", kMidnight + 79200},
              {"10h", kMidnight + 64800},
              // The seconds are those of now.
              {"10:00 +0200", kMidnight + 28825}});
  EXPECT_EQ(parse_date("10:00", kNow), kMidnight + 54000);
}

TEST(TypedDate, DatesHaveManyForms) {
  const Zone zone("UTC");
  constexpr std::int64_t kEve = 1798070400;  // 24 December 2026
  expect_all({{"12/24", kEve},
              {"12/24/26", kEve},
              {"2026/12/24", kEve},
              {"2026-12-24", kEve},
              {"20261224", kEve},
              {"261224", kEve},
              {"24-Dec-2026", kEve},
              {"Dec 24", kEve},
              {"dec. 24, 2026", kEve},
              {"24 december 2026", kEve},
              {"24dec2026", kEve},
              {"2026-12-24T10:30:00", kEve + 12600},
              {"10:30 2026-12-24 gmt", kEve + 37800},
              {"Thu, 24 Dec 2026 10:00:00 GMT", kEve + 36000},
              {"Dec 24 10:30 2027", kEve + 365 * kDay + 37800},
              // No year but a time.
              {"Dec 24 2027", kEve + 73620},
              {"2026-02-30", 1772409600},
              {"1/1/68", 3092601600},
              {"1/1/1970", 0},
              {"1/1/100", -59011459200},
              {"1/1/99", 915148800},
              {"12/24/4294965270", kEve},
              {"1000/2/3", -30607372800},
              {"100/2/3", 1301702400},
              {"1969-12-31 23:59:58", -2},
              {"1/1/69", -31536000}});
}

TEST(TypedDate, DaysOfTheWeekLieAhead) {
  const Zone zone("UTC");
  expect_all({{"wednesday", kMidnight},
              {"mon,", kMidnight + 5 * kDay},
              {"next monday", kMidnight + 5 * kDay},
              {"2 monday", kMidnight + 12 * kDay},
              {"third fri.", kMidnight + 16 * kDay},
              {"last monday", kMidnight - 2 * kDay},
              {"sun 10:00", kMidnight + 4 * kDay + 36000},
              {"sunday next week", kMidnight + 11 * kDay},
              {"friday 2026-12-24", kMidnight + 29 * kDay}});
}

TEST(TypedDate, RelativeItemsKeepTheTimeOfDay) {
  const Zone zone("UTC");
  expect_all({{"now", kNow},
              {"tomorrow", kNow + kDay},
              {"yesterday ago", kNow + kDay},
              {"2 fortnights ago", kNow - 28 * kDay},
              {"1 day 2 days", kNow + 3 * kDay},
              {"1 day 2 hours ago", kNow - kDay - 7200},
              {"1 day ago 2 hours", kNow - kDay + 7200},
              {"-5 mins ago", kNow + 300},
              {"+ 5 minutes", kNow + 300},
              {"30 secs", kNow + 30},
              {"next month", kNow + 30 * kDay},
              {"last year", kNow - 365 * kDay},
              {"tomorrow 10:00", kMidnight + kDay + 36000},
              {"1/31/2027 1 month", 1804032000},
              {"1 day 99999999999", 3774429705600}});
}

TEST(TypedDate, CommentsAreLeftOut) {
  const Zone zone("UTC");
  expect_all(
      {{"10:00 (said (by) him) gmt", kMidnight + 36000}, {"now (open", kNow}, {"10:00 - gmt", kMidnight + 36000}});
}

TEST(TypedDate, WhatIsNone) {
  const Zone zone("UTC");
  for (const char* text : {"noon",
                           "10:00 11:00",
                           "monday tuesday",
                           "12/24 12/25",
                           "10:00 GMT GMT",
                           "10:00 dst",
                           "10:00 cest",
                           "25:00",
                           "24:00",
                           "99",
                           "10000",
                           "last:30",
                           "1969-12-31 23:59:59",
                           "10:00 2026-12-24 1 day 2027",
                           "13pm",
                           "0am",
                           "10:00.5",
                           "10:00,",
                           ",",
                           "-1",
                           "+5",
                           "ago",
                           "12 noon",
                           "2026-12",
                           "1/2/-3",
                           "dec",
                           "mond",
                           "24 Dec 10:30",
                           "-1 monday",
                           "1030 +1 day",
                           "10:00 )",
                           "10:00 \x01",
                           "10:00:00+02:00",
                           "12/24/2026/1"}) {
    EXPECT_EQ(parse_date(text, kNow), std::nullopt) << text;
  }
  EXPECT_EQ(parse_date("now", INT64_MAX), std::nullopt) << "of what the C library cannot count";
}

TEST(TypedDate, SummerTimeIsThatOfTheDate) {
  const Zone zone("Europe/Berlin");
  expect_all({{"2026-07-01 10:00", 1782892800}, {"2026-12-01 10:00", 1796115600}, {"2026-03-29 2:30", 1774747800}});
  // 11 April, at midnight; chronyc's is an hour later, as the summer time of today holds there.
  expect_all({{"20 sunday", 1807394400}});
}

}  // namespace
}  // namespace timed::client
