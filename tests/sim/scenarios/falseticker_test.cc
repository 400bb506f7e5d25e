// Four servers agree and one lies: the liar is found out, never selected, and does not move the clock.
#include <gtest/gtest.h>

#include <map>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Five {
  explicit Five(std::uint64_t seed, Duration lie, int liars = 1) : scenario(seed) {
    std::string config;
    for (int i = 1; i <= 5; ++i) {
      ClockModel clock;
      if (i > 5 - liars) clock.start_error = lie * static_cast<double>(i - 4);
      const std::string address = "10.0.0." + std::to_string(i);
      scenario.add("server" + std::to_string(i), {address}, clock, "local stratum 1\nallow\n");
      config += "server " + address + " iburst\n";
    }
    node = &scenario.add("client", {"10.0.1.1"}, usual_clock(), config);
    scenario.start_all();
  }
  Scenario scenario;
  Node* node;
};

TEST(Falseticker, TheLiarAmongFiveIsNeverSelected) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Five five(seed, Duration::seconds(seed % 2 == 0 ? 0.5 : -0.5));
    const Performance result =
        measure(five.scenario.world(), *five.node, Duration::seconds(6000), Duration::seconds(500));
    const std::string report = five.scenario.report(*five.node);
    EXPECT_TRUE(five.node->log().contains("Detected falseticker 10.0.0.5")) << report;
    EXPECT_FALSE(five.node->log().contains("Selected source 10.0.0.5")) << report;
    EXPECT_TRUE(five.node->log().contains("Selected source 10.0.0.")) << report;
    EXPECT_LE(result.rms_error, Duration::seconds(1e-4)) << report;
    EXPECT_LE(result.max_error, Duration::millis(1)) << report;
    std::map<control::SourceStatus, int> states;
    for (int i = 1; i <= 5; ++i) {
      const auto source = source_report(*five.node, "10.0.0." + std::to_string(i));
      ASSERT_TRUE(source.has_value()) << report;
      ++states[source->status];
      EXPECT_EQ(source->status == control::SourceStatus::Falseticker, i == 5) << i << report;
      EXPECT_EQ(source->reachability, 0377) << i << report;
    }
    EXPECT_EQ(states[control::SourceStatus::Selected], 1) << report;
    EXPECT_EQ(states[control::SourceStatus::Combined] + states[control::SourceStatus::Selectable], 3) << report;
  }
}

TEST(Falseticker, WithoutAMajorityNobodyIsBelieved) {
  // Two servers, and they differ.
  Scenario scenario(7);
  scenario.add_server("good", {"10.0.0.1"});
  scenario.add("bad", {"10.0.0.2"}, {.start_error = Duration::seconds(5)}, "local stratum 1\nallow\n");
  Node& node = scenario.add("client", {"10.0.0.3"}, usual_clock(), "server 10.0.0.1\nserver 10.0.0.2\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  EXPECT_TRUE(node.log().contains("Can't synchronise: no majority (no agreement among 2 sources)"))
      << scenario.report(node);
  EXPECT_FALSE(node.log().contains("Detected falseticker")) << scenario.report(node);
}

TEST(Falseticker, AServerThatBeginsToLieLosesTheSelection) {
  Five five(8, Duration::zero(), 0);
  five.scenario.run_for(Duration::seconds(3000));
  ASSERT_FALSE(five.node->log().contains("falseticker")) << five.scenario.report(*five.node);
  // From now on it is a second ahead of the others.
  five.scenario.node("server1").clock().disturb(Duration::seconds(1));
  const Performance result =
      measure(five.scenario.world(), *five.node, Duration::seconds(8000), Duration::seconds(1500));
  EXPECT_TRUE(five.node->log().contains("Detected falseticker 10.0.0.1")) << five.scenario.report(*five.node);
  EXPECT_LE(result.max_error, Duration::millis(1)) << five.scenario.report(*five.node);
}

}  // namespace
}  // namespace timed::sim
