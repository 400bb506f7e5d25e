// Steps: only above the threshold, only in the first updates, and reported in chrony's words.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

ClockModel clock_off_by(Duration error) {
  ClockModel clock = usual_clock();
  clock.start_error = error;
  return clock;
}

TEST(Makestep, StepsALargeOffsetAtTheFirstUpdate) {
  std::uint64_t seed = 0;
  for (const double error_s : {-1e6, -10.0, 2.0, 1e8, 5000.0, -1e8}) {
    Scenario scenario(++seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(Duration::seconds(error_s)),
                              "server 10.0.0.1 iburst\nmakestep 1.0 3\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(10));
    ASSERT_EQ(node.clock().steps().size(), 1u) << scenario.report(node);
    EXPECT_NEAR(node.clock().steps()[0].to_seconds(), -error_s, 0.01) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error()), Duration::millis(5)) << scenario.report(node);
    EXPECT_TRUE(node.log().contains("System clock was stepped by ")) << scenario.report(node);
    // chrony prints the correction: positive where the clock was slow.
    const char* sign = error_s > 0 ? "System clock wrong by -" : "System clock wrong by ";
    EXPECT_TRUE(node.log().contains(sign)) << scenario.report(node);
    const Performance result = measure(scenario.world(), node, Duration::seconds(2000), Duration::seconds(500));
    EXPECT_EQ(node.clock().steps().size(), 1u) << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(1)) << scenario.report(node);
  }
}

TEST(Makestep, SlewsBelowTheThreshold) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(Duration::seconds(0.9)),
                              "server 10.0.0.1 iburst\nmakestep 1.0 3\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(2000), Duration::seconds(500));
    EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(1)) << scenario.report(node);
  }
}

TEST(Makestep, DoesNotStepAfterTheLimit) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(Duration::zero()),
                              "server 10.0.0.1 iburst minpoll 4 maxpoll 4\nmakestep 0.1 1\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(200));
    ASSERT_TRUE(node.clock().steps().empty()) << scenario.report(node);
    // Half a second is slewed, however late it comes.
    node.clock().disturb(Duration::seconds(0.5));
    scenario.run_for(Duration::seconds(1000));
    EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error()), Duration::millis(5)) << scenario.report(node);
  }
}

TEST(Makestep, WithoutItALargeOffsetIsSlewed) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(Duration::seconds(30)), "server 10.0.0.1 iburst\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(3000), Duration::seconds(1500));
    EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(2)) << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
