// Clocks that are decades off, and the end of the 32 bits of seconds in 2036: machines without a battery begin in 1970.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kSinceEpoch = Duration::seconds(1767225600.0);  // the world begins in 2026
constexpr Duration kYear = Duration::seconds(365.25 * 86400.0);
// The second of 2036 in which the seconds since 1900 no longer fit into 32 bits.
constexpr Duration kUntilEraEnd = Duration::seconds(2085978496.0 - 1767225600.0);

ClockModel clock_off_by(Duration error) {
  ClockModel clock = usual_clock();
  clock.start_error = error;
  return clock;
}

// A server whose clock differs from the true time by so much, which nobody but the test knows.
Node& add_server_at(Scenario& scenario, Duration error) {
  return scenario.add("server", {"10.0.0.1"}, {.start_error = error}, "local stratum 1\nallow\n");
}

TEST(FarTimes, AStepBridgesDecades) {
  struct Case {
    Duration server, client;
  };
  for (const Case& c :
       {Case{Duration::zero(), -kSinceEpoch}, Case{kYear * 14.0, -kSinceEpoch}, Case{kYear * 60.0, -kSinceEpoch},
        Case{Duration::zero(), kYear * 70.0}, Case{kYear * 9.0, kYear * 12.0}, Case{kYear * 11.0, Duration::zero()}}) {
    Scenario scenario(1);
    Node& server = add_server_at(scenario, c.server);
    Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(c.client),
                              "server 10.0.0.1 iburst maxpoll 6\nmakestep 1.0 3\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
    EXPECT_EQ(node.clock().steps().size(), 1u) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error() - server.clock_error()), Duration::millis(1)) << scenario.report(node);
  }
}

// Local time is right at once, though the clock will need centuries.
TEST(FarTimes, WithoutAStepLocalTimeIsRight) {
  Scenario scenario(2);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(-kSinceEpoch), "server 10.0.0.1 iburst maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(5000));
  const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  ASSERT_TRUE(tracking.has_value());
  EXPECT_EQ(tracking->stratum, 2) << scenario.report(node);
  // The protocol carries 25 bits of it, with the sign.
  EXPECT_NEAR((node.clock_error() + tracking->correction).to_seconds(), 0.0, 128.0) << scenario.report(node);
  EXPECT_GE(node.frequency_error().to_ppm(), 80000.0);
  const auto source = source_report(node, "10.0.0.1");
  ASSERT_TRUE(source.has_value());
  EXPECT_LE(abs(source->adjusted), Duration::millis(1)) << scenario.report(node);
}

TEST(FarTimes, TheEraEndsUnnoticed) {
  Scenario scenario(3);
  Node& server = add_server_at(scenario, kUntilEraEnd - Duration::seconds(3000));
  Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(kUntilEraEnd - Duration::seconds(2999.9)),
                            "server 10.0.0.1 iburst maxpoll 5\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  for (int i = 0; i < 4000; ++i) {
    scenario.run_for(Duration::seconds(1));
    const Duration apart = abs(node.clock_error() - server.clock_error());
    ASSERT_LE(apart, Duration::millis(1)) << i << " " << scenario.report(node);
  }
  const auto source = source_report(node, "10.0.0.1");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->reachability, 0377) << scenario.report(node);
  EXPECT_EQ(source->status, control::SourceStatus::Selected) << scenario.report(node);
  EXPECT_LE(source->since_sample, 33u) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
