// What the reports of our own say of a daemon, as far as an observer of the world can tell.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using control::DaemonStatusReply;
using control::DaemonStatusRequest;
using control::ServerVerdictsReply;
using control::ServerVerdictsRequest;
using control::SourceEstimatorReply;
using control::SourceEstimatorRequest;
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

TEST(OwnReports, TellHowTheClockIsEstimated) {
  using Basis = SourceEstimatorReply::Basis;
  Scenario scenario(5);
  scenario.add_server("server", {"10.0.0.1"});
  const std::string config = "server 10.0.0.1 iburst minpoll 4 maxpoll 4\n";
  Node& bayes = scenario.add("bayes", {"10.0.0.2"}, usual_clock(), config + "estimator bayes\n");
  Node& line = scenario.add("line", {"10.0.0.3"}, usual_clock(), config + "estimator regression\n");
  scenario.network().set_default_link(usual_link());
  scenario.start_all();
  const auto at_first = bayes.ask<SourceEstimatorReply>(SourceEstimatorRequest{0});
  ASSERT_TRUE(at_first);
  EXPECT_TRUE(at_first->bayes);
  EXPECT_EQ(at_first->basis, Basis::Nothing);
  scenario.run_for(Duration::seconds(4000));
  const auto told = bayes.ask<SourceEstimatorReply>(SourceEstimatorRequest{0});
  const auto other = line.ask<SourceEstimatorReply>(SourceEstimatorRequest{0});
  ASSERT_TRUE(told && other);
  EXPECT_EQ(told->basis, Basis::Smoother);
  EXPECT_EQ(told->samples, 64u);
  EXPECT_GE(told->recent, 3u);
  EXPECT_GT(told->updates, 200u);
  EXPECT_GT(told->runs, 3 * told->updates);
  EXPECT_GT(told->rounds, told->runs);
  EXPECT_LT(told->rejected * 20, told->runs);
  EXPECT_LT(told->fallbacks * 20, told->updates);
  EXPECT_EQ(told->route_moves, 0u);
  EXPECT_EQ(told->refused, 0u);
  EXPECT_NEAR(told->base_delay.to_seconds(), 1e-4, 1e-5) << "that of the link";
  EXPECT_NEAR(told->noise_sd.to_seconds(), 7e-5, 3e-5);
  EXPECT_NEAR(told->asymmetry, 0.0, 0.25);
  EXPECT_LT(std::fabs(bayes.clock_error().to_seconds()), 5.0 * told->offset_sd.to_seconds());
  EXPECT_FALSE(other->bayes);
  EXPECT_EQ(other->basis, Basis::Regression);
  EXPECT_GT(other->samples, 5u);
  EXPECT_EQ(other->runs + other->updates, 0u);
  EXPECT_FALSE(bayes.ask<SourceEstimatorReply>(SourceEstimatorRequest{1}));
  EXPECT_FALSE(bayes.ask<SourceEstimatorReply>(SourceEstimatorRequest{-1}));
}

// A server whose clock is thrown to and fro: no model of the smoother explains that, and the bank answers as soon as
// the scatter shows that delays say nothing.
TEST(OwnReports, TellThatTheModelsOfTheEstimatorFail) {
  Scenario scenario(6);
  Node& server = scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                            "server 10.0.0.1 iburst minpoll 4 maxpoll 4\nestimator bayes\n");
  scenario.network().set_default_link(usual_link());
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  const auto before = node.ask<SourceEstimatorReply>(SourceEstimatorRequest{0});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->held_back, 0u);
  using BankUse = SourceEstimatorReply::BankUse;
  std::set<BankUse> uses;
  for (int i = 0; i < 100; ++i) {
    server.clock().disturb(Duration::millis(i * i * 37 % 101 - 50));
    scenario.run_for(Duration::seconds(16));
    if (const auto now = node.ask<SourceEstimatorReply>(SourceEstimatorRequest{0})) uses.insert(now->bank_use);
  }
  const auto after = node.ask<SourceEstimatorReply>(SourceEstimatorRequest{0});
  ASSERT_TRUE(after);
  EXPECT_GT(after->held_back, 3u);
  EXPECT_GT(after->rejected, before->rejected);
  EXPECT_EQ(after->basis, SourceEstimatorReply::Basis::KalmanBank);
  EXPECT_GT(after->fallbacks, before->fallbacks);
  EXPECT_EQ(uses, (std::set{BankUse::None, BankUse::HiddenNoise, BankUse::NoRun}));
}

}  // namespace
}  // namespace timed::sim
