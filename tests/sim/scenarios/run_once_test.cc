// -q sets the clock once and -Q measures it once; both end by themselves, and -t ends any run.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

ClockModel clock_ahead(Duration by) {
  ClockModel clock = usual_clock();
  clock.start_error = by;
  return clock;
}

class TimedRun {
 public:
  TimedRun(std::uint64_t seed, const std::vector<std::string_view>& options, const std::string& config,
           Duration error = Duration::seconds(-1000))
      : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    scenario.start_all();
    node = &scenario.add("client", {"10.0.0.2"}, clock_ahead(error), config);
    node->set_options(options);
    scenario.start_all();
  }
  // Seconds until it ended by itself, at most 200.
  double ends_after() {
    const Duration begin = scenario.world().elapsed();
    scenario.world().run_until_true([this] { return !node->running(); }, Duration::seconds(200), Duration::millis(100));
    return (scenario.world().elapsed() - begin).to_seconds();
  }
  std::string report() { return scenario.report(*node); }
  bool told(std::string_view text) { return node->log().contains(text); }

  Scenario scenario;
  Node* node;
};

TEST(RunOnce, SettingStepsTheClockOnceAndEnds) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const double error_s : {-1000.0, 0.02}) {
      TimedRun run(seed, {"-q"}, "server 10.0.0.1 iburst\n", Duration::seconds(error_s));
      EXPECT_LE(run.ends_after(), 10.0) << run.report();
      EXPECT_EQ(run.node->exit_status(), 0) << run.report();
      ASSERT_EQ(run.node->clock().steps().size(), 1u) << run.report();
      EXPECT_NEAR(run.node->clock().steps()[0].to_seconds(), -error_s, 2e-3);
      EXPECT_LE(abs(run.node->clock_error()), Duration::millis(2)) << run.report();
      EXPECT_TRUE(run.told("System clock wrong by ")) << run.report();
      EXPECT_TRUE(run.told(" seconds (step)")) << run.report();
      EXPECT_FALSE(run.told("Selected source") || run.told("was stepped")) << run.report();
      EXPECT_EQ(run.node->machine().host().notified(), (std::vector<std::string>{"READY=1", "STOPPING=1"}));
    }
  }
}

TEST(RunOnce, OneSampleIsEnoughWhereItIsAskedFor) {
  TimedRun run(6, {"-q"}, "server 10.0.0.1 iburst maxsamples 1\n");
  EXPECT_LE(run.ends_after(), 1.0) << run.report();
  EXPECT_EQ(run.node->exit_status(), 0) << run.report();
}

TEST(RunOnce, MeasuringTouchesNothing) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    TimedRun run(seed, {"-Q"}, "server 10.0.0.1 iburst\nallow\ndriftfile /drift\n");
    EXPECT_LE(run.ends_after(), 10.0) << run.report();
    EXPECT_EQ(run.node->exit_status(), 0) << run.report();
    EXPECT_TRUE(run.node->clock().steps().empty());
    EXPECT_EQ(run.node->clock().frequency_changes(), 0u);
    EXPECT_TRUE(run.told("System clock wrong by 999.99") || run.told("System clock wrong by 1000.00")) << run.report();
    EXPECT_TRUE(run.told(" seconds (ignored)")) << run.report();
    EXPECT_FALSE(run.node->files().exists("/drift")) << run.report();
  }
}

TEST(RunOnce, AStepThatIsRefusedIsToldAndNoFailure) {
  TimedRun run(1, {"-q", "-x"}, "server 10.0.0.1 iburst\n");
  EXPECT_LE(run.ends_after(), 10.0) << run.report();
  EXPECT_EQ(run.node->exit_status(), 0) << run.report();
  EXPECT_TRUE(run.told(" seconds (step)")) << run.report();
  EXPECT_TRUE(run.told("Could not step system clock")) << run.report();
  EXPECT_TRUE(run.node->clock().steps().empty());
}

TEST(RunOnce, WithoutASourceThatAnswersItFailsSoon) {
  for (const std::string_view option : {"-q", "-Q"}) {
    TimedRun run(1, {option}, "server 10.0.0.9 iburst\n");
    const double seconds = run.ends_after();
    EXPECT_GE(seconds, 4.0) << run.report();
    EXPECT_LE(seconds, 15.0) << run.report();
    EXPECT_EQ(run.node->exit_status(), 1) << run.report();
    EXPECT_EQ(run.node->log().count("No suitable source for synchronisation"), 1u) << run.report();
    EXPECT_FALSE(run.told("Can't synchronise")) << run.report();
  }
}

TEST(RunOnce, WithoutASourceItFailsAtOnce) {
  for (const std::string config : {"", "server 10.0.0.1 iburst offline\n"}) {
    TimedRun run(1, {"-q"}, config);
    EXPECT_LE(run.ends_after(), 0.3) << config << run.report();
    EXPECT_EQ(run.node->exit_status(), 1) << run.report();
    EXPECT_TRUE(run.told("No suitable source for synchronisation")) << run.report();
  }
}

