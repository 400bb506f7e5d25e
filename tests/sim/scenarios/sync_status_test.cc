// What the kernel is told of the clock, and others read there: error bounds whenever it is synchronised, and the end of
// STA_UNSYNC, which systemd-time-wait-sync waits for, with rtcsync alone.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr std::int64_t kWorst_us = 16'000'000;

struct Told {
  Told(std::uint64_t seed, const std::string& config) : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 6\n" + config + "\n");
    scenario.start_all();
  }
  env::KernelSync sync() { return node->clock().kernel_sync(); }
  std::int64_t error_us() { return std::abs(static_cast<std::int64_t>(node->clock_error().to_seconds() * 1e6)); }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

TEST(SyncStatus, BoundsAreSetWheneverSynchronisedAndHold) {
  for (const char* config : {"", "rtcsync"}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      Told told(seed, config);
      EXPECT_EQ(told.sync().maxerror_us, kWorst_us) << told.report();
      EXPECT_EQ(told.sync().esterror_us, kWorst_us) << told.report();
      told.scenario.run_for(Duration::seconds(20));
      for (int i = 0; i < 2000; ++i) {
        told.scenario.run_for(Duration::seconds(1));
        // What is being slewed is a part of it.
        ASSERT_GE(told.sync().maxerror_us, told.error_us()) << told.report();
        ASSERT_LT(told.sync().maxerror_us, kWorst_us) << told.report();
      }
      EXPECT_LE(told.sync().maxerror_us, 50'000) << told.report();
      EXPECT_LE(told.sync().esterror_us, 1000) << told.report();
    }
  }
}

TEST(SyncStatus, OnlyWithRtcsyncWhoWaitsForItGoesOn) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) {
    Told with(seed, "rtcsync"), without(seed, "");
    EXPECT_TRUE(with.sync().unsynchronised) << with.report();
    with.scenario.run_for(Duration::seconds(20));
    EXPECT_FALSE(with.sync().unsynchronised) << with.report();
    without.scenario.run_for(Duration::seconds(2000));
    EXPECT_TRUE(without.sync().unsynchronised) << without.report();
  }
}

TEST(SyncStatus, ALossOfSynchronisationIsTold) {
  for (std::uint64_t seed = 7; seed <= 9; ++seed) {
    Told told(seed, "rtcsync");
    told.scenario.run_for(Duration::seconds(500));
    // Set by somebody else.
    told.node->clock().disturb(Duration::seconds(100));
    told.scenario.network().set_cut_off("server", true);
    told.scenario.run_for(Duration::seconds(100));
    EXPECT_TRUE(told.sync().unsynchronised) << told.report();
    EXPECT_EQ(told.sync().maxerror_us, kWorst_us) << told.report();
    told.scenario.network().set_cut_off("server", false);
    told.scenario.run_for(Duration::seconds(2000));
    EXPECT_FALSE(told.sync().unsynchronised) << told.report();
    EXPECT_GE(told.sync().maxerror_us, told.error_us()) << told.report();
  }
}

TEST(SyncStatus, WithoutAnUpdateTheKernelGivesUpItself) {
  Told told(10, "rtcsync");
  told.scenario.run_for(Duration::seconds(500));
  told.scenario.network().set_cut_off("server", true);
  told.scenario.run_for(Duration::seconds(20'000));
  EXPECT_FALSE(told.sync().unsynchronised) << told.report();
  told.scenario.run_for(Duration::seconds(20'000));
  EXPECT_TRUE(told.sync().unsynchronised) << told.report();
}

}  // namespace
}  // namespace timed::sim
