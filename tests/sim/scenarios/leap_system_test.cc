// leapsecmode system: the kernel inserts the second or leaves it out, and local time goes with it.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kUsual = Duration::millis(1);

TEST(LeapSystem, TheKernelStepsAndNothingElseIsDone) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const int seconds : {1, -1}) {
      LeapScenario s(seed, {.seconds = seconds, .config = "leapseclist /etc/leap.list\nmakestep 0.1 -1\n"});
      EXPECT_LE(s.worst_error(Duration::seconds(-3600), Duration::seconds(-1.5)), kUsual) << s.report();
      EXPECT_TRUE(s.logged("Using leap second list /etc/leap.list")) << s.report();
      EXPECT_TRUE(s.logged(seconds > 0 ? "System clock status set to insert leap second"
                                       : "System clock status set to delete leap second"));
      EXPECT_LE(s.worst_error(Duration::seconds(0.1), Duration::seconds(3600)), kUsual) << s.report();
      EXPECT_EQ(s.client().clock().kernel_leaps(), -seconds);
      EXPECT_LE(s.client().clock().steps().size(), 1u) << "the first correction at most" << s.report();
      EXPECT_EQ(s.client().log().count("System clock status reset after leap second"), 1u) << s.report();
      EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None);
      EXPECT_FALSE(s.logged("time jump detected")) << s.report();
      EXPECT_FALSE(s.logged("System clock wrong by")) << s.report();
      EXPECT_LE(s.worst_served_error(Duration::seconds(-3600), Duration::seconds(-1.5)), kUsual);
      EXPECT_LE(s.worst_served_error(Duration::seconds(0.1), Duration::seconds(3600)), kUsual);
    }
  }
}

// The kernel learns TAI - UTC with the leap flag, counts the leap second itself, and is told the same afterwards.
TEST(LeapSystem, TheKernelLearnsTai) {
  for (const int seconds : {1, -1}) {
    LeapScenario s(4, {.seconds = seconds, .config = "leapseclist /etc/leap.list\n", .asked = false});
    EXPECT_EQ(s.client().clock().tai_offset(), std::nullopt) << "before anything is synchronised";
    s.run_until(Duration::seconds(-3600));
    EXPECT_EQ(s.client().clock().tai_offset(), 36);
    EXPECT_EQ(s.client().log().count("System clock TAI offset set to 36 seconds"), 1u) << s.report();
    s.run_until(Duration::seconds(3600));
    EXPECT_EQ(s.client().clock().tai_offset(), 36 + seconds);
    EXPECT_EQ(s.client().log().count("System clock TAI offset set to"), 1u) << "not told again" << s.report();
  }
}

TEST(LeapSystem, ATaiOffsetThatTheKernelHasIsNotTold) {
  ClockModel clock = usual_clock();
  clock.tai_offset = 36;
  LeapScenario s(5, {.seconds = 0, .config = "leapseclist /etc/leap.list\n", .clock = clock, .asked = false});
  s.run_until(Duration::seconds(3600));
  EXPECT_EQ(s.client().clock().tai_offset(), 36);
  EXPECT_FALSE(s.logged("System clock TAI offset")) << s.report();
  EXPECT_FALSE(s.logged("System clock status")) << "no leap second was due" << s.report();
}

TEST(LeapSystem, WithoutATableTheKernelsTaiOffsetIsLeftAlone) {
  ClockModel clock = usual_clock();
  clock.tai_offset = 35;
  LeapScenario s(6, {.seconds = 0, .clock = clock, .list = false, .asked = false});
  s.run_until(Duration::seconds(3600));
  EXPECT_EQ(s.client().clock().tai_offset(), 35);
}

}  // namespace
}  // namespace timed::sim
