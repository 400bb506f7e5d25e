// What the reports of our own say of a daemon, as far as an observer of the world can tell.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using control::DaemonStatusReply;
using control::DaemonStatusRequest;
using control::ServerVerdictsReply;
using control::ServerVerdictsRequest;
using control::SourceVerdictsReply;
using control::SourceVerdictsRequest;

TEST(OwnReports, TellWhatHasHappenedToTheClock) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node =
        scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 6\nmakestep 1 -1\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
    const auto before = node.ask<DaemonStatusReply>(DaemonStatusRequest{});
    ASSERT_TRUE(before);
    EXPECT_NEAR(before->uptime_seconds, 1000, 1);
    EXPECT_EQ(before->other_steps, 0u);
    EXPECT_EQ(before->since_incident, control::kNever);
    EXPECT_TRUE(before->steers);
    EXPECT_FALSE(before->serves);
    EXPECT_FALSE(before->version.empty());

    node.clock().disturb(Duration::seconds(100));
    scenario.run_for(Duration::seconds(500));
    const auto after = node.ask<DaemonStatusReply>(DaemonStatusRequest{});
    ASSERT_TRUE(after);
    EXPECT_EQ(after->other_steps, 1u);
    EXPECT_EQ(after->own_steps, before->own_steps + 1) << "makestep has taken it back";
    EXPECT_NEAR(after->since_incident, 500, 70);
    EXPECT_NEAR(after->uptime_seconds, 1500, 1);
    EXPECT_NEAR(static_cast<double>(after->started.seconds - before->started.seconds), 0.0, 1.0)
        << "the clock was set, the start stays when it was";
  }
}

TEST(OwnReports, TellWhatBecameOfPackets) {
  Scenario scenario(7);
  Node& server = scenario.add("server", {"10.0.0.1"}, usual_clock(), "local stratum 3\nallow 10.0.0.2\n");
  Node& good = scenario.add("good", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 6\n");
  Node& denied = scenario.add("denied", {"10.0.0.3"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  const auto served = server.ask<ServerVerdictsReply>(ServerVerdictsRequest{});
  const auto asked = good.ask<SourceVerdictsReply>(SourceVerdictsRequest{0});
  const auto ignored = denied.ask<SourceVerdictsReply>(SourceVerdictsRequest{0});
  ASSERT_TRUE(served && asked && ignored);
  EXPECT_GT(asked->received, 20u);
  EXPECT_EQ(served->answered, asked->sent);
  EXPECT_EQ(served->denied, ignored->sent);
  EXPECT_EQ(asked->received, asked->sent);
  EXPECT_EQ(asked->verdicts[static_cast<std::size_t>(SourceVerdictsReply::Verdict::Good)], asked->received);
  EXPECT_EQ(ignored->received, 0u);
  EXPECT_GT(ignored->sent, 20u);
  EXPECT_FALSE(good.ask<SourceVerdictsReply>(SourceVerdictsRequest{1}));
  EXPECT_FALSE(good.ask<SourceVerdictsReply>(SourceVerdictsRequest{-1}));
}

}  // namespace
}  // namespace timed::sim
