// leapsecmode slew: local time, which is served, leaps at the second; the kernel's clock follows in 12 s.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kUsual = Duration::millis(1);

TEST(LeapSlew, WhatIsServedLeapsAndTheKernelFollows) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const int seconds : {1, -1}) {
      LeapScenario s(seed, {.seconds = seconds, .config = "leapseclist /etc/leap.list\nleapsecmode slew\n"});
      EXPECT_LE(s.worst_error(Duration::seconds(-3600), Duration::seconds(-1.1)), kUsual) << s.report();
      // 1 s at the largest rate of 1/12, from the second of the leap on.
      const Duration begin = seconds > 0 ? Duration::zero() : Duration::seconds(-1);
      s.run_until(begin + Duration::seconds(6));
      EXPECT_NEAR((s.client().clock_error() - s.right()).to_seconds(), 0.5 * seconds, 0.01) << s.report();
      EXPECT_LE(s.worst_error(begin + Duration::seconds(12.2), Duration::seconds(3600)), kUsual) << s.report();
      EXPECT_TRUE(s.client().clock().steps().empty());
      EXPECT_EQ(s.client().log().count("Adjusting system clock for leap second"), 1u) << s.report();
      EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None) << "the kernel is told nothing";
      EXPECT_FALSE(s.logged("System clock wrong by")) << s.report();
      EXPECT_LE(s.worst_served_error(Duration::seconds(-3600), Duration::seconds(-1.1)), kUsual);
      EXPECT_LE(s.worst_served_error(Duration::seconds(0.1), Duration::seconds(3600)), kUsual);
    }
  }
}

// The rate of the slew is that of "maxslewrate".
TEST(LeapSlew, KeepsToTheLargestRate) {
  const std::string config = "leapseclist /etc/leap.list\nleapsecmode slew\nmaxslewrate 1000\n";
  for (const char* const estimator : {"estimator regression\n", "estimator bayes\n"}) {
    LeapScenario s(4, {.config = config + estimator, .asked = false});
    s.run_until(Duration::seconds(500));
    EXPECT_NEAR((s.client().clock_error() - s.right()).to_seconds(), 0.5, 0.01) << s.report();
    EXPECT_LE(s.worst_error(Duration::seconds(1010), Duration::seconds(1020)), kUsual) << s.report();
  }
}

}  // namespace
}  // namespace timed::sim
