// The process does not run for minutes while the machine does: stopped by SIGSTOP, or left out by its host.  Told once;
// the polls that were missed are not made up for, and time stays right.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr double kPause_s = 600.0;

TEST(StoppedProcess, IsToldOnceAndSurvived) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                              "server 10.0.0.1 iburst minpoll 4 maxpoll 6\nmakestep 1 3\n");
    RequestLog requests(scenario.network(), *IpAddress::parse("10.0.0.2"));
    scenario.start_all();
    scenario.run_for(Duration::seconds(2000));
    const std::size_t lines = node.log().lines().size();
    const std::size_t asked = requests.count();

    node.machine().loop().pause(Duration::seconds(kPause_s));
    scenario.run_for(Duration::seconds(kPause_s - 1.0));
    EXPECT_LE(requests.count() - asked, 0u) << scenario.report(node);
    const Performance after = measure(scenario.world(), node, Duration::seconds(2000), Duration::zero());
    EXPECT_EQ(node.log().count("Did not run for 5"), 1u) << scenario.report(node);
    EXPECT_EQ(node.log().lines().size(), lines + 1) << scenario.report(node);
    EXPECT_TRUE(node.clock().steps().empty());
    EXPECT_LE(after.max_error, Duration::seconds(1e-3)) << after.max_error.to_seconds() << scenario.report(node);
    // One poll for all that were missed, then the usual distance.
    const auto intervals = requests.intervals();
    const auto rest = std::vector<Duration>(intervals.begin() + static_cast<std::ptrdiff_t>(asked), intervals.end());
    ASSERT_GE(rest.size(), 10u);
    EXPECT_GE(*std::min_element(rest.begin(), rest.end()), Duration::seconds(15)) << scenario.report(node);
  }
}

// Stopped in the middle of a fast slew the kernel goes on slewing: the clock overshoots, and is brought back.
TEST(StoppedProcess, ASlewThatWentOnTooLongIsTakenBack) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    ClockModel clock = usual_clock();
    clock.start_error = Duration::seconds(2);
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 iburst minpoll 4 maxpoll 6\n");
    scenario.start_all();
    ASSERT_TRUE(scenario.world().run_until_true([&] { return node.clock_error() < Duration::seconds(1.5); },
                                                Duration::seconds(300)));
    node.machine().loop().pause(Duration::seconds(kPause_s));
    scenario.run_for(Duration::seconds(kPause_s + 1));
    EXPECT_LT(node.clock_error(), Duration::seconds(-10)) << "83 333 ppm for ten minutes";
    EXPECT_EQ(node.log().count("Did not run for "), 1u) << scenario.report(node);
    scenario.run_for(Duration::seconds(2000));
    EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
    EXPECT_TRUE(node.clock().steps().empty());
    EXPECT_EQ(node.log().count("Did not run for "), 1u) << scenario.report(node);
    EXPECT_FALSE(node.log().contains("time jump detected")) << scenario.report(node);
  }
}

// Requests that came meanwhile are answered with the stamps of their arrival.
TEST(StoppedProcess, AServerGoesOnServing) {
  Scenario scenario(6);
  Node& server = scenario.add_server("server", {"10.0.0.1"});
  Node& node =
      scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 4 maxpoll 6\nmakestep 1 3\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  server.machine().loop().pause(Duration::seconds(kPause_s));
  scenario.run_for(Duration::seconds(kPause_s));
  const Performance after = measure(scenario.world(), node, Duration::seconds(2000), Duration::zero());
  EXPECT_LE(after.max_error, Duration::seconds(1e-3)) << after.max_error.to_seconds() << scenario.report(node);
  EXPECT_TRUE(node.clock().steps().empty());
}

}  // namespace
}  // namespace timed::sim
