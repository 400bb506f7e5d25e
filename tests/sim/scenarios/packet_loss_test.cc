// A bad network: loss, copies and packets out of order cost samples, never correctness.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(PacketLoss, ThirtyPercentAreBearable) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    Link link = usual_link();
    link.loss = 0.3;
    scenario.network().set_default_link(link);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(12000), Duration::seconds(4000));
    ASSERT_TRUE(result.synchronised_after.has_value()) << scenario.report(node);
    EXPECT_LE(*result.synchronised_after, Duration::seconds(800)) << scenario.report(node);
    EXPECT_LE(result.rms_error, Duration::seconds(2e-4)) << scenario.report(node);
    // Half of the exchanges fail, so eight in a row do now and then: then the source is lost until the next answer.
    EXPECT_LE(node.log().count("Selected source"), 3u) << scenario.report(node);
  }
}

TEST(PacketLoss, CopiesAndDisorderDoNoHarm) {
  for (std::uint64_t seed = 11; seed <= 14; ++seed) {
    Scenario scenario(seed);
    Link link = usual_link();
    link.duplication = 0.3;
    link.reordering = 0.1;
    link.reorder_delay = Duration::millis(50);
    scenario.network().set_default_link(link);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 minpoll 4 maxpoll 6\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(8000), Duration::seconds(1000));
    EXPECT_LE(result.rms_error, Duration::seconds(2e-4)) << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(3)) << scenario.report(node);
  }
}

TEST(PacketLoss, AfterAPartitionTheClockRecovers) {
  Scenario scenario(21);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(3000));
  scenario.network().set_cut_off("server", true);
  scenario.run_for(Duration::seconds(10000));
  EXPECT_TRUE(node.log().contains("Can't synchronise: no selectable sources")) << scenario.report(node);
  EXPECT_LE(abs(node.clock_error()), Duration::millis(10)) << "it runs on at the frequency that was found";
  scenario.network().set_cut_off("server", false);
  scenario.run_for(Duration::seconds(500));
  EXPECT_EQ(node.log().count("Selected source 10.0.0.1"), 2u) << scenario.report(node);
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
