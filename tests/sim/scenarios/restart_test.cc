// What a daemon leaves behind when it ends, and what the next one makes of it.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(Restart, TheDriftFileSavesTheFrequency) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node =
        scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\ndriftfile /var/lib/timed/drift\n");
    node.files().put("/var/lib/timed/.keep", "");
    scenario.start_all();
    scenario.run_for(Duration::seconds(4000));
    node.stop();
    EXPECT_TRUE(node.log().contains("timed exiting")) << scenario.report(node);
    ASSERT_TRUE(node.files().exists("/var/lib/timed/drift")) << scenario.report(node);
    // chrony's sign: what the clock gains, in ppm.
    const double ppm = std::stod(*node.files().read("/var/lib/timed/drift"));
    EXPECT_NEAR(ppm, 100.0, 1.0) << "the file says what the bare clock is wrong by, with chrony's sign";

    // As after a reboot, where the kernel has forgotten.
    ASSERT_TRUE(node.clock().set_frequency(Frequency::zero()).ok());
    scenario.network().set_cut_off("server", true);
    scenario.start_all();
    scenario.run_for(Duration::seconds(10));
    EXPECT_NEAR(node.frequency_error().to_ppm(), 0.0, 1.0) << scenario.report(node);
    EXPECT_TRUE(node.log().contains("ppm read from /var/lib/timed/drift")) << scenario.report(node);
  }
}

// Three samples of a burst leave the frequency open by hundreds of ppm, which the file knows.
TEST(Restart, ABurstDoesNotUndoTheDriftFile) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    ClockModel clock = usual_clock();
    clock.start_error = Duration::zero();
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 iburst\ndriftfile /drift\n");
    node.files().put("/drift", "100.0 0.05\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(303), Duration::seconds(3));
    EXPECT_LE(result.max_error, Duration::micros(400)) << scenario.report(node);
    EXPECT_LE(abs(node.frequency_error()), Frequency::ppm(5)) << scenario.report(node);
  }
}

// Nor what an earlier source has told.
TEST(Restart, ABurstOfANewSourceDoesNotUndoWhatIsKnown) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("old", {"10.0.0.1"});
    scenario.add_server("new", {"10.0.0.3"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                              "server 10.0.0.1 iburst\nserver 10.0.0.3 iburst offline prefer\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(20000));
    ASSERT_TRUE(node.ask<std::monostate>(control::OnlineRequest{}).has_value());
    const Performance result = measure(scenario.world(), node, Duration::seconds(120), Duration::zero());
    EXPECT_LE(result.max_frequency_error, Frequency::ppm(22)) << scenario.report(node);
    EXPECT_LE(result.rms_frequency_error, Frequency::ppm(4)) << scenario.report(node);
  }
}

// Zero says nothing of the frequency, but the skew holds.
TEST(Restart, ADriftFileOfZeroLeavesTheKernelsFrequency) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    ClockModel clock = usual_clock();
    clock.start_correction = Frequency::ppm(-100);
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "driftfile /drift\n");
    node.files().put("/drift", "0.0 5.0\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(10));
    node.stop();
    EXPECT_TRUE(node.log().contains("Initial frequency 100.000 ppm")) << scenario.report(node);
    EXPECT_EQ(*node.files().read("/drift"), "          100.000000             5.000000\n");
  }
}

TEST(Restart, WithoutADriftFileTheKernelRemembers) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(4000));
    node.crash();
    const Frequency left = node.frequency_error();
    scenario.network().set_cut_off("server", true);
    scenario.start_all();
    scenario.run_for(Duration::seconds(100));
    EXPECT_NEAR(node.frequency_error().to_ppm(), left.to_ppm(), 0.1) << scenario.report(node);
    EXPECT_TRUE(node.log().contains("Initial frequency ")) << scenario.report(node);
  }
}

