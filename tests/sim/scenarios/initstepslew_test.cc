// initstepslew: the clock is set from a few hosts before the daemon is ready and its own sources are asked.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

ClockModel clock_off_by(double seconds) {
  ClockModel clock = usual_clock();
  clock.start_error = Duration::seconds(seconds);
  return clock;
}

struct Start {
  Start(std::uint64_t seed, double error_s, const std::string& config) : scenario(seed) {
    scenario.add_server("first", {"10.0.0.1"});
    scenario.add_server("second", {"10.0.0.3"});
    scenario.start_all();
    scenario.names().set("first.name", addresses({"10.0.0.1", "10.0.0.9"}));
    node = &scenario.add("client", {"10.0.0.2"}, clock_off_by(error_s), config);
  }
  bool ready() {
    const auto& told = node->machine().host().notified();
    return std::find(told.begin(), told.end(), "READY=1") != told.end();
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

TEST(InitStepSlew, NamesTheHostThatIsNotFoundAndAsksTheOthers) {
  Start start(6, 12.0, "initstepslew 10 nowhere.name first.name\nserver 10.0.0.3 iburst\n");
  start.scenario.start_all();
  ASSERT_TRUE(start.scenario.world().run_until_true([&] { return !start.node->clock().steps().empty(); },
                                                    Duration::seconds(20), Duration::millis(100)))
      << start.report();
  EXPECT_EQ(start.node->log().count("Could not resolve address of initstepslew server nowhere.name"), 1u)
      << start.report();
}

TEST(InitStepSlew, StepsALargeOffsetBeforeTheDaemonIsReady) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const double error_s : {-300.0, 12.0}) {
      Start start(seed, error_s, "initstepslew 10 first.name 10.0.0.9\nserver 10.0.0.3 iburst\n");
      start.scenario.start_all();
      ASSERT_TRUE(start.scenario.world().run_until_true([&] { return !start.node->clock().steps().empty(); },
                                                        Duration::seconds(20), Duration::millis(100)))
          << start.report();
      EXPECT_TRUE(start.node->log().contains(error_s < 0 ? "System's initial offset : 300.0"
                                                         : "System's initial offset : 12.0") ||
                  start.node->log().contains(error_s < 0 ? "System's initial offset : 299.9"
                                                         : "System's initial offset : 11.9"))
          << start.report();
      EXPECT_TRUE(
          start.node->log().contains(error_s < 0 ? "seconds slow of true (step)" : "seconds fast of true (step)"))
          << start.report();
      EXPECT_FALSE(start.ready());
      EXPECT_FALSE(source_report(*start.node, "10.0.0.3").has_value());
      EXPECT_TRUE(source_report(*start.node, "10.0.0.1").has_value());
      start.scenario.run_for(Duration::seconds(1.8));
      EXPECT_FALSE(start.ready());
      start.scenario.run_for(Duration::seconds(0.3));
      EXPECT_TRUE(start.ready()) << start.report();
      EXPECT_TRUE(source_report(*start.node, "10.0.0.3").has_value());
      EXPECT_FALSE(source_report(*start.node, "10.0.0.1").has_value());
      start.scenario.run_for(Duration::seconds(60));
      EXPECT_TRUE(start.node->log().contains("Selected source 10.0.0.3")) << start.report();
      EXPECT_EQ(start.node->clock().steps().size(), 1u) << start.report();
      EXPECT_LE(abs(start.node->clock_error()), Duration::millis(5)) << start.report();
    }
  }
}

TEST(InitStepSlew, SlewsASmallOffset) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Start start(seed, 0.5, "initstepslew 10 10.0.0.1\nserver 10.0.0.3 iburst\n");
    start.scenario.start_all();
    start.scenario.run_for(Duration::seconds(60));
    EXPECT_TRUE(start.node->log().contains("seconds fast of true (slew)")) << start.report();
    EXPECT_TRUE(start.node->clock().steps().empty()) << start.report();
    EXPECT_LE(abs(start.node->clock_error()), Duration::millis(5)) << start.report();
    EXPECT_TRUE(start.ready());
  }
}

TEST(InitStepSlew, WithoutAnAnswerTheDaemonGoesOn) {
  for (const std::string hosts : {" 10.0.0.9", " no.such.name", ""}) {
    Start start(1, 0.01, "initstepslew 10" + hosts + "\nserver 10.0.0.3 iburst\n");
    start.scenario.start_all();
    start.scenario.run_for(Duration::seconds(60));
    EXPECT_EQ(start.node->log().count("No suitable source for initstepslew"), 1u) << start.report();
    EXPECT_TRUE(start.ready()) << start.report();
    EXPECT_TRUE(start.node->log().contains("Selected source 10.0.0.3")) << start.report();
  }
}

TEST(InitStepSlew, IsNotForARestart) {
  Start start(1, 100, "initstepslew 10 10.0.0.1\nserver 10.0.0.3 iburst\n");
  start.node->set_options({"-R"});
  start.scenario.start_all();
  EXPECT_TRUE(start.ready());
  start.scenario.run_for(Duration::seconds(60));
  EXPECT_TRUE(start.node->clock().steps().empty()) << start.report();
  EXPECT_FALSE(start.node->log().contains("initial offset")) << start.report();
}

TEST(InitStepSlew, TakesThePlaceOfAllSourcesOfASingleRun) {
  for (const std::string_view option : {"-q", "-Q"}) {
    Start start(1, 0.5, "initstepslew 10 10.0.0.1\nserver 10.0.0.9 iburst\n");
    start.node->set_options({option});
    start.scenario.start_all();
    start.scenario.run_for(Duration::seconds(20));
    EXPECT_EQ(start.node->exit_status(), 0) << start.report();
    EXPECT_EQ(start.node->clock().steps().size(), option == "-q" ? 1u : 0u) << start.report();
    EXPECT_TRUE(start.node->log().contains(option == "-q" ? "seconds (step)" : "seconds (ignored)")) << start.report();
  }
  Start start(1, 0.5, "initstepslew 10 10.0.0.9\nserver 10.0.0.3 iburst\n");
  start.node->set_options({"-q"});
  start.scenario.start_all();
  start.scenario.run_for(Duration::seconds(20));
  EXPECT_EQ(start.node->exit_status(), 1) << start.report();
  EXPECT_TRUE(start.node->log().contains("No suitable source for synchronisation")) << start.report();
}

}  // namespace
}  // namespace timed::sim
