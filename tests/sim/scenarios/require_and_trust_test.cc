// Marks of sources: noselect, prefer, trust and require; and what must be there before anybody is believed:
// minsources, minstratum, maxstratum, maxdistance.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using control::SourceStatus;

// Three servers; marks of each, and how fast its clock is.
struct Three {
  struct Server {
    const char* marks = "";
    Duration error = Duration::zero();
  };
  Three(std::uint64_t seed, const std::vector<Server>& servers, const std::string& more = "") : scenario(seed) {
    std::string config = more + "\n";
    for (std::size_t i = 0; i < servers.size(); ++i) {
      scenario.add("server" + std::to_string(i + 1), {address(i + 1)}, {.start_error = servers[i].error},
                   "local stratum 1\nallow\n");
      config += "server " + address(i + 1) + " iburst minpoll 4 maxpoll 5 " + servers[i].marks + "\n";
    }
    node = &scenario.add("client", {"10.0.1.1"}, usual_clock(), config);
    scenario.start_all();
    scenario.run_for(Duration::seconds(3000));
  }
  static std::string address(std::size_t i) { return "10.0.0." + std::to_string(i); }
  SourceStatus status(std::size_t i) { return source_report(*node, address(i))->status; }
  bool selected_once(std::size_t i) { return node->log().contains("Selected source " + address(i)); }
  std::uint16_t leap() { return node->ask<control::TrackingReply>(control::TrackingRequest{})->leap; }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

constexpr Duration kLie = Duration::seconds(0.5);

TEST(Trust, TheWordOfOneIsMoreThanThatOfTwo) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Three three(seed, {{"trust"}, {"", kLie}, {"", kLie}});
    EXPECT_EQ(three.status(1), SourceStatus::Selected) << three.report();
    EXPECT_EQ(three.status(2), SourceStatus::Falseticker) << three.report();
    EXPECT_TRUE(three.node->log().contains("Detected falseticker 10.0.0.2")) << three.report();
    EXPECT_TRUE(three.node->log().contains("Detected falseticker 10.0.0.3")) << three.report();
    EXPECT_LE(abs(three.node->clock_error()), Duration::millis(1)) << three.report();
  }
}

TEST(Trust, TrustedSourcesThatDisagreeAreNamedSo) {
  Three three(4, {{"trust"}, {"trust", kLie}, {""}});
  EXPECT_EQ(three.node->log().count("Can't synchronise: no majority (no agreement among 2 trusted sources)"), 1u)
      << three.report();
  EXPECT_FALSE(three.node->log().contains("Selected source")) << three.report();
}

TEST(Require, WithoutARequiredOneNobodyIsSelected) {
  for (std::uint64_t seed = 5; seed <= 7; ++seed) {
    Three three(seed, {{""}, {""}, {"require"}});
    EXPECT_EQ(three.leap(), 0) << three.report();
    EXPECT_FALSE(three.node->log().contains("Can't synchronise")) << three.report();
    // It is silent, and stale once its samples are older than those of the others.
    three.scenario.node("server3").stop();
    three.scenario.run_for(Duration::seconds(4000));
    EXPECT_EQ(three.node->log().count("Can't synchronise: no required source in selectable sources"), 1u)
        << three.report();
    for (std::size_t i = 1; i <= 3; ++i) EXPECT_NE(three.status(i), SourceStatus::Selected) << i << three.report();
    ASSERT_TRUE(three.scenario.node("server3").start().ok());
    three.scenario.run_for(Duration::seconds(2000));
    EXPECT_TRUE(three.status(1) == SourceStatus::Selected || three.status(2) == SourceStatus::Selected ||
                three.status(3) == SourceStatus::Selected)
        << three.report();
    EXPECT_LE(abs(three.node->clock_error()), Duration::millis(1)) << three.report();
  }
}

TEST(Prefer, OthersAreOnlyWitnesses) {
  for (std::uint64_t seed = 8; seed <= 10; ++seed) {
    Three three(seed, {{""}, {"prefer"}, {""}});
    EXPECT_EQ(three.status(2), SourceStatus::Selected) << three.report();
    EXPECT_EQ(three.status(1), SourceStatus::Selectable) << three.report();
    EXPECT_EQ(three.status(3), SourceStatus::Selectable) << three.report();
    EXPECT_FALSE(three.selected_once(1) && three.selected_once(3)) << three.report();
    three.scenario.node("server2").clock().disturb(kLie);
    three.scenario.run_for(Duration::seconds(2000));
    // Preferred or not, it lies.
    EXPECT_EQ(three.status(2), SourceStatus::Falseticker) << three.report();
    EXPECT_TRUE(three.status(1) == SourceStatus::Selected || three.status(3) == SourceStatus::Selected)
        << three.report();
    EXPECT_LE(abs(three.node->clock_error()), Duration::millis(1)) << three.report();
  }
}

TEST(Noselect, IsMeasuredAndNeverBelieved) {
  Three three(11, {{"noselect", kLie}, {"noselect", kLie}, {""}});
  EXPECT_EQ(three.status(1), SourceStatus::NotSelectable) << three.report();
  EXPECT_EQ(three.status(3), SourceStatus::Selected) << three.report();
  EXPECT_NEAR(source_report(*three.node, "10.0.0.1")->adjusted.to_seconds(), 0.5, 0.001) << three.report();
  EXPECT_LE(abs(three.node->clock_error()), Duration::millis(1)) << three.report();
}

