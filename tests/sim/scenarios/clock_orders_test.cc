// What an operator orders of the clock over the command socket while the daemon runs.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using control::ClockRequest;

bool order(Node& node, const ClockRequest& request) {
  return node.ask<std::monostate>(request).has_value();
}

control::TrackingReply tracking(Node& node) {
  const auto reply = node.ask<control::TrackingReply>(control::TrackingRequest{});
  EXPECT_TRUE(reply.has_value());
  return reply.value_or(control::TrackingReply{});
}

// The operator says what it is now: the truth, and so much more.
std::optional<control::ManualTimestampReply> settime(Scenario& scenario, Node& node, Duration more = {}) {
  return node.ask<control::ManualTimestampReply>(
      ClockRequest(control::SettimeRequest{control::WireTime::from(scenario.world().now() + more)}));
}

TEST(Manual, TypedTimesSetAClockWithoutAnySource) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Scenario scenario(seed);
    ClockModel clock = usual_clock();
    clock.start_error = Duration::seconds(3);
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "manual\nlocal stratum 8\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(10));
    const auto first = settime(scenario, node);
    ASSERT_TRUE(first.has_value()) << scenario.report(node);
    EXPECT_NEAR(first->offset.to_seconds(), -3.0, 0.01);
    EXPECT_EQ(first->frequency_ppm, 0.0);
    EXPECT_TRUE(node.log().contains("Making a slew of 3.00")) << scenario.report(node);
    scenario.run_for(Duration::seconds(10000));
    EXPECT_NEAR(node.clock_error().to_seconds(), 1.0, 0.1) << "100 ppm for 10 000 s";
    const auto second = settime(scenario, node);
    ASSERT_TRUE(second.has_value());
    EXPECT_NEAR(second->frequency_ppm, -100.0, 5.0);
    EXPECT_NEAR(second->absolute_ppm, -100.0, 5.0);
    EXPECT_TRUE(node.log().contains("Making a frequency change of ")) << scenario.report(node);
    scenario.run_for(Duration::seconds(1000));
    EXPECT_NEAR(node.frequency_error().to_ppm(), 0.0, 5.0) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error()), Duration::millis(50)) << scenario.report(node);
    // Served by the local reference alone.
    EXPECT_EQ(tracking(node).stratum, 8) << scenario.report(node);
    EXPECT_EQ(tracking(node).ref_id, ntp::kLocalRefId);

    const auto list = node.ask<control::ManualListReply>(ClockRequest(control::ManualListRequest{}));
    ASSERT_TRUE(list.has_value());
    ASSERT_EQ(list->entries.size(), 2u);
    EXPECT_NEAR(list->entries[0].original.to_seconds(), -3.0, 0.01);
    EXPECT_NEAR(list->entries[0].slewed.to_seconds(), 0.0, 0.05) << "taken out since";
    EXPECT_NEAR(list->entries[1].original.to_seconds(), -1.0, 0.1);
  }
}

TEST(Manual, IsRefusedWhereItIsOffOrMakesNoSense) {
  Scenario scenario(4);
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "");
  scenario.start_all();
  scenario.run_for(Duration::seconds(10));
  EXPECT_FALSE(settime(scenario, node).has_value());
  EXPECT_TRUE(order(node, control::ManualRequest{control::ManualRequest::kOn}));
  EXPECT_FALSE(order(node, control::ManualRequest{7}));
  EXPECT_FALSE(settime(scenario, node, Duration::seconds(3.5e9)).has_value());
  EXPECT_TRUE(settime(scenario, node).has_value());
  EXPECT_FALSE(settime(scenario, node).has_value()) << "less than a second later";
  EXPECT_FALSE(order(node, control::ManualDeleteRequest{1}));
  EXPECT_FALSE(order(node, control::ManualDeleteRequest{-1}));
  EXPECT_TRUE(order(node, control::ManualDeleteRequest{0}));
  scenario.run_for(Duration::seconds(10));
  EXPECT_TRUE(settime(scenario, node).has_value());
  EXPECT_TRUE(order(node, control::ManualRequest{control::ManualRequest::kReset}));
  const auto list = node.ask<control::ManualListReply>(ClockRequest(control::ManualListRequest{}));
  ASSERT_TRUE(list.has_value());
  EXPECT_TRUE(list->entries.empty());
  EXPECT_EQ(tracking(node).stratum, 0) << "a typed time is no synchronisation";
}

TEST(ClockOrders, MakestepStepsWhatIsStillToBeSlewed) {
  Scenario scenario(5);
  scenario.add_server("server", {"10.0.0.1"});
  ClockModel clock = usual_clock();
  clock.start_error = Duration::seconds(1000);
  Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 iburst maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(60));
  EXPECT_GT(node.clock_error(), Duration::seconds(900));
  EXPECT_TRUE(order(node, control::MakestepRequest{}));
  EXPECT_LE(abs(node.clock_error()), Duration::millis(20)) << scenario.report(node);
  EXPECT_TRUE(node.log().contains("System clock was stepped by -99")) << scenario.report(node);
  scenario.run_for(Duration::seconds(600));
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
  EXPECT_FALSE(node.log().contains("time jump")) << scenario.report(node);
}

