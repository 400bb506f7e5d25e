// The extension field F323: a server says how its own time has been moved, so that its steps are not taken for a
// frequency by those that follow it.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

// A server is moved to and fro.  What a client is off once it has asked four times since, in the root mean square.
Duration error_behind_a_moving_server(std::uint64_t seed, const std::string& options, Duration moved,
                                      const std::string& estimator = "regression") {
  Scenario scenario(seed);
  Node& server = scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                            "server 10.0.0.1 iburst minpoll 4 maxpoll 4 " + options + "\nestimator " + estimator + "\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  double sum_s2 = 0.0;
  constexpr int kMoves = 20, kSecondsEach = 150, kFourPolls_s = 64;
  for (int i = 0; i < kMoves; ++i) {
    const Duration there = i % 2 == 0 ? moved : Duration::zero();
    const control::DoffsetRequest move{i % 2 == 0 ? moved : -moved};
    EXPECT_TRUE(server.ask<std::monostate>(control::ClockRequest(move)).has_value());
    scenario.run_for(Duration::seconds(kFourPolls_s));
    for (int s = kFourPolls_s; s < kSecondsEach; ++s) {
      scenario.run_for(Duration::seconds(1));
      const double error_s = (node.clock_error() - there).to_seconds();
      sum_s2 += error_s * error_s;
    }
  }
  return Duration::seconds(std::sqrt(sum_s2 / (kMoves * (kSecondsEach - kFourPolls_s))));
}

TEST(MonotonicField, StepsOfTheServerAreFollowedAtOnceAndAreNoFrequency) {
  for (const Duration moved : {Duration::micros(500), Duration::millis(2), Duration::millis(10)}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const Duration without = error_behind_a_moving_server(seed, "", moved);
      const Duration with = error_behind_a_moving_server(seed, "extfield F323", moved);
      EXPECT_LE(with, Duration::micros(30)) << seed;
      EXPECT_LE(error_behind_a_moving_server(seed, "extfield F323", moved, "bayes"), Duration::micros(30)) << seed;
      EXPECT_GE(without, Duration::micros(80)) << seed;
    }
  }
}

}  // namespace
}  // namespace timed::sim
