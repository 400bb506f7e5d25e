// leapsectz: leap seconds and TAI from a compiled time zone that counts them.
#include <gtest/gtest.h>

#include "tests/leap_files.h"
#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

using leap_files::ZoneLeap;

// Up to 2016, and a leap second at the end of it.
std::string zone(int seconds) {
  std::vector<ZoneLeap> leaps = leap_files::zone_history();
  leaps.push_back({leap_files::kJuly2015 + 25, 26});
  // 23:59:60 itself; or the second that follows the one left out.
  const std::int64_t occurs = LeapScenario::kMidnight_s + 26 - (seconds < 0 ? 1 : 0);
  if (seconds != 0) leaps.push_back({occurs, 26 + seconds});
  return leap_files::zone(leaps);
}

void restart_with(LeapScenario& s, const std::string& bytes) {
  s.client().stop();
  s.client().files().put("/usr/share/zoneinfo/right/UTC", bytes);
  ASSERT_TRUE(s.client().start().ok());
}

TEST(LeapZone, TellsOfLeapSecondsAndTai) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const int seconds : {1, -1}) {
      LeapScenario s(seed, {.seconds = seconds, .config = "leapsectz right/UTC\n", .list = false, .asked = false});
      EXPECT_TRUE(s.logged("Timezone right/UTC failed leap second check, ignoring")) << "not there yet" << s.report();
      restart_with(s, zone(seconds));
      s.run_until(Duration::seconds(-3600));
      EXPECT_TRUE(s.logged("Using right/UTC timezone to obtain leap second data")) << s.report();
      EXPECT_TRUE(s.logged("System clock TAI offset set to 36 seconds")) << s.report();
      EXPECT_LE(s.worst_error(Duration::seconds(0.1), Duration::seconds(600)), Duration::millis(1)) << s.report();
      EXPECT_EQ(s.client().clock().kernel_leaps(), -seconds) << s.report();
      s.run_until(Duration::seconds(3600));
      EXPECT_EQ(s.client().clock().tai_offset(), 36 + seconds) << s.report();
    }
  }
}

TEST(LeapZone, OneWithoutLeapSecondsIsNotUsed) {
  for (const std::string& bytes : {leap_files::zone({}), zone(1).substr(0, 300), std::string("TZif"), std::string()}) {
    LeapScenario s(4, {.seconds = 0, .config = "leapsectz right/UTC\n", .list = false, .asked = false});
    restart_with(s, bytes);
    s.run_until(Duration::seconds(-3600));
    EXPECT_EQ(s.client().log().count("Timezone right/UTC failed leap second check, ignoring"), 2u) << s.report();
    EXPECT_FALSE(s.logged("timezone to obtain")) << s.report();
    EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None);
    EXPECT_EQ(s.client().clock().tai_offset(), std::nullopt);
  }
}

// Where both are there and good the list is used, and the zone where the list is not.
TEST(LeapZone, ComesAfterTheList) {
  LeapScenario s(5, {.seconds = 0, .config = "leapsectz right/UTC\nleapseclist /etc/leap.list\n", .asked = false});
  s.client().stop();
  s.client().files().put("/etc/leap.list", LeapScenario::list(1));
  restart_with(s, zone(-1));
  s.run_until(Duration::seconds(-3600));
  EXPECT_EQ(s.client().clock().leap(), env::LeapAction::Insert) << s.report();
  s.client().files().put("/etc/leap.list", "nonsense\n");
  restart_with(s, zone(-1));
  s.run_until(Duration::seconds(-1800));
  EXPECT_EQ(s.client().clock().leap(), env::LeapAction::Delete) << s.report();
  EXPECT_TRUE(s.logged("Leap second list /etc/leap.list failed check, ignoring")) << s.report();
  EXPECT_TRUE(s.logged("Using right/UTC timezone to obtain leap second data")) << s.report();
}

}  // namespace
}  // namespace timed::sim
