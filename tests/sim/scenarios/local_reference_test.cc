// The directive local: what must be there, or be away for how long, before a daemon serves its own time.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr int kOwnStratum = 10;

// A client of one server, which it may lose.
struct Lonely {
  Lonely(std::uint64_t seed, const std::string& local_options, bool with_source = true) : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    const std::string source = with_source ? "server 10.0.0.1 iburst minpoll 4 maxpoll 5\n" : "";
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), source + "allow\nlocal " + local_options + "\n");
  }
  void start(bool reachable) {
    reach(reachable);
    scenario.start_all();
  }
  void reach(bool reachable) { scenario.network().set_cut_off("server", !reachable); }
  int stratum_after(double seconds) {
    scenario.run_for(Duration::seconds(seconds));
    const auto tracking = node->ask<control::TrackingReply>(control::TrackingRequest{});
    EXPECT_TRUE(tracking.has_value());
    return tracking ? tracking->stratum : -1;
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

TEST(LocalReference, WithActivateWaitsForAGoodSource) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Lonely lonely(seed, "distance 0.001 activate 0.01");
    lonely.start(false);
    EXPECT_EQ(lonely.stratum_after(5000), 0) << lonely.report();
    lonely.reach(true);
    EXPECT_EQ(lonely.stratum_after(500), 2) << lonely.report();
    lonely.reach(false);
    EXPECT_EQ(lonely.stratum_after(8000), kOwnStratum) << lonely.report();
  }
}

TEST(LocalReference, IsNotActivatedByASourceThatIsFarther) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) {
    Lonely lonely(seed, "distance 0.001 activate 0.00001");
    lonely.start(true);
    EXPECT_EQ(lonely.stratum_after(500), 2) << lonely.report();
    lonely.reach(false);
    EXPECT_EQ(lonely.stratum_after(8000), 2) << lonely.report();
  }
}

TEST(LocalReference, WithWaitsyncedWaitsSoLongAfterTheLastUpdate) {
  for (std::uint64_t seed = 7; seed <= 9; ++seed) {
    // No distance is good enough.
    Lonely patient(seed, "distance 0.00001 waitsynced 1000");
    patient.start(true);
    EXPECT_EQ(patient.stratum_after(500), 2) << patient.report();
    patient.reach(false);
    EXPECT_EQ(patient.stratum_after(950), 2) << patient.report();
    EXPECT_EQ(patient.stratum_after(100), kOwnStratum) << patient.report();
    patient.reach(true);
    EXPECT_EQ(patient.stratum_after(500), 2) << patient.report();

    Lonely impatient(seed, "distance 0.00001");
    impatient.start(true);
    EXPECT_EQ(impatient.stratum_after(500), kOwnStratum) << impatient.report();
  }
}

TEST(LocalReference, WithWaitunsyncedWaitsSoLongWithoutSynchronisation) {
  const std::pair<const char*, double> cases[] = {
      {"waitunsynced 600", 600}, {"orphan", 300}, {"orphan waitunsynced 50", 50}};
  for (const auto& [options, wait] : cases) {
    for (std::uint64_t seed = 10; seed <= 12; ++seed) {
      for (const bool with_source : {false, true}) {
        Lonely lonely(seed, options, with_source);
        lonely.start(false);
        EXPECT_EQ(lonely.stratum_after(wait - 2), 0) << options << lonely.report();
        EXPECT_EQ(lonely.stratum_after(4), kOwnStratum) << options << lonely.report();
      }
    }
  }
  Lonely at_once(13, "");
  at_once.start(false);
  EXPECT_EQ(at_once.stratum_after(1), kOwnStratum) << at_once.report();
}

}  // namespace
}  // namespace timed::sim
