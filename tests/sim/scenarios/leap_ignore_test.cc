// leapsecmode ignore: the clock is left a second wrong, and the measurements afterwards correct it.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

TEST(LeapIgnore, TheMeasurementsCorrectItAfterwards) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const int seconds : {1, -1}) {
      LeapScenario s(
          seed, {.seconds = seconds, .config = "leapseclist /etc/leap.list\nleapsecmode ignore\nmakestep 0.3 -1\n"});
      s.run_until(Duration::seconds(4));
      EXPECT_NEAR((s.client().clock_error() - s.right()).to_seconds(), seconds, 1e-3) << s.report();
      EXPECT_EQ(s.client().log().count("Ignoring leap second"), 1u) << s.report();
      EXPECT_TRUE(s.client().clock().steps().empty());
      EXPECT_LE(s.worst_error(Duration::seconds(3600), Duration::seconds(3700)), Duration::millis(1)) << s.report();
      EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None) << "the kernel is told nothing";
    }
  }
}

}  // namespace
}  // namespace timed::sim
