// An oscillator that wanders a hundred times more than usual: polls stay frequent and few samples are kept, so that
// the clock is followed.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

ClockModel wandering(double wander) {
  ClockModel clock = usual_clock();
  clock.wander = wander;
  return clock;
}

TEST(LargeWander, IsFollowed) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, wandering(1e-7), "server 10.0.0.1\n");
    RequestLog requests(scenario.network(), *IpAddress::parse("10.0.0.2"));
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(10000), Duration::seconds(500));
    ASSERT_TRUE(result.synchronised_after.has_value()) << scenario.report(node);
    EXPECT_LE(*result.synchronised_after, Duration::seconds(210)) << scenario.report(node);
    EXPECT_LE(result.rms_error, Duration::seconds(2.5e-4)) << result.rms_error.to_seconds() << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(1)) << result.max_error.to_seconds() << scenario.report(node);
    EXPECT_LE(result.rms_frequency_error, Frequency::ppm(8)) << scenario.report(node);
    // Polls do not grow where the clock cannot wait.
    EXPECT_GE(requests.count(), 140u) << scenario.report(node);
    const auto stats = stats_report(node, "10.0.0.1");
    ASSERT_TRUE(stats.has_value());
    EXPECT_LE(stats->samples, 14u) << scenario.report(node);
  }
}

TEST(LargeWander, AMicrosecondASecondIsSurvivedWithFrequentPolls) {
  for (std::uint64_t seed = 11; seed <= 13; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, wandering(1e-6), "server 10.0.0.1 iburst minpoll 2 maxpoll 4\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(10000), Duration::seconds(500));
    EXPECT_LE(result.rms_error, Duration::seconds(3e-4)) << result.rms_error.to_seconds() << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(2)) << result.max_error.to_seconds() << scenario.report(node);
    EXPECT_EQ(node.log().count("Selected source"), 1u) << scenario.report(node);
    EXPECT_TRUE(node.running());
  }
}

}  // namespace
}  // namespace timed::sim
