#include "timed/discipline/leap.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/leap_files.h"

namespace timed::discipline {
namespace {

using ntp::Leap;

using leap_files::kJanuary2017;
using leap_files::kJuly2012;
using leap_files::kNtpEpoch;
using leap_files::zone_part;
using leap_files::ZoneLeap;

const std::string kList = "# a comment\n\n" + leap_files::list({{kJanuary2017, 37}}, 1'687'910'400) +
                          "#h 62cf8c5d 8bbb6dcc c61e3b56 c308343 869bb80d\n";

LeapTable table(const std::string& text) {
  auto parsed = LeapTable::parse_list(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.take();
}

TEST(LeapList, SaysWhatHoldsAtTheEndOfADay) {
  const LeapTable t = table(kList);
  EXPECT_TRUE(t.passes_check());
  EXPECT_EQ(t.look_up(kJuly2012 - 1), (LeapLookup{Leap::Insert, 34}));
  EXPECT_EQ(t.look_up(kJuly2012 - 86'400), (LeapLookup{Leap::Insert, 34}));
  EXPECT_EQ(t.look_up(kJuly2012 - 86'401), (LeapLookup{Leap::Normal, 34}));
  EXPECT_EQ(t.look_up(kJuly2012), (LeapLookup{Leap::Normal, 35}));
  EXPECT_EQ(t.look_up(kJanuary2017), (LeapLookup{Leap::Normal, 37}));
  EXPECT_EQ(t.look_up(0), (LeapLookup{Leap::Normal, 10}));
  EXPECT_EQ(t.expires(), 3'896'899'200 - kNtpEpoch);
}

TEST(LeapList, KnowsSecondsLeftOut) {
  const LeapTable t = table(kList + "3786825600 36\n");
  EXPECT_EQ(t.look_up(3'786'825'600 - kNtpEpoch - 1), (LeapLookup{Leap::Delete, 37}));
  EXPECT_EQ(t.look_up(3'786'825'600 - kNtpEpoch), (LeapLookup{Leap::Normal, 36}));
}

TEST(LeapList, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no line with the time of update (#$)"},
      {"#$ 1\n", "no line with the time of expiry (#@)"},
      {"#@ 1\n", "no line with the time of update (#$)"},
      {"#$ x\n", "line 1: no time of update after #$"},
      {"#$ 1\n#@\n", "line 2: no time of expiry after #@"},
      {"#$ 1\n#@ 1\nfoo 10\n", "line 3: no time and offset of TAI"},
      {"#$ 1\n#@ 1\n2272060800\n", "line 3: no time and offset of TAI"},
      {"#$ 1\n#@ 1\n2272060800 1e9\n", "line 3: no time and offset of TAI"},
      {"#$ 1\n#@ 1\n2272060800 10\n2272060800 11\n", "line 4: not later than the one before"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = LeapTable::parse_list(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message, message);
  }
}

TEST(LeapList, AnotherHistoryFailsTheCheck) {
  EXPECT_FALSE(table("#$ 1\n#@ 1\n2272060800 10\n").passes_check());
  EXPECT_FALSE(table("#$ 1\n#@ 1\n3439756800 34\n3550089600 35\n3565987200 36\n").passes_check());
}

// ---- compiled time zones ----

TEST(LeapZone, SaysTheSameAsAList) {
  const auto leaps = leap_files::zone_history();
  for (const std::string& text : {zone_part('\0', 4, leaps), leap_files::zone(leaps)}) {
    const auto t = LeapTable::parse_zone(text);
    ASSERT_TRUE(t.ok()) << t.error().message;
    EXPECT_TRUE(t->passes_check());
    EXPECT_EQ(t->look_up(kJuly2012 - 1), (LeapLookup{Leap::Insert, 34}));
    EXPECT_EQ(t->look_up(kJuly2012), (LeapLookup{Leap::Normal, 35}));
  }
}

TEST(LeapZone, KnowsSecondsLeftOutAndItsEnd) {
  auto leaps = leap_files::zone_history();
  leaps.push_back({kJanuary2017 - 1 + 25, 24});
  leaps.push_back({kJanuary2017 + 86'400 + 24, 24});
  const auto t = LeapTable::parse_zone(zone_part('4', 4, {}) + zone_part('4', 8, leaps));
  ASSERT_TRUE(t.ok()) << t.error().message;
  EXPECT_EQ(t->look_up(kJanuary2017 - 1), (LeapLookup{Leap::Delete, 35}));
  EXPECT_EQ(t->look_up(kJanuary2017), (LeapLookup{Leap::Normal, 34}));
  EXPECT_EQ(t->expires(), kJanuary2017 + 86'400);
}

TEST(LeapZone, RefusesWhatIsNone) {
  const std::string good = zone_part('2', 4, {}) + zone_part('2', 8, leap_files::zone_history());
  for (std::size_t n = 0; n < good.size(); n += 7) EXPECT_FALSE(LeapTable::parse_zone(good.substr(0, n)).ok()) << n;
  EXPECT_FALSE(LeapTable::parse_zone("PK" + good).ok());
  EXPECT_FALSE(LeapTable::parse_zone(zone_part('\0', 4, {{78'796'800, 2}})).ok());
  std::string huge = zone_part('\0', 4, {});
  huge.replace(28, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(LeapTable::parse_zone(huge).ok());
}

// ---- schedule ----

RawTime raw(std::int64_t s) {
  return RawTime::from_seconds(s);
}

TEST(LeapSchedule, OnlyTheLastDaysOfJuneAndDecemberHaveOne) {
  // Every day of eight years, against the days counted one by one.
  constexpr std::int64_t k2020 = 1'577'836'800;
  std::int64_t day = k2020;
  for (int year = 2020; year < 2028; ++year) {
    const int leap_day = year % 4 == 0 ? 1 : 0;
    for (int of_year = 1; of_year <= 365 + leap_day; ++of_year, day += 86'400) {
      LeapSchedule schedule(LeapSecondMode::Step);
      schedule.update(Leap::Insert, {}, raw(day + 43'200));
      const bool last = of_year == 181 + leap_day || of_year == 365 + leap_day;
      ASSERT_EQ(schedule.pending(), last ? 1 : 0) << year << ' ' << of_year;
      ASSERT_EQ(schedule.leap(), last ? Leap::Insert : Leap::Normal);
    }
  }
}

TEST(LeapSchedule, BeginsWithTheSecond) {
  const auto begin = [](LeapSecondMode mode, Leap leap) {
    LeapSchedule schedule(mode);
    EXPECT_TRUE(schedule.update(leap, {}, raw(kJanuary2017 - 1000)));
    return (*schedule.begins_at() - raw(kJanuary2017)).to_seconds();
  };
  EXPECT_EQ(begin(LeapSecondMode::Step, Leap::Insert), 0.0);
  EXPECT_EQ(begin(LeapSecondMode::Slew, Leap::Delete), -1.0);
  EXPECT_EQ(begin(LeapSecondMode::System, Leap::Insert), -0.5);
  EXPECT_EQ(begin(LeapSecondMode::System, Leap::Delete), -1.5);
}

TEST(LeapSchedule, SourcesComeBeforeTheTable) {
  LeapSchedule schedule(LeapSecondMode::System);
  EXPECT_TRUE(schedule.update(Leap::Normal, {Leap::Insert, 36}, raw(kJanuary2017 - 1000)));
  EXPECT_EQ(schedule.pending(), 1);
  EXPECT_EQ(schedule.tai_offset(), 36);
  EXPECT_TRUE(schedule.update(Leap::Delete, {Leap::Insert, 36}, raw(kJanuary2017 - 900)));
  EXPECT_EQ(schedule.pending(), -1);
  EXPECT_FALSE(schedule.update(Leap::Delete, {Leap::Insert, 36}, raw(kJanuary2017 - 800))) << "nothing new";
  EXPECT_TRUE(schedule.update(Leap::Unsynchronised, {}, raw(kJanuary2017 - 700)));
  EXPECT_EQ(schedule.pending(), 0);
}

TEST(LeapSchedule, NothingIsChangedNearIt) {
  LeapSchedule schedule(LeapSecondMode::System);
  schedule.update(Leap::Insert, {Leap::Normal, 36}, raw(kJanuary2017 - 1000));
  for (const std::int64_t t : {-5, -1, 0, 4}) {
    EXPECT_TRUE(schedule.is_close(kJanuary2017 + t)) << t;
    EXPECT_FALSE(schedule.update(Leap::Unsynchronised, {}, raw(kJanuary2017 + t))) << t;
  }
  EXPECT_EQ(schedule.pending(), 1);
  EXPECT_FALSE(schedule.is_close(kJanuary2017 - 6));
  EXPECT_FALSE(schedule.is_close(kJanuary2017 + 5));
}

TEST(LeapSchedule, AfterwardsTaiIsAnotherAndNothingIsDue) {
  for (const Leap leap : {Leap::Insert, Leap::Delete}) {
    LeapSchedule schedule(LeapSecondMode::System);
    schedule.update(leap, {Leap::Normal, 36}, raw(kJanuary2017 - 1000));
    schedule.begin();
    EXPECT_TRUE(schedule.in_progress());
    EXPECT_FALSE(schedule.begins_at());
    schedule.end();
    EXPECT_FALSE(schedule.in_progress());
    EXPECT_EQ(schedule.tai_offset(), leap == Leap::Insert ? 37 : 35);
    EXPECT_EQ(schedule.leap(), Leap::Normal);
    EXPECT_EQ(schedule.pending(), 0);
    EXPECT_TRUE(schedule.is_close(kJanuary2017 + 4)) << "still";
  }
}

TEST(LeapSchedule, OneThatIsPassedOverIsNoLongerAnnounced) {
  LeapSchedule schedule(LeapSecondMode::Ignore);
  schedule.update(Leap::Insert, {Leap::Normal, 36}, raw(kJanuary2017 - 1000));
  EXPECT_FALSE(schedule.pass_over(raw(kJanuary2017 - 1)));
  EXPECT_EQ(schedule.leap(), Leap::Insert);
  EXPECT_TRUE(schedule.pass_over(raw(kJanuary2017)));
  EXPECT_EQ(schedule.leap(), Leap::Normal);
  EXPECT_EQ(schedule.pending(), 0);
  EXPECT_FALSE(schedule.pass_over(raw(kJanuary2017 + 1))) << "once";
}

TEST(LeapSchedule, TheTableIsAskedTwiceADay) {
  EXPECT_EQ(leap_look_up_time(raw(kJanuary2017 + 43'199)), kJanuary2017);
  EXPECT_EQ(leap_look_up_time(raw(kJanuary2017 + 43'200)), kJanuary2017 + 43'200);
  EXPECT_EQ(leap_look_up_time(raw(-1)), -43'200);
}

}  // namespace
}  // namespace timed::discipline
