// Somebody else steps the clock: it is told once, everything measured before is forgotten, and time is right again.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(ExternalStep, IsNoticedToldAndSurvived) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const double jump_s : {3600.0, -86400.0}) {
      Scenario scenario(seed);
      scenario.add_server("server", {"10.0.0.1"});
      Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                                "server 10.0.0.1 iburst minpoll 4 maxpoll 6\nmakestep 1.0 -1\n");
      scenario.start_all();
      scenario.run_for(Duration::seconds(500));
      ASSERT_FALSE(node.log().contains("time jump detected!")) << scenario.report(node);
      node.clock().disturb(Duration::seconds(jump_s));
      scenario.run_for(Duration::seconds(300));
      const char* message = jump_s > 0 ? "Forward time jump detected!" : "Backward time jump detected!";
      EXPECT_EQ(node.log().count(message), 1u) << scenario.report(node);
      EXPECT_EQ(node.log().count("time jump detected!"), 1u) << scenario.report(node);
      ASSERT_EQ(node.clock().steps().size(), 1u) << scenario.report(node);
      EXPECT_NEAR(node.clock().steps()[0].to_seconds(), -jump_s, 0.1) << scenario.report(node);
      EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
      const Performance after = measure(scenario.world(), node, Duration::seconds(3000), Duration::seconds(300));
      ASSERT_TRUE(after.synchronised_after.has_value()) << scenario.report(node);
      EXPECT_LE(*after.synchronised_after, Duration::seconds(60)) << scenario.report(node);
      EXPECT_LE(after.rms_error, Duration::seconds(2e-4)) << scenario.report(node);
      EXPECT_LE(after.max_error, Duration::seconds(1e-3)) << scenario.report(node);
    }
  }
}

// A server that jumps is no longer believed until enough samples agree on its new time, then it is followed.  How soon
// they do is not told: the estimator, which is contradicted, asks more often.
TEST(ExternalStep, AServerThatJumpsIsFollowedLater) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const double jump_s : {3600.0, -1e8}) {
      Scenario scenario(seed);
      Node& server = scenario.add_server("server", {"10.0.0.1"});
      Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                                "server 10.0.0.1 iburst minpoll 4 maxpoll 6\nmakestep 1.0 -1\n");
      scenario.start_all();
      scenario.run_for(Duration::seconds(3000));
      server.clock().disturb(Duration::seconds(jump_s));
      int jittery_s = 0;
      for (int s = 0; s < 400 && node.clock().steps().empty(); ++s) {
        scenario.run_for(Duration::seconds(1));
        const auto source = source_report(node, "10.0.0.1");
        ASSERT_TRUE(source.has_value());
        jittery_s += source->status == control::SourceStatus::Jittery ? 1 : 0;
      }
      EXPECT_GE(jittery_s, 30) << "two polls or more" << scenario.report(node);
      scenario.run_for(Duration::seconds(100));
      EXPECT_EQ(node.clock().steps().size(), 1u) << scenario.report(node);
      EXPECT_LE(abs(node.clock_error() - server.clock_error()), Duration::millis(1)) << scenario.report(node);
      EXPECT_FALSE(node.log().contains("time jump detected!")) << scenario.report(node);
    }
  }
}

}  // namespace
}  // namespace timed::sim
