// A network that comes and goes: meanwhile the clock runs on at the frequency that was found, and each time it comes
// back the clock is right again soon, without a step.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(IntermittentNetwork, TheClockStaysGoodThroughOutages) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 maxpoll 8\nmakestep 1 3\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(3000));
    for (int outage = 0; outage < 6; ++outage) {
      scenario.network().set_cut_off("server", true);
      const Performance without = measure(scenario.world(), node, Duration::seconds(1800), Duration::zero());
      EXPECT_LE(without.max_error, Duration::seconds(5e-4)) << without.max_error.to_seconds() << scenario.report(node);
      scenario.network().set_cut_off("server", false);
      scenario.run_for(Duration::seconds(600));
      const Performance with = measure(scenario.world(), node, Duration::seconds(2400), Duration::zero());
      EXPECT_LE(with.max_error, Duration::seconds(5e-4)) << with.max_error.to_seconds() << scenario.report(node);
      EXPECT_LE(with.rms_error, Duration::seconds(2e-4)) << with.rms_error.to_seconds() << scenario.report(node);
    }
    EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
    EXPECT_LE(abs(node.frequency_error()), Frequency::ppm(10)) << scenario.report(node);
  }
}

// One message when the last answer is too long ago, one when it is back; none a packet.
TEST(IntermittentNetwork, EachOutageIsToldOnce) {
  Scenario scenario(11);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 4 maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  for (std::size_t outage = 1; outage <= 5; ++outage) {
    scenario.network().set_cut_off("client", true);
    scenario.run_for(Duration::seconds(3000));
    EXPECT_EQ(node.log().count("Can't synchronise: no selectable sources"), outage) << scenario.report(node);
    const auto source = source_report(node, "10.0.0.1");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(source->reachability, 0) << scenario.report(node);
    scenario.network().set_cut_off("client", false);
    scenario.run_for(Duration::seconds(1000));
    EXPECT_EQ(node.log().count("Selected source 10.0.0.1"), outage + 1) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
  }
  EXPECT_LE(node.log().lines().size(), 12u) << scenario.report(node);
}

// While nobody answers the server is asked more often than a good clock would need, never more often than minpoll.
TEST(IntermittentNetwork, PollsDoNotPileUp) {
  Scenario scenario(21);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1\n");
  RequestLog requests(scenario.network(), *IpAddress::parse("10.0.0.2"));
  scenario.start_all();
  for (int i = 0; i < 20; ++i) {
    scenario.network().set_cut_off("server", i % 2 == 1);
    scenario.run_for(Duration::seconds(2000));
  }
  const auto intervals = requests.intervals();
  ASSERT_GE(intervals.size(), 30u) << scenario.report(node);
  EXPECT_GE(*std::min_element(intervals.begin(), intervals.end()), Duration::seconds(64 * 0.9));
  EXPECT_LE(*std::max_element(intervals.begin(), intervals.end()), Duration::seconds(1024 * 1.03));
}

}  // namespace
}  // namespace timed::sim