TEST(ClockOrders, MakestepFailsWithoutControl) {
  Scenario scenario(6);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
  node.set_options({"-x"});
  scenario.start_all();
  scenario.run_for(Duration::seconds(60));
  const Duration correction = tracking(node).correction;
  EXPECT_FALSE(order(node, control::MakestepRequest{}));
  EXPECT_TRUE(node.log().contains("Could not step system clock")) << scenario.report(node);
  EXPECT_NEAR(tracking(node).correction.to_seconds(), correction.to_seconds(), 1e-3) << "local time is as it was";
}

TEST(ClockOrders, DeltasOfFrequencyAndOffset) {
  Scenario scenario(7);
  ClockModel clock = usual_clock();
  clock.wander = 0.0;
  Node& node = scenario.add("client", {"10.0.0.2"}, clock, "");
  scenario.start_all();
  scenario.run_for(Duration::seconds(10));
  EXPECT_TRUE(order(node, control::DfreqRequest{-100}));
  EXPECT_NEAR(node.frequency_error().to_ppm(), 0.0, 0.1) << scenario.report(node);
  EXPECT_TRUE(node.log().contains("Accumulated delta freq of 100.000ppm")) << scenario.report(node);
  const Duration before = node.clock_error();
  EXPECT_TRUE(order(node, control::DoffsetRequest{Duration::seconds(-0.25)}));
  scenario.run_for(Duration::seconds(60));
  EXPECT_NEAR((node.clock_error() - before).to_seconds(), -0.25, 1e-4) << scenario.report(node);
  EXPECT_TRUE(node.log().contains("Accumulated delta offset of 0.250000 seconds")) << scenario.report(node);
  EXPECT_FALSE(order(node, control::DoffsetRequest{Duration::seconds(3.5e9)}));
  EXPECT_TRUE(node.log().contains("is invalid")) << scenario.report(node);
}

TEST(ClockOrders, LocalModeOnAndOff) {
  Scenario scenario(8);
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "");
  scenario.start_all();
  scenario.run_for(Duration::seconds(10));
  EXPECT_EQ(tracking(node).stratum, 0);
  control::LocalRequest local;
  local.on = true;
  local.stratum = 99;
  local.distance = Duration::seconds(1);
  EXPECT_TRUE(order(node, local));
  EXPECT_EQ(tracking(node).stratum, 15);
  EXPECT_TRUE(node.log().contains("Enabled local reference mode")) << scenario.report(node);
  local.wait_unsynced = Duration::seconds(100);
  EXPECT_TRUE(order(node, local));
  EXPECT_EQ(tracking(node).stratum, 0) << "not yet a hundred seconds without";
  scenario.run_for(Duration::seconds(100));
  EXPECT_EQ(tracking(node).stratum, 15);
  local.on = false;
  EXPECT_TRUE(order(node, local));
  EXPECT_EQ(tracking(node).stratum, 0);
  EXPECT_TRUE(node.log().contains("Disabled local reference mode")) << scenario.report(node);
}

TEST(ClockOrders, ResetSourcesForgetsThemAll) {
  Scenario scenario(9);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(3000));
  EXPECT_EQ(tracking(node).stratum, 2);
  EXPECT_TRUE(order(node, control::ResetSourcesRequest{}));
  EXPECT_TRUE(node.log().contains("Reset all sources")) << scenario.report(node);
  EXPECT_EQ(tracking(node).stratum, 0);
  const auto source = source_report(node, "10.0.0.1");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->reachability, 0);
  EXPECT_EQ(source->poll, 6);
  scenario.run_for(Duration::seconds(600));
  EXPECT_EQ(tracking(node).stratum, 2) << scenario.report(node);
}

TEST(ClockOrders, SettingsHoldFromNowOn) {
  Scenario scenario(10);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  EXPECT_TRUE(node.clock().steps().empty());
  EXPECT_TRUE(order(node, control::ModifyMakestepRequest{-1, Duration::millis(10)}));
  EXPECT_TRUE(order(node, control::ModifyMaxupdateskewRequest{50}));
  EXPECT_TRUE(order(node, control::ReselectDistanceRequest{Duration::millis(1)}));
  EXPECT_TRUE(order(node, control::ReselectRequest{}));
  EXPECT_TRUE(node.log().contains("New makestep 0.01")) << scenario.report(node);
  EXPECT_TRUE(node.log().contains("New maxupdateskew 50.000000 ppm")) << scenario.report(node);
  EXPECT_TRUE(node.log().contains("New reselect distance 0.001")) << scenario.report(node);
  node.clock().disturb(Duration::seconds(1));
  scenario.run_for(Duration::seconds(600));
  EXPECT_GE(node.clock().steps().size(), 1u) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
