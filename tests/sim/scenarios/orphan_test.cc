// Orphan mode: servers that have lost the world agree on the one with the smallest reference identifier, keep one time
// among them, and take over from it when it is gone.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Orphans {
  explicit Orphans(std::uint64_t seed, bool with_top = false, const std::string& local = "") : scenario(seed) {
    if (with_top) scenario.add_server("top", {"10.0.9.1"});
    for (int i = 1; i <= 3; ++i) {
      ClockModel clock = usual_clock();
      clock.start_error = Duration::millis(100 * i);
      clock.frequency_error = Frequency::ppm(30 * i);
      std::string config = "local stratum 10 orphan" + local + "\nallow\n";
      if (with_top) config += "server 10.0.9.1 iburst minpoll 4 maxpoll 5\n";
      for (int j = 1; j <= 3; ++j) {
        if (j != i) config += "server " + address(j) + " minpoll 4 maxpoll 5\n";
      }
      nodes.push_back(&scenario.add("orphan" + std::to_string(i), {address(i)}, clock, config));
    }
    scenario.start_all();
  }
  static std::string address(int i) { return "10.0.0." + std::to_string(i); }
  control::TrackingReply tracking(int i) {
    const auto reply = nodes[static_cast<std::size_t>(i - 1)]->ask<control::TrackingReply>(control::TrackingRequest{});
    return reply.value_or(control::TrackingReply{});
  }
  // Of those that run.
  Duration spread() {
    Duration least = Duration::infinity(), most = -Duration::infinity();
    for (Node* node : nodes) {
      if (!node->running()) continue;
      least = std::min(least, node->clock_error());
      most = std::max(most, node->clock_error());
    }
    return most - least;
  }
  Duration worst_spread(int seconds) {
    Duration worst;
    for (int t = 0; t < seconds; t += 10) {
      scenario.run_for(Duration::seconds(10));
      worst = std::max(worst, spread());
    }
    return worst;
  }
  std::string report() {
    std::string all;
    for (Node* node : nodes) all += scenario.report(*node) + "\n";
    return all;
  }
  Scenario scenario;
  std::vector<Node*> nodes;
};

TEST(Orphan, AllFollowTheOneWithTheSmallestReference) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Orphans orphans(seed);
    orphans.scenario.run_for(Duration::seconds(4000));
    EXPECT_LE(orphans.worst_spread(4000), Duration::millis(1)) << orphans.report();
    EXPECT_FALSE(orphans.nodes[0]->log().contains("Selected source")) << orphans.report();
    for (int i = 2; i <= 3; ++i) {
      Log& log = orphans.nodes[static_cast<std::size_t>(i - 1)]->log();
      EXPECT_EQ(log.count("Selected source 10.0.0.1"), 1u) << i << orphans.report();
      EXPECT_EQ(log.count("Selected source"), 1u) << i << orphans.report();
      EXPECT_EQ(orphans.tracking(i).stratum, 11) << orphans.report();
    }
    EXPECT_EQ(orphans.tracking(1).stratum, 10) << orphans.report();
    EXPECT_EQ(orphans.tracking(1).ref_id, ntp::kLocalRefId) << orphans.report();
  }
}

TEST(Orphan, TheNextOneTakesOverAndGivesBack) {
  for (std::uint64_t seed = 5; seed <= 7; ++seed) {
    // As long as the last word of the dead one is good to a second, nobody is in a hurry; here to 4 ms.
    Orphans orphans(seed, false, " distance 0.004");
    orphans.scenario.run_for(Duration::seconds(4000));
    const Duration before = orphans.nodes[1]->clock_error();
    orphans.nodes[0]->stop();
    orphans.scenario.run_for(Duration::seconds(6000));
    EXPECT_TRUE(orphans.nodes[2]->log().contains("Selected source 10.0.0.2")) << orphans.report();
    EXPECT_LE(orphans.worst_spread(3000), Duration::millis(1)) << orphans.report();
    // The time goes on from where it was: at the rate of the one that is gone, 30 ppm, or what was known of it.
    EXPECT_LE(abs(orphans.nodes[1]->clock_error() - before), Duration::seconds(1)) << orphans.report();
    ASSERT_TRUE(orphans.nodes[0]->start().ok());
    orphans.scenario.run_for(Duration::seconds(6000));
    EXPECT_LE(orphans.worst_spread(3000), Duration::millis(1)) << orphans.report();
    EXPECT_EQ(orphans.tracking(1).stratum, 10) << orphans.report();
    EXPECT_EQ(orphans.tracking(2).stratum, 11) << orphans.report();
    EXPECT_EQ(orphans.tracking(3).stratum, 11) << orphans.report();
  }
}

TEST(Orphan, WhileThereIsABetterSourceNobodyIsOne) {
  for (std::uint64_t seed = 8; seed <= 10; ++seed) {
    Orphans orphans(seed, true);
    orphans.scenario.run_for(Duration::seconds(4000));
    for (int i = 1; i <= 3; ++i) {
      EXPECT_EQ(orphans.tracking(i).stratum, 2) << i << orphans.report();
      EXPECT_LE(abs(orphans.nodes[static_cast<std::size_t>(i - 1)]->clock_error()), Duration::millis(1))
          << i << orphans.report();
    }
    // Without it they follow each other, and stay together.
    orphans.scenario.node("top").stop();
    EXPECT_LE(orphans.worst_spread(40000), Duration::millis(20)) << orphans.report();
    for (int i = 1; i <= 3; ++i) EXPECT_LE(orphans.tracking(i).stratum, 11) << i << orphans.report();
    ASSERT_TRUE(orphans.scenario.node("top").start().ok());
    orphans.scenario.run_for(Duration::seconds(6000));
    for (int i = 1; i <= 3; ++i) {
      EXPECT_LE(abs(orphans.nodes[static_cast<std::size_t>(i - 1)]->clock_error()), Duration::millis(1))
          << i << orphans.report();
    }
  }
}

}  // namespace
}  // namespace timed::sim
