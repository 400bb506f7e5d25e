// The only server jumps: its word is all there is, so the clock follows, by the means that the configuration allows.
#include <gtest/gtest.h>

#include <optional>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Jump {
  explicit Jump(std::uint64_t seed, const std::string& config = "") : scenario(seed) {
    server = &scenario.add_server("server", {"10.0.0.1"});
    node =
        &scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 4 maxpoll 6\n" + config);
    scenario.start_all();
    scenario.run_for(Duration::seconds(5000));
  }
  Duration apart() { return abs(node->clock_error() - server->clock_error()); }
  // After how many seconds the two agree to a millisecond for good.
  std::optional<int> agree_after(int seconds) {
    std::optional<int> since;
    for (int t = 1; t <= seconds; ++t) {
      scenario.run_for(Duration::seconds(1));
      if (apart() > Duration::millis(1))
        since.reset();
      else if (!since)
        since = t;
    }
    return since;
  }
  Scenario scenario;
  Node* server;
  Node* node;
};

TEST(JumpingServer, ASmallJumpIsSlewed) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const double jump_s : {0.02, -0.5}) {
      Jump jump(seed);
      jump.server->clock().disturb(Duration::seconds(jump_s));
      const auto agreed = jump.agree_after(3000);
      ASSERT_TRUE(agreed.has_value()) << jump_s << jump.scenario.report(*jump.node);
      EXPECT_LE(*agreed, 300) << jump_s << jump.scenario.report(*jump.node);
      EXPECT_TRUE(jump.node->clock().steps().empty()) << jump.scenario.report(*jump.node);
      EXPECT_LE(abs(jump.node->frequency_error()), Frequency::ppm(5)) << jump.scenario.report(*jump.node);
    }
  }
}

// And back again, before there is anything that it contradicts: what follows is not believed to wander as far.
TEST(JumpingServer, JumpsAmongTheFirstSamplesAreForgotten) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    Node& server = scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 minpoll 6 maxpoll 8\n");
    Link link;
    link.delay = Duration::millis(15);
    link.jitter = Duration::millis(5);
    scenario.network().set_asymmetric_link("client", "server", link, link.delay, link.delay);
    scenario.start_all();
    scenario.run_for(Duration::seconds(400));
    server.clock().disturb(Duration::seconds(0.2));
    scenario.run_for(Duration::seconds(500));
    server.clock().disturb(Duration::seconds(-0.2));
    scenario.run_for(Duration::seconds(3600));
    const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
    ASSERT_TRUE(tracking.has_value());
    EXPECT_NEAR(tracking->frequency_ppm, -node.clock().bare_frequency_error().to_ppm(), 3.0) << scenario.report(node);
    EXPECT_LE(tracking->skew_ppm, 10.0) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error() + tracking->correction), Duration::millis(2)) << scenario.report(node);
  }
}

// The old samples and the new ones together look like jitter until the old are gone; then the offset is believed.
TEST(JumpingServer, ALargeJumpIsJitterFirstAndThenSlewed) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Jump jump(seed);
    jump.server->clock().disturb(Duration::seconds(-20));
    const auto agreed = jump.agree_after(3000);
    const std::string report = jump.scenario.report(*jump.node);
    ASSERT_TRUE(agreed.has_value()) << report;
    EXPECT_LE(*agreed, 1000) << report;
    EXPECT_TRUE(jump.node->log().contains("Jitter of 10.0.0.1 exceeds maxjitter of 1.000 seconds")) << report;
    EXPECT_EQ(jump.node->log().count("System clock wrong by "), 1u) << report;
    EXPECT_TRUE(jump.node->clock().steps().empty()) << report;
  }
}

TEST(JumpingServer, WithMakestepItIsStepped) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Jump jump(seed, "makestep 1 -1\n");
    jump.server->clock().disturb(Duration::seconds(86400));
    const auto agreed = jump.agree_after(3000);
    const std::string report = jump.scenario.report(*jump.node);
    ASSERT_TRUE(agreed.has_value()) << report;
    EXPECT_LE(*agreed, 300) << report;
    ASSERT_EQ(jump.node->clock().steps().size(), 1u) << report;
    EXPECT_NEAR(jump.node->clock().steps()[0].to_seconds(), 86400, 0.01) << report;
    EXPECT_TRUE(jump.node->log().contains("System clock was stepped by 86")) << report;
  }
}

// maxchange: the clock is not given away, and the daemon ends, as chrony does.
TEST(JumpingServer, BeyondMaxchangeTheDaemonEnds) {
  Jump jump(5, "maxchange 1000 1 0\n");
  ASSERT_TRUE(jump.node->running());
  jump.server->clock().disturb(Duration::seconds(86400));
  jump.scenario.run_for(Duration::seconds(1000));
  const std::string report = jump.scenario.report(*jump.node);
  EXPECT_FALSE(jump.node->running()) << report;
  EXPECT_EQ(jump.node->exit_status(), 1) << report;
  EXPECT_LE(abs(jump.node->clock_error()), Duration::millis(10)) << report;
}

// With two that agree, the one that jumps is a falseticker, and nothing moves.
TEST(JumpingServer, AmongThreeNobodyFollows) {
  Scenario scenario(6);
  std::string config;
  for (int i = 1; i <= 3; ++i) {
    const std::string address = "10.0.0." + std::to_string(i);
    scenario.add_server("server" + std::to_string(i), {address});
    config += "server " + address + " iburst minpoll 4 maxpoll 6\n";
  }
  Node& node = scenario.add("client", {"10.0.1.1"}, usual_clock(), config + "makestep 0.1 -1\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(5000));
  scenario.node("server2").clock().disturb(Duration::seconds(60));
  const std::size_t steps = node.clock().steps().size();
  const Performance result = measure(scenario.world(), node, Duration::seconds(5000), Duration::zero());
  EXPECT_LE(result.max_error, Duration::millis(1)) << scenario.report(node);
  EXPECT_EQ(node.clock().steps().size(), steps) << scenario.report(node);
  EXPECT_TRUE(node.log().contains("Detected falseticker 10.0.0.2")) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
