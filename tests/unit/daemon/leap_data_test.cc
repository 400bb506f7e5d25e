#include "timed/daemon/leap_data.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/leap_files.h"
#include "tests/unit/daemon/one_file.h"

namespace timed::daemon {
namespace {

using discipline::LeapLookup;
using ntp::Leap;
using Lines = std::vector<std::string>;

constexpr std::int64_t kMidnight = leap_files::kJanuary2017;

RawTime raw(std::int64_t s) {
  return RawTime::from_seconds(s);
}

// A disk with a list, or with a zone.
struct Rig {
  explicit Rig(const std::string& list, const std::string& zone = "")
      : files(list.empty() ? (zone.starts_with("/") ? zone : "/usr/share/zoneinfo/" + zone) : list),
        data({discipline::LeapSecondMode::System, list, zone}, files) {}

  OneFile files;
  LeapData data;
  CapturedLog log;
};

TEST(LeapData, NothingIsConfigured) {
  Rig rig("", "");
  rig.data.start(raw(kMidnight - 100));
  EXPECT_EQ(rig.data.look_up(raw(kMidnight - 100)), LeapLookup{});
  EXPECT_TRUE(rig.log.lines.empty());
}

TEST(LeapData, AListIsReadAgainTwiceADay) {
  Rig rig("leap.list");
  rig.files.contents = leap_files::list();
  rig.data.start(raw(kMidnight - 80'000));
  EXPECT_EQ(rig.log.lines, Lines{"info: Using leap second list leap.list"});
  EXPECT_EQ(rig.data.look_up(raw(kMidnight - 80'000)), (LeapLookup{Leap::Normal, 36}));
  rig.files.contents = leap_files::list({{kMidnight, 37}});
  EXPECT_EQ(rig.data.look_up(raw(kMidnight - 43'201)), (LeapLookup{Leap::Normal, 36})) << "before noon";
  EXPECT_EQ(rig.data.look_up(raw(kMidnight - 43'200)), (LeapLookup{Leap::Insert, 36}));
  EXPECT_EQ(rig.data.look_up(raw(kMidnight)), (LeapLookup{Leap::Normal, 37}));
  EXPECT_LE(rig.files.least_limit, 1u << 20) << "of a file that others made";
}

TEST(LeapData, AListThatExpiresIsUsedAndToldOnce) {
  Rig rig("leap.list");
  rig.files.contents = leap_files::list({{kMidnight, 37}}, kMidnight - 43'200);
  rig.data.start(raw(kMidnight - 43'201));
  EXPECT_EQ(rig.log.lines.size(), 1u);
  for (int half_days = 0; half_days < 4; ++half_days) rig.data.look_up(raw(kMidnight - 43'200 * (1 - half_days)));
  EXPECT_EQ(rig.log.lines,
            (Lines{"info: Using leap second list leap.list", "warning: Leap second list leap.list needs update"}));
  EXPECT_EQ(rig.data.look_up(raw(kMidnight + 86'400)), (LeapLookup{Leap::Normal, 37}));
  // Renewed, and old again.
  rig.files.contents = leap_files::list({{kMidnight, 37}}, kMidnight + 3 * 86'400);
  rig.data.look_up(raw(kMidnight + 2 * 86'400));
  EXPECT_EQ(rig.log.lines.size(), 2u);
  rig.data.look_up(raw(kMidnight + 3 * 86'400));
  EXPECT_EQ(rig.log.lines.size(), 3u);
}

TEST(LeapData, WhatIsWrongWithAListIsTold) {
  const std::string refused = "warning: Leap second list leap.list failed check, ignoring";
  struct Case {
    std::optional<std::string> contents;
    Lines told;
  };
  const Case cases[] = {
      {std::nullopt, {"error: Failed to open leap seconds list leap.list : not there", refused}},
      {"#$ 1\n#@ 1\nfoo\n",
       {"error: Failed to parse leap seconds list leap.list : line 3: no time and offset of TAI", refused}},
      {"#$ 1\n#@ 9999999999\n2272060800 10\n", {refused}},
  };
  for (const Case& c : cases) {
    Rig rig("leap.list");
    rig.files.contents = c.contents;
    rig.data.start(raw(kMidnight - 100));
    EXPECT_EQ(rig.log.lines, c.told);
    rig.files.contents = leap_files::list({{kMidnight, 37}});
    EXPECT_EQ(rig.data.look_up(raw(kMidnight - 100)), LeapLookup{}) << "not looked at again";
  }
}

TEST(LeapData, AListThatGoesBadSaysNothing) {
  Rig rig("leap.list");
  rig.files.contents = leap_files::list({{kMidnight, 37}});
  rig.data.start(raw(kMidnight - 80'000));
  rig.files.contents.reset();
  EXPECT_EQ(rig.data.look_up(raw(kMidnight - 100)), LeapLookup{});
  EXPECT_EQ(rig.log.lines.back(), "error: Failed to open leap seconds list leap.list : not there");
  rig.files.contents = leap_files::list({{kMidnight, 37}});
  EXPECT_EQ(rig.data.look_up(raw(kMidnight + 100)), (LeapLookup{Leap::Normal, 37})) << "and is used when it is good";
}

TEST(LeapData, AZoneIsFoundByItsName) {
  for (const std::string zone : {"right/UTC", "/etc/zone"}) {
    Rig rig("", zone);
    auto leaps = leap_files::zone_history();
    leaps.push_back({kMidnight + 25, 26});
    rig.files.contents = leap_files::zone(leaps);
    rig.data.start(raw(kMidnight - 80'000));
    EXPECT_EQ(rig.log.lines, Lines{"info: Using " + zone + " timezone to obtain leap second data"});
    EXPECT_EQ(rig.data.look_up(raw(kMidnight - 100)), (LeapLookup{Leap::Insert, 35}));
    EXPECT_EQ(rig.data.look_up(raw(kMidnight)), (LeapLookup{Leap::Normal, 36}));
  }
}

TEST(LeapData, WhatIsWrongWithAZoneIsTold) {
  Rig rig("", "right/UTC");
  rig.files.contents = leap_files::zone({});
  rig.data.start(raw(kMidnight - 100));
  EXPECT_EQ(rig.log.lines, Lines{"warning: Timezone right/UTC failed leap second check, ignoring"});
  rig.files.contents = "TZif";
  rig.data.start(raw(kMidnight - 100));
  EXPECT_EQ(rig.log.lines[1],
            "error: Failed to read timezone /usr/share/zoneinfo/right/UTC : not a compiled time zone");
  EXPECT_EQ(rig.log.lines[2], "warning: Timezone right/UTC failed leap second check, ignoring");
}

}  // namespace
}  // namespace timed::daemon
