// A list of leap seconds that is old is used and complained of; one that is damaged or of another world is not used.
#include <gtest/gtest.h>

#include "tests/leap_files.h"
#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

std::uint16_t leap_of(LeapScenario& s) {
  return s.client().ask<control::TrackingReply>(control::TrackingRequest{}).value_or(control::TrackingReply{}).leap;
}

// With this in the file from the beginning.
void restart_with(LeapScenario& s, const std::string& text) {
  s.client().stop();
  s.client().files().put("/etc/leap.list", text);
  ASSERT_TRUE(s.client().start().ok());
}

const std::string kConfig = "leapseclist /etc/leap.list\n";

TEST(LeapList, OneThatHasExpiredIsUsed) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    LeapScenario s(seed, {.config = kConfig, .asked = false});
    restart_with(s, leap_files::list({{LeapScenario::kMidnight_s, 37}}, LeapScenario::kMidnight_s - 86'400));
    s.run_until(Duration::seconds(3600));
    EXPECT_TRUE(s.logged("Using leap second list /etc/leap.list"));
    EXPECT_EQ(s.client().log().count("Leap second list /etc/leap.list needs update"), 1u)
        << "though it was read again at midnight" << s.report();
    EXPECT_EQ(s.client().clock().kernel_leaps(), -1) << s.report();
    EXPECT_EQ(s.client().clock().tai_offset(), 37);
  }
}

TEST(LeapList, OneThatIsDamagedIsNot) {
  struct Case {
    const char* name;
    std::string text, message;
  };
  const Case cases[] = {
      {"no update", "#@ 4102444800\n2272060800 10\n", "no line with the time of update (#$)"},
      {"cut", "#$ 1\n#@ 4102444800\n2272060800 10\n34397", "line 4: no time and offset of TAI"},
      {"binary", std::string("\x00\xff\x01", 3), "line 1: "},
      {"empty", "", "no line with the time of update (#$)"},
  };
  for (const Case& c : cases) {
    LeapScenario s(4, {.seconds = 0, .config = kConfig, .list = false, .asked = false});
    EXPECT_EQ(s.client().log().count("Failed to open leap seconds list /etc/leap.list : "), 1u) << s.report();
    EXPECT_EQ(s.client().log().count("Leap second list /etc/leap.list failed check, ignoring"), 1u) << s.report();
    restart_with(s, c.text);
    s.run_until(Duration::seconds(-3600));
    EXPECT_EQ(s.client().log().count("Failed to parse leap seconds list /etc/leap.list : " + c.message), 1u)
        << c.name << s.report();
    EXPECT_EQ(s.client().log().count("Leap second list /etc/leap.list failed check, ignoring"), 2u) << c.name;
    EXPECT_FALSE(s.logged("Using leap second list")) << c.name;
    EXPECT_EQ(leap_of(s), 0) << c.name;
    EXPECT_EQ(s.client().clock().tai_offset(), std::nullopt) << c.name;
  }
}

// It can be read, but does not know the leap second of 2012.
TEST(LeapList, OneOfAnotherWorldIsNot) {
  LeapScenario s(5, {.seconds = 0, .config = kConfig, .asked = false});
  restart_with(s, "#$ 1\n#@ 4102444800\n2272060800 10\n3692217600 11\n");
  s.run_until(Duration::seconds(-3600));
  EXPECT_FALSE(s.logged("Failed to")) << s.report();
  EXPECT_EQ(s.client().log().count("Leap second list /etc/leap.list failed check, ignoring"), 1u) << s.report();
  EXPECT_EQ(leap_of(s), 0) << s.report();
}

// It is read again at noon and at midnight: what is announced meanwhile is known then, what is damaged is told.
TEST(LeapList, IsReadAgainTwiceADay) {
  Scenario scenario(6, LeapScenario::kEvening - Duration::seconds(12 * 3600));  // 08:00
  scenario.add_server("server", {"10.0.0.1"});
  Node& client =
      scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 6 maxpoll 6\n" + kConfig);
  client.files().put("/etc/leap.list", LeapScenario::list(0));
  const auto leap = [&client] {
    return client.ask<control::TrackingReply>(control::TrackingRequest{}).value_or(control::TrackingReply{}).leap;
  };
  scenario.start_all();
  scenario.run_for(Duration::seconds(3600));
  client.files().put("/etc/leap.list", LeapScenario::list(-1));
  scenario.run_for(Duration::seconds(2 * 3600));
  EXPECT_EQ(leap(), 0) << "11:00" << scenario.report(client);
  scenario.run_for(Duration::seconds(2 * 3600));
  EXPECT_EQ(leap(), 2) << "13:00" << scenario.report(client);
  client.files().put("/etc/leap.list", "nonsense\n");
  scenario.run_for(Duration::seconds(12 * 3600));
  EXPECT_EQ(leap(), 0) << "01:00" << scenario.report(client);
  EXPECT_EQ(client.log().count("Failed to parse leap seconds list /etc/leap.list : "), 1u) << scenario.report(client);
  EXPECT_EQ(client.clock().kernel_leaps(), 1) << scenario.report(client);
}

}  // namespace
}  // namespace timed::sim
