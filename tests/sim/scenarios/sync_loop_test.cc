// Two servers that ask each other: neither takes from the other what is its own.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Pair {
  explicit Pair(std::uint64_t seed, const std::string& more = "") : scenario(seed) {
    top = &scenario.add_server("top", {"10.0.9.1"});
    ClockModel other = usual_clock();
    other.start_error = Duration::millis(-50);
    other.frequency_error = Frequency::ppm(-60);
    const std::string poll = " iburst minpoll 4 maxpoll 5\n";
    a = &scenario.add("a", {"10.0.0.1"}, usual_clock(),
                      "allow\nserver 10.0.9.1" + poll + "server 10.0.0.2" + poll + more);
    b = &scenario.add("b", {"10.0.0.2"}, other, "allow\nserver 10.0.9.1" + poll + "server 10.0.0.1" + poll + more);
    scenario.start_all();
    scenario.run_for(Duration::seconds(4000));
  }
  std::string report() { return scenario.report(*a) + scenario.report(*b); }
  std::uint16_t stratum(Node& node) {
    return node.ask<control::TrackingReply>(control::TrackingRequest{}).value_or(control::TrackingReply{}).stratum;
  }
  Scenario scenario;
  Node* top;
  Node* a;
  Node* b;
};

// One is cut off from the server and follows the other, which does not follow it.
TEST(SyncLoop, OneThatLosesItsSourceFollowsTheOtherAlone) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pair pair(seed);
    Link dead = usual_link();
    dead.down = true;
    pair.scenario.network().set_link("a", "top", dead);
    const Performance of_a = measure(pair.scenario.world(), *pair.a, Duration::seconds(20000), Duration::zero());
    EXPECT_LE(of_a.max_error, Duration::millis(1)) << pair.report();
    EXPECT_LE(abs(pair.b->clock_error()), Duration::millis(1)) << pair.report();
    EXPECT_TRUE(pair.a->log().contains("Selected source 10.0.0.2")) << pair.report();
    EXPECT_FALSE(pair.b->log().contains("Selected source 10.0.0.1")) << pair.report();
    EXPECT_EQ(pair.stratum(*pair.a), 3) << pair.report();
    EXPECT_EQ(pair.stratum(*pair.b), 2) << pair.report();
    // It is answered, but of time that is its own no sample is taken.
    const auto seen = source_report(*pair.b, "10.0.0.1");
    ASSERT_TRUE(seen.has_value());
    EXPECT_EQ(seen->reachability, 0377) << pair.report();
    EXPECT_GE(seen->since_sample, 15000u) << pair.report();
  }
}

// Both lose it: they do not pull each other away, nor count their strata up without end.
TEST(SyncLoop, WithoutAnySourceTheyDoNotDriftAwayTogether) {
  for (std::uint64_t seed = 5; seed <= 8; ++seed) {
    Pair pair(seed);
    pair.top->stop();
    for (int i = 0; i < 200; ++i) {
      pair.scenario.run_for(Duration::seconds(100));
      ASSERT_LE(pair.stratum(*pair.a), 4) << pair.report();
      ASSERT_LE(pair.stratum(*pair.b), 4) << pair.report();
    }
    // 20000 s with a wander of 1e-9 s/s per sqrt(s): a ten-thousandth of a second per thousand, more or less.
    EXPECT_LE(abs(pair.a->clock_error()), Duration::millis(20)) << pair.report();
    EXPECT_LE(abs(pair.b->clock_error()), Duration::millis(20)) << pair.report();
    EXPECT_LE(abs(pair.a->frequency_error()), Frequency::ppm(2)) << pair.report();
    ASSERT_TRUE(pair.top->start().ok());
    pair.scenario.run_for(Duration::seconds(3000));
    EXPECT_EQ(pair.stratum(*pair.a), 2) << pair.report();
    EXPECT_EQ(pair.stratum(*pair.b), 2) << pair.report();
    EXPECT_LE(abs(pair.a->clock_error()), Duration::millis(1)) << pair.report();
  }
}

// Three in a ring, of which one has a source.
TEST(SyncLoop, ARingHasABeginning) {
  for (std::uint64_t seed = 9; seed <= 11; ++seed) {
    Scenario scenario(seed);
    Node& top = scenario.add_server("top", {"10.0.9.1"});
    const std::string poll = " iburst minpoll 4 maxpoll 5\n";
    std::vector<Node*> ring;
    for (int i = 1; i <= 3; ++i) {
      const std::string before = "10.0.0." + std::to_string(i == 1 ? 3 : i - 1);
      std::string config = "allow\nserver " + before + poll;
      if (i == 1) config += "server 10.0.9.1" + poll;
      ring.push_back(&scenario.add("ring" + std::to_string(i), {"10.0.0." + std::to_string(i)}, usual_clock(), config));
    }
    scenario.start_all();
    scenario.run_for(Duration::seconds(5000));
    for (Node* node : ring) EXPECT_LE(abs(node->clock_error()), Duration::millis(1)) << scenario.report(*node);
    top.stop();
    scenario.run_for(Duration::seconds(30000));
    for (Node* node : ring) {
      EXPECT_LE(abs(node->clock_error()), Duration::millis(50)) << scenario.report(*node);
      EXPECT_LE(abs(node->frequency_error()), Frequency::ppm(5)) << scenario.report(*node);
      EXPECT_TRUE(node->running());
    }
  }
}

}  // namespace
}  // namespace timed::sim
