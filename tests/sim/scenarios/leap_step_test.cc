// leapsecmode step: the daemon itself steps the clock by the second.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kUsual = Duration::millis(1);

TEST(LeapStep, TheDaemonStepsAtTheSecond) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const int seconds : {1, -1}) {
      LeapScenario s(seed, {.seconds = seconds, .config = "leapseclist /etc/leap.list\nleapsecmode step\n"});
      EXPECT_LE(s.worst_error(Duration::seconds(-3600), Duration::seconds(-1.1)), kUsual) << s.report();
      EXPECT_TRUE(s.client().clock().steps().empty());
      EXPECT_LE(s.worst_error(Duration::seconds(0.1), Duration::seconds(3600)), kUsual) << s.report();
      ASSERT_EQ(s.client().clock().steps().size(), 1u) << s.report();
      EXPECT_EQ(s.client().clock().steps()[0], Duration::seconds(-seconds));
      EXPECT_EQ(s.client().log().count("System clock was stepped for leap second"), 1u) << s.report();
      EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None) << "the kernel is told nothing";
      EXPECT_EQ(s.client().clock().tai_offset(), std::nullopt);
      EXPECT_FALSE(s.logged("System clock status set")) << s.report();
      EXPECT_FALSE(s.logged("time jump detected")) << s.report();
      EXPECT_FALSE(s.logged("System clock wrong by")) << s.report();
      EXPECT_LE(s.worst_served_error(Duration::seconds(-3600), Duration::seconds(-1.1)), kUsual);
      EXPECT_LE(s.worst_served_error(Duration::seconds(0.1), Duration::seconds(3600)), kUsual);
    }
  }
}

// Within five seconds on either side; as the clock is right nothing but the message shows it.
TEST(LeapStep, SamplesNearItAreDropped) {
  for (const int seconds : {1, -1}) {
    LeapScenario s(
        5, {.seconds = seconds, .config = "leapseclist /etc/leap.list\nleapsecmode step\n", .poll = 1, .asked = false});
    EXPECT_LE(s.worst_error(Duration::seconds(-60), Duration::seconds(-1.1)), kUsual) << s.report();
    EXPECT_LE(s.worst_error(Duration::seconds(0.1), Duration::seconds(60)), kUsual) << s.report();
    std::vector<double> dropped;
    for (const LogLine& line : s.client().log().lines()) {
      if (line.text != "Dropping sample around leap second") continue;
      dropped.push_back((line.when - LeapScenario::midnight()).to_seconds());
    }
    ASSERT_GE(dropped.size(), 4u) << s.report();
    // The second that is there twice, or not at all, is one of the ten.
    EXPECT_GE(dropped.front(), -5.1) << s.report();
    EXPECT_LE(dropped.back(), 6.1) << s.report();
    EXPECT_LE(dropped.front(), -2.9) << s.report();
    EXPECT_GE(dropped.back(), 1.9) << s.report();
  }
}

// A clock that is set to a time behind the leap second has none before it any more.
TEST(LeapStep, AClockThatIsSetBeyondItDoesNotLeap) {
  LeapScenario s(4, {.seconds = 0, .config = "leapseclist /etc/leap.list\nleapsecmode step\n", .asked = false});
  s.client().stop();
  s.client().files().put("/etc/leap.list", LeapScenario::list(1));
  s.scenario().start_all();
  s.run_until(Duration::seconds(-3600));
  s.server().clock().disturb(Duration::seconds(7200));
  const auto correction = [&s] {
    const auto tracking = s.client().ask<control::TrackingReply>(control::TrackingRequest{});
    return tracking ? tracking->correction : Duration::zero();
  };
  ASSERT_TRUE(s.scenario().world().run_until_true([&] { return correction() > Duration::seconds(5400); },
                                                  Duration::seconds(1200)));
  ASSERT_TRUE(s.client().ask<std::monostate>(control::ClockRequest(control::MakestepRequest{})).has_value());
  s.scenario().run_for(Duration::seconds(30));
  ASSERT_EQ(s.client().clock().steps().size(), 1u) << s.report();
  EXPECT_GT(s.client().clock().steps()[0], Duration::seconds(5400)) << s.report();
  EXPECT_FALSE(s.logged("System clock was stepped for leap second")) << s.report();
}

}  // namespace
}  // namespace timed::sim