// A name takes a while; the sources that are there must not be given up because of it, nor it because of them.
TEST(RunOnce, NamesAreWaitedFor) {
  TimedRun run(1, {"-q"}, "");
  run.scenario.names().set("the.server", addresses({"10.0.0.1"}));
  run.scenario.names().set_delay(Duration::seconds(40));
  run.scenario.run_for(Duration::seconds(1));
  ASSERT_FALSE(run.node->running());
  run.node->set_config("server 10.0.0.9 iburst\nserver the.server iburst\n");
  run.scenario.start_all();
  EXPECT_GE(run.ends_after(), 40.0) << run.report();
  EXPECT_EQ(run.node->exit_status(), 0) << run.report();
}

// At boot the resolver is often late.  chronyd waits too, also beside a server that is dead.
TEST(RunOnce, ANameThatHasNoAddressYetIsAskedForAgain) {
  for (const std::string beside : {"", "server 10.0.0.9 iburst\n"}) {
    TimedRun run(1, {"-q"}, "server the.server iburst\n" + beside);
    run.scenario.run_for(Duration::seconds(60));
    ASSERT_TRUE(run.node->running()) << run.report();
    run.scenario.names().set("the.server", addresses({"10.0.0.1"}));
    EXPECT_LE(run.ends_after(), 200.0) << run.report();
    EXPECT_EQ(run.node->exit_status(), 0) << run.report();
  }
}

TEST(RunOnce, ATimeoutEndsTheWaitForANameThatIsNone) {
  TimedRun run(1, {"-q", "-t", "50"}, "server no.such.name iburst\n");
  EXPECT_NEAR(run.ends_after(), 50.0, 1.0) << run.report();
  EXPECT_EQ(run.node->exit_status(), 1) << run.report();
}

// The burst ends with four good samples each, so that the rest of the seven polls takes its time, as in chrony.
TEST(RunOnce, FalsetickersAloneAreNoSource) {
  Scenario scenario(3);
  scenario.add_server("one", {"10.0.0.1"});
  scenario.add("two", {"10.0.0.3"}, clock_ahead(Duration::seconds(100)), "local stratum 1\nallow\n");
  scenario.start_all();
  Node& node =
      scenario.add("client", {"10.0.0.2"}, {}, "server 10.0.0.1 iburst\nserver 10.0.0.3 iburst\nminsources 2\n");
  node.set_options({"-q"});
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  EXPECT_FALSE(node.running()) << scenario.report(node);
  EXPECT_EQ(node.exit_status(), 1) << scenario.report(node);
  EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
}

// A server of our own kind, that says of itself that it follows us, is good enough for a clock that nobody asks.
TEST(RunOnce, OrphanServersAreTaken) {
  Scenario scenario(4);
  scenario.add_server("server", {"10.0.0.1"}, "local stratum 10 orphan\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(400));
  Node& node = scenario.add("client", {"10.0.0.2"}, clock_ahead(Duration::seconds(5)),
                            "server 10.0.0.1 iburst\nlocal stratum 10 orphan\nallow\n");
  node.set_options({"-q"});
  scenario.start_all();
  scenario.run_for(Duration::seconds(30));
  EXPECT_EQ(node.exit_status(), 0) << scenario.report(node);
  EXPECT_EQ(node.clock().steps().size(), 1u) << scenario.report(node);
}

TEST(Timeout, EndsARunWithTheStatusOfTheClock) {
  TimedRun synchronised(1, {"-t", "60"}, "server 10.0.0.1 iburst\nmakestep 1 -1\n");
  EXPECT_NEAR(synchronised.ends_after(), 60.0, 0.2) << synchronised.report();
  EXPECT_EQ(synchronised.node->exit_status(), 0) << synchronised.report();
  EXPECT_EQ(synchronised.node->log().count("Timeout reached"), 1u) << synchronised.report();
}

TEST(Timeout, IsAFailureWhileNotSynchronised) {
  TimedRun run(1, {"-t", "20"}, "server 10.0.0.9 iburst\n");
  EXPECT_NEAR(run.ends_after(), 20.0, 0.2) << run.report();
  EXPECT_EQ(run.node->exit_status(), 1) << run.report();
  EXPECT_TRUE(run.told("Timeout reached")) << run.report();
}

TEST(Timeout, WithALocalReferenceThereIsATimeToGive) {
  TimedRun run(1, {"-t", "0"}, "server 10.0.0.9 iburst\nlocal stratum 8\nallow\n");
  EXPECT_LE(run.ends_after(), 0.2) << run.report();
  EXPECT_EQ(run.node->exit_status(), 0) << run.report();
}

TEST(Timeout, EndsSettingOnceToo) {
  TimedRun run(1, {"-q", "-t", "2"}, "server 10.0.0.9 iburst\n");
  EXPECT_NEAR(run.ends_after(), 2.0, 0.2) << run.report();
  EXPECT_EQ(run.node->exit_status(), 1) << run.report();
}

}  // namespace
}  // namespace timed::sim
