// Sources of which no majority agrees: it is told once, and the clock is left alone.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr char kLost[] = "Can't synchronise: no majority (only ";
constexpr char kMessage[] = "Can't synchronise: no majority (only 2 of 5 sources agree)";

// Five servers, whose clocks are set apart later.
struct Five {
  explicit Five(std::uint64_t seed) : scenario(seed) {
    std::string config = "makestep 0.1 -1\n";
    for (int i = 1; i <= 5; ++i) {
      scenario.add_server(name(i), {address(i)});
      config += "server " + address(i) + " iburst minpoll 4 maxpoll 4\n";
    }
    node = &scenario.add("client", {"10.0.1.1"}, usual_clock(), config);
  }
  static std::string name(int i) { return "server" + std::to_string(i); }
  static std::string address(int i) { return "10.0.0." + std::to_string(i); }
  // 4 and 5 stay right; each of the others has a time of its own, near enough for none to be jittery.
  void set_apart() {
    for (int i = 1; i <= 3; ++i) scenario.node(name(i)).clock().disturb(Duration::seconds(0.3 * i));
  }
  void bring_together() {
    for (int i = 1; i <= 3; ++i) scenario.node(name(i)).clock().disturb(Duration::seconds(-0.3 * i));
  }
  Scenario scenario;
  Node* node;
};

TEST(NoMajority, AtAStartNobodyIsBelieved) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Five five(seed);
    five.set_apart();
    five.scenario.start_all();
    const Duration before = five.node->clock_error();
    five.scenario.run_for(Duration::seconds(3000));
    const std::string report = five.scenario.report(*five.node);
    EXPECT_EQ(five.node->log().count(kMessage), 1u) << report;
    EXPECT_FALSE(five.node->log().contains("Selected source")) << report;
    EXPECT_FALSE(five.node->log().contains("Detected falseticker")) << report;
    EXPECT_TRUE(five.node->clock().steps().empty()) << report;
    // It runs on as fast as it did, 100 ppm and what it wanders.
    EXPECT_NEAR((five.node->clock_error() - before).to_seconds(), 0.3, 0.003) << report;
    for (int i = 1; i <= 5; ++i) {
      EXPECT_EQ(source_report(*five.node, Five::address(i))->status, control::SourceStatus::Falseticker) << i << report;
    }
    EXPECT_EQ(five.node->ask<control::TrackingReply>(control::TrackingRequest{})->leap, 3) << report;
  }
}

TEST(NoMajority, LostLaterItIsToldOnceALoss) {
  for (std::uint64_t seed = 5; seed <= 7; ++seed) {
    Five five(seed);
    five.scenario.start_all();
    five.scenario.run_for(Duration::seconds(2000));
    ASSERT_TRUE(five.node->log().contains("Selected source")) << five.scenario.report(*five.node);
    const std::size_t steps = five.node->clock().steps().size();
    five.set_apart();
    const Performance apart = measure(five.scenario.world(), *five.node, Duration::seconds(3000), Duration::seconds(0));
    const std::string report = five.scenario.report(*five.node);
    EXPECT_LE(apart.max_error, Duration::millis(5)) << report;
    EXPECT_EQ(five.node->clock().steps().size(), steps) << report;
    EXPECT_EQ(five.node->log().count(kLost), 1u) << report;
    for (int i = 1; i <= 5; ++i) {
      EXPECT_EQ(source_report(*five.node, Five::address(i))->status, control::SourceStatus::Falseticker) << i << report;
    }

    five.bring_together();
    five.scenario.run_for(Duration::seconds(3000));
    EXPECT_EQ(five.node->ask<control::TrackingReply>(control::TrackingRequest{})->leap, 0)
        << five.scenario.report(*five.node);
    EXPECT_LE(abs(five.node->clock_error()), Duration::millis(1)) << five.scenario.report(*five.node);
    // Once in each loss: it is told again after a selection.
    five.set_apart();
    five.scenario.run_for(Duration::seconds(2000));
    EXPECT_EQ(five.node->log().count(kLost), 2u) << five.scenario.report(*five.node);
  }
}

}  // namespace
}  // namespace timed::sim