// A machine without a real-time clock comes up in the past; with -s it is at least as late as when it went down.
TEST(Restart, TheDriftFileSavesTheTimeWhereAsked) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const bool asked : {true, false}) {
      Scenario scenario(seed);
      Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "driftfile /drift\n");
      if (asked) node.set_options({"-s"});
      scenario.start_all();
      scenario.run_for(Duration::seconds(100));
      node.stop();
      node.clock().disturb(Duration::seconds(-86400));
      scenario.start_all();
      scenario.run_for(Duration::seconds(10));
      EXPECT_EQ(node.log().count("System time restored from driftfile"), asked ? 1u : 0u) << scenario.report(node);
      EXPECT_EQ(node.log().count("Could not open RTC device /dev/rtc : No such file or directory"), asked ? 2u : 0u)
          << scenario.report(node) << "once a start";
      EXPECT_EQ(abs(node.clock_error()) < Duration::seconds(1), asked) << scenario.report(node);
      EXPECT_FALSE(node.log().contains("time jump detected")) << scenario.report(node);
    }
  }
}

// The RTC went on while the machine was off.
TEST(Restart, TheRealTimeClockSetsTheClockWhereAsked) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const double clock_wrong_s : {-86400.0, 5000.0, 0.2}) {
      for (const bool utc : {true, false}) {
        Scenario scenario(seed);
        const std::string config = std::string("driftfile /drift\nrtcdevice /dev/rtc1\n") + (utc ? "rtconutc\n" : "");
        Node& node = scenario.add("client", {"10.0.0.2"}, {}, config);
        node.machine().host().fit_rtc(Duration::seconds(utc ? 0 : 3600));
        node.set_options({"-s"});
        node.files().put("/drift", "0 1\n");
        scenario.run_for(Duration::seconds(5000.7));
        node.clock().disturb(Duration::seconds(clock_wrong_s));
        scenario.start_all();
        const bool set = std::abs(clock_wrong_s) > 1.5;
        EXPECT_EQ(node.log().count("System time set from RTC"), set ? 1u : 0u) << scenario.report(node);
        EXPECT_EQ(node.log().lines().size(), set ? 2u : 1u) << scenario.report(node);
        EXPECT_LE(abs(node.clock_error()), Duration::seconds(1.5)) << scenario.report(node);
        EXPECT_EQ(node.clock().steps().size(), set ? 1u : 0u);
        scenario.run_for(Duration::seconds(10));
        EXPECT_FALSE(node.log().contains("time jump detected")) << scenario.report(node);
      }
    }
  }
}

TEST(Restart, ARealTimeClockThatHasForgottenTheTimeIsNotBelieved) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    Node& node = scenario.add("client", {"10.0.0.2"}, {}, "driftfile /drift\nrtconutc\n");
    node.machine().host().fit_rtc(Duration::seconds(-30.0 * 365 * 86400));
    node.set_options({"-s"});
    node.files().put("/drift", "0 1\n");
    node.clock().disturb(Duration::seconds(-86400));
    scenario.start_all();
    EXPECT_EQ(node.log().count("RTC time before last driftfile modification (ignored)"), 1u) << scenario.report(node);
    EXPECT_EQ(node.log().count("System time restored from driftfile"), 1u) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
  }
}

TEST(Restart, AWrongConfigurationIsRefusedInChronysWords) {
  Scenario scenario(3);
  Node& node = scenario.add("client", {"10.0.0.2"}, {}, "server 10.0.0.1 minpol 4\n");
  const Status status = node.start();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(node.running());
  EXPECT_TRUE(node.log().contains("at line 1 in file timed.conf")) << scenario.report(node);
}

TEST(Restart, NotAllowedToSteerItOnlyWatches) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    ClockModel clock = usual_clock();
    clock.may_steer = false;
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 iburst\nmakestep 0.01 1\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
    EXPECT_TRUE(node.log().contains("Disabled control of system clock")) << scenario.report(node);
    EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
    EXPECT_EQ(node.clock().frequency_changes(), 0u);
    EXPECT_TRUE(node.clock().steps().empty());
  }
}

}  // namespace
}  // namespace timed::sim
