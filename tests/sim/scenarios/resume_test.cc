// The machine sleeps, or its clock stands still: told once, and time is right again.  With resumestep it is stepped.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr char kSource[] = "server 10.0.0.1 iburst minpoll 4 maxpoll 6\nmakestep 1 3\n";

struct Machine1 {
  Machine1(std::uint64_t seed, const std::string& more) : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), kSource + more);
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

TEST(Resume, ThePermittedStepIsMadeAfterASleepOfAnHour) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const double error_s : {-2.5, 1.7}) {
      Machine1 machine(seed, "resumestep 0.1\n");
      machine.node->clock().suspend(Duration::seconds(3600), Duration::seconds(error_s));
      machine.scenario.run_for(Duration::seconds(3600 + 40));
      EXPECT_EQ(machine.node->log().count("Forward time jump detected!"), 1u) << machine.report();
      ASSERT_EQ(machine.node->clock().steps().size(), 1u) << machine.report();
      EXPECT_NEAR(machine.node->clock().steps()[0].to_seconds(), -error_s, 0.2) << machine.report();
      EXPECT_LE(abs(machine.node->clock_error()), Duration::millis(20)) << machine.report();
      // Once: what comes later is slewed again.
      machine.scenario.run_for(Duration::seconds(600));
      EXPECT_EQ(machine.node->clock().steps().size(), 1u) << machine.report();
      EXPECT_LE(abs(machine.node->clock_error()), Duration::millis(1)) << machine.report();
    }
  }
}

TEST(Resume, WithoutTheDirectiveItIsSlewed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Machine1 machine(seed, "");
    machine.node->clock().suspend(Duration::seconds(3600), Duration::seconds(-2.5));
    machine.scenario.run_for(Duration::seconds(3600 + 1000));
    EXPECT_EQ(machine.node->log().count("Forward time jump detected!"), 1u) << machine.report();
    EXPECT_TRUE(machine.node->clock().steps().empty()) << machine.report();
    EXPECT_LE(abs(machine.node->clock_error()), Duration::millis(2)) << machine.report();
  }
}

// A machine without a clock that runs while it sleeps: its time does not jump at all.
TEST(Resume, ASleepThatTheClockDoesNotShowIsNoticedToo) {
  Machine1 machine(1, "resumestep 0.1\n");
  machine.node->clock().suspend(Duration::seconds(3600), Duration::seconds(-3600));
  machine.scenario.run_for(Duration::seconds(3600 + 40));
  EXPECT_EQ(machine.node->log().count("Machine was asleep for 3600 seconds"), 1u) << machine.report();
  ASSERT_EQ(machine.node->clock().steps().size(), 1u) << machine.report();
  EXPECT_NEAR(machine.node->clock().steps()[0].to_seconds(), 3600, 0.2) << machine.report();
}

// It wakes up elsewhere, where the name stands for another server.
TEST(Resume, NamesAreLookedUpAgain) {
  for (const bool with : {true, false}) {
    Scenario scenario(3);
    scenario.names().set("ntp.test", addresses({"10.0.0.1"}));
    scenario.add_server("here", {"10.0.0.1"});
    scenario.add_server("there", {"10.0.0.3"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                              std::string("server ntp.test minpoll 4\n") + (with ? "resumestep 0.1\n" : ""));
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
    scenario.names().set("ntp.test", addresses({"10.0.0.3"}));
    scenario.network().set_cut_off("here", true);
    node.clock().suspend(Duration::seconds(3600), Duration::seconds(-2.5));
    scenario.run_for(Duration::seconds(3600 + 60));
    EXPECT_EQ(node.log().count("Source 10.0.0.1 replaced with 10.0.0.3 (ntp.test)"), with ? 1u : 0u)
        << scenario.report(node);
    EXPECT_EQ(abs(node.clock_error()) <= Duration::millis(20), with) << scenario.report(node);
  }
}

TEST(Resume, AStepByOthersIsSteppedBack) {
  for (const double jump_s : {3600.0, -50.0}) {
    Machine1 machine(2, "resumestep 0.1 2\n");
    machine.node->clock().disturb(Duration::seconds(jump_s));
    machine.scenario.run_for(Duration::seconds(100));
    ASSERT_EQ(machine.node->clock().steps().size(), 1u) << machine.report();
    EXPECT_LE(abs(machine.node->clock_error()), Duration::millis(20)) << machine.report();
  }
}

TEST(ClockStopped, IsToldOnceAndSurvived) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Machine1 machine(seed, "resumestep 0.1\n");
    machine.node->clock().hold(true);
    machine.scenario.run_for(Duration::seconds(500));
    EXPECT_EQ(machine.node->log().count("System clock stands still!"), 1u) << machine.report();
    // A clock that has begun to stand looks like one that was set back, until it is looked at again.
    EXPECT_LE(machine.node->log().count("Backward time jump detected!"), 1u) << machine.report();
    EXPECT_LE(machine.node->log().count("Out of order sample"), 1u) << machine.report();
    machine.node->clock().hold(false);
    machine.scenario.run_for(Duration::seconds(600));
    EXPECT_EQ(machine.node->log().count("System clock stands still!"), 1u) << machine.report();
    EXPECT_EQ(machine.node->log().count("System clock runs again"), 1u) << machine.report();
    EXPECT_FALSE(machine.node->log().contains("exceeds allowed maximum")) << machine.report();
    EXPECT_LE(abs(machine.node->clock_error()), Duration::millis(2)) << machine.report();
  }
}

}  // namespace
}  // namespace timed::sim