TEST(Minsources, FewerThanThatAreNotEnough) {
  for (std::uint64_t seed = 12; seed <= 14; ++seed) {
    Three three(seed, {{""}, {""}, {"", kLie}}, "minsources 3");
    EXPECT_EQ(three.node->log().count("Can't synchronise: not enough selectable sources"), 1u) << three.report();
    EXPECT_FALSE(three.node->log().contains("Selected source")) << three.report();
    EXPECT_EQ(three.leap(), 3) << three.report();
    three.scenario.node("server3").clock().disturb(-kLie);
    three.scenario.run_for(Duration::seconds(2000));
    EXPECT_TRUE(three.node->log().contains("Selected source")) << three.report();
    EXPECT_LE(abs(three.node->clock_error()), Duration::millis(1)) << three.report();
  }
}

TEST(Stratum, OutsideOfTheLimitsIsToldOnceAndNotSelected) {
  {
    Three three(15, {{""}}, "minstratum 2");
    EXPECT_EQ(three.node->log().count("Stratum of 10.0.0.1 below minstratum of 2"), 1u) << three.report();
    EXPECT_FALSE(three.selected_once(1)) << three.report();
  }
  {
    Three three(16, {{"minstratum 5"}}, "maxstratum 4");
    EXPECT_EQ(three.node->log().count("Stratum of 10.0.0.1 above maxstratum of 4"), 1u) << three.report();
    EXPECT_FALSE(three.selected_once(1)) << three.report();
  }
  {
    // The source's own minimum raises what it says.
    Three three(17, {{"minstratum 5"}}, "maxstratum 5");
    EXPECT_EQ(three.node->ask<control::TrackingReply>(control::TrackingRequest{})->stratum, 6) << three.report();
  }
}

TEST(Maxdistance, BeyondItIsToldOnceAndNotSelected) {
  for (std::uint64_t seed = 18; seed <= 20; ++seed) {
    Three three(seed, {{""}}, "maxdistance 0.00001");
    EXPECT_EQ(three.node->log().count("Root distance of 10.0.0.1 exceeds maxdistance of 0.000 seconds"), 1u)
        << three.report();
    EXPECT_FALSE(three.selected_once(1)) << three.report();
    EXPECT_EQ(three.status(1), SourceStatus::NotSelectable) << three.report();
  }
}

// Near and of stratum 3, or 10 ms away and of stratum 1: what a stratum is worth decides.
TEST(Stratumweight, IsHowMuchFurtherAwayABetterStratumMayBe) {
  const std::pair<const char*, bool> cases[] = {{"stratumweight 0", true},
                                                {"", true},
                                                {"stratumweight 0.002", true},
                                                {"stratumweight 0.004", false},
                                                {"stratumweight 1", false}};
  for (const auto& [line, near_wins] : cases) {
    for (std::uint64_t seed = 24; seed <= 26; ++seed) {
      Scenario scenario(seed);
      scenario.add_server("near", {"10.0.0.1"});
      scenario.add_server("far", {"10.0.0.2"});
      Link far = usual_link();
      far.delay = Duration::millis(5);
      scenario.network().set_link("client", "far", far);
      Node& node = scenario.add("client", {"10.0.1.1"}, usual_clock(),
                                std::string("server 10.0.0.1 iburst minpoll 4 maxpoll 5 minstratum 3\n"
                                            "server 10.0.0.2 iburst minpoll 4 maxpoll 5\n") +
                                    line);
      scenario.start_all();
      scenario.run_for(Duration::seconds(6000));
      const auto near_report = source_report(node, "10.0.0.1"), far_report = source_report(node, "10.0.0.2");
      EXPECT_EQ(near_report->status == SourceStatus::Selected, near_wins) << line << scenario.report(node);
      EXPECT_EQ(far_report->status == SourceStatus::Selected, !near_wins) << line << scenario.report(node);
    }
  }
}

// Of two that are alike the first one stays; one that is nearer by more than that takes over in the end.
TEST(Reselection, NeedsABetterSourceNotAnEqualOne) {
  for (std::uint64_t seed = 21; seed <= 23; ++seed) {
    Three alike(seed, {{""}, {""}}, "reselectdist 0.001");
    alike.scenario.run_for(Duration::seconds(20000));
    EXPECT_LE(alike.node->log().count("Selected source"), 2u) << alike.report();

    // The way to the one that is selected becomes 20 ms long.
    const std::size_t selected = alike.status(1) == SourceStatus::Selected ? 1 : 2;
    Link far = usual_link();
    far.delay = Duration::millis(10);
    alike.scenario.network().set_link("client", "server" + std::to_string(selected), far);
    alike.scenario.run_for(Duration::seconds(5000));
    EXPECT_EQ(alike.status(3 - selected), SourceStatus::Selected) << alike.report();
    EXPECT_LE(abs(alike.node->clock_error()), Duration::millis(1)) << alike.report();
  }
}

}  // namespace
}  // namespace timed::sim
