// Updates stay away: the clock falls back from the frequency of the last minutes to that of hours.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

// The oscillator has kept 100 ppm for hours and is 5 ppm off when the network is lost; then it is as before.
struct Outcome {
  Frequency before, after;  // error of the clock's rate at the loss, and long after it
  std::uint16_t stratum = 0;
};

Outcome lose_network(std::uint64_t seed, const std::string& directive) {
  Scenario scenario(seed);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node =
      scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 4 maxpoll 5\n" + directive);
  scenario.start_all();
  scenario.run_for(Duration::seconds(10000));
  node.clock().disturb_oscillator(Frequency::ppm(5));
  scenario.run_for(Duration::seconds(400));
  scenario.network().set_cut_off("server", true);
  node.clock().disturb_oscillator(Frequency::ppm(-5));
  Outcome outcome;
  outcome.before = node.frequency_error();
  scenario.run_for(Duration::seconds(5000));
  outcome.after = node.frequency_error();
  const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  EXPECT_TRUE(tracking.has_value());
  if (tracking) outcome.stratum = tracking->stratum;
  return outcome;
}

TEST(FallbackDrift, ALongAverageIsNearerThanTheLastFrequency) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Outcome without = lose_network(seed, "");
    EXPECT_GT(abs(without.after), Frequency::ppm(3)) << seed;
    EXPECT_EQ(without.stratum, 2) << "the last update holds, with growing dispersion";
    const Outcome with = lose_network(seed, "fallbackdrift 10 12\n");
    EXPECT_GT(abs(with.before), Frequency::ppm(3)) << seed;
    EXPECT_LT(abs(with.after), Frequency::ppm(1)) << seed;
    EXPECT_EQ(with.stratum, 0) << "falling back is not being synchronised";
  }
}

TEST(FallbackDrift, EndsWithTheNextUpdate) {
  Scenario scenario(4);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                            "server 10.0.0.1 iburst minpoll 4 maxpoll 5\nfallbackdrift 8 9\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(3000));
  scenario.network().set_cut_off("server", true);
  scenario.run_for(Duration::seconds(1000));
  auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  ASSERT_TRUE(tracking.has_value());
  EXPECT_EQ(tracking->stratum, 0) << scenario.report(node);
  EXPECT_FALSE(node.clock().sync_status().synchronised);
  scenario.network().set_cut_off("server", false);
  scenario.run_for(Duration::seconds(500));
  tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  ASSERT_TRUE(tracking.has_value());
  EXPECT_EQ(tracking->stratum, 2) << scenario.report(node);
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
