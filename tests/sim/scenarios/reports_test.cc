// What the daemon says of itself and of its source is true, as far as an observer of the world can tell.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using control::TrackingReply;
using control::TrackingRequest;

struct Client {
  explicit Client(std::uint64_t seed) : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 6\n");
    scenario.start_all();
  }
  Scenario scenario;
  Node* node;
};

TEST(Reports, TrackingTellsTheTruth) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Client client(seed);
    client.scenario.run_for(Duration::seconds(5000));
    const auto tracking = client.node->ask<TrackingReply>(TrackingRequest{});
    ASSERT_TRUE(tracking.has_value());
    EXPECT_EQ(tracking->address.ip, *IpAddress::parse("10.0.0.1"));
    EXPECT_EQ(tracking->stratum, 2);
    EXPECT_EQ(tracking->leap, 0);
    // The clock is 100 ppm fast, so it is corrected by -100 ppm.
    EXPECT_NEAR(tracking->frequency_ppm, -client.node->clock().bare_frequency_error().to_ppm(), 0.5);
    EXPECT_LE(tracking->skew_ppm, 5.0);
    EXPECT_GE(tracking->root_delay, Duration::micros(200));
    EXPECT_LE(tracking->root_delay, Duration::millis(2));
    EXPECT_LE(tracking->rms_offset, Duration::millis(1));
    EXPECT_NEAR(tracking->update_interval.to_seconds(), 65, 5);
  }
}

// Half the root delay, the root dispersion and what is left to correct bound the error, at any time.
TEST(Reports, TheErrorBoundHolds) {
  for (std::uint64_t seed = 11; seed <= 14; ++seed) {
    Client client(seed);
    int asked = 0;
    for (int i = 0; i < 600; ++i) {
      client.scenario.run_for(Duration::seconds(9.7));
      const auto tracking = client.node->ask<TrackingReply>(TrackingRequest{});
      ASSERT_TRUE(tracking.has_value());
      if (tracking->stratum == 0) continue;
      ++asked;
      const Duration bound = tracking->root_delay * 0.5 + tracking->root_dispersion;
      const Duration left = client.node->clock_error() + tracking->correction;
      EXPECT_LE(abs(left), bound) << left.to_seconds() << " " << client.scenario.report(*client.node);
      EXPECT_LE(bound, Duration::millis(100)) << client.scenario.report(*client.node);
    }
    EXPECT_GE(asked, 590);
  }
}

TEST(Reports, SourceAndItsStatistics) {
  Client client(21);
  client.scenario.run_for(Duration::seconds(3000));
  const auto source = source_report(*client.node, "10.0.0.1");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->status, control::SourceStatus::Selected);
  EXPECT_EQ(source->stratum, 1);
  EXPECT_EQ(source->reachability, 0377);
  EXPECT_EQ(source->poll, 6);
  EXPECT_LE(source->since_sample, 66u);
  EXPECT_LE(abs(source->adjusted), Duration::millis(1));
  const auto stats = stats_report(*client.node, "10.0.0.1");
  ASSERT_TRUE(stats.has_value());
  EXPECT_GE(stats->samples, 6u);
  EXPECT_GE(stats->runs, 3u);
  EXPECT_NEAR(stats->frequency_ppm, 0.0, 1.0);
  // Half the difference of two exponential delays of 0.1 ms has a deviation of 71 us; the weights take from it.
  EXPECT_GE(stats->std_dev, Duration::micros(5));
  EXPECT_LE(stats->std_dev, Duration::micros(150));
  EXPECT_FALSE(source_report(*client.node, "10.0.0.9").has_value());
}

TEST(Reports, WithoutASourceNothingIsKnown) {
  Scenario scenario(31);
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  const auto tracking = node.ask<TrackingReply>(TrackingRequest{});
  ASSERT_TRUE(tracking.has_value());
  EXPECT_EQ(tracking->stratum, 0);
  EXPECT_EQ(tracking->leap, 3);
  const auto activity = node.ask<control::ActivityReply>(control::ActivityRequest{});
  ASSERT_TRUE(activity.has_value());
  EXPECT_EQ(activity->online, 1);
}

}  // namespace
}  // namespace timed::sim
