// A burst at the start: the clock is corrected within seconds.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(Iburst, SelectsWithinTenSeconds) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
    RequestLog requests(scenario.network(), *IpAddress::parse("10.0.0.2"));
    scenario.start_all();
    EXPECT_TRUE(scenario.world().run_until_true([&] { return node.log().contains("Selected source 10.0.0.1"); },
                                                Duration::seconds(10)))
        << scenario.report(node);
    // The burst ends with four good samples, two seconds apart.
    scenario.run_for(Duration::seconds(20));
    EXPECT_EQ(requests.count(), 4u) << scenario.report(node);
    for (const Duration interval : requests.intervals()) {
      EXPECT_NEAR(interval.to_seconds(), 2.0, 0.25) << scenario.report(node);
    }
  }
}

TEST(Iburst, TheClockIsRightSoonAndStaysSo) {
  // The second correction, after the burst and one long interval, may be a slew of some hundred ppm.
  double mean_square_s2 = 0.0;
  for (std::uint64_t seed = 11; seed <= 30; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(10000), Duration::seconds(2000),
                                       {.time = Duration::millis(10), .frequency = Frequency::ppm(10000)});
    ASSERT_TRUE(result.synchronised_after.has_value()) << scenario.report(node);
    EXPECT_LE(*result.synchronised_after, Duration::seconds(20)) << scenario.report(node);
    EXPECT_LE(result.rms_error, Duration::seconds(2.5e-4)) << scenario.report(node);
    mean_square_s2 += result.rms_error.to_seconds() * result.rms_error.to_seconds() / 20;
  }
  EXPECT_LE(std::sqrt(mean_square_s2), 1e-4);
}

TEST(Iburst, GoesOnThroughLoss) {
  Scenario scenario(21);
  Link link = usual_link();
  link.loss = 0.3;
  scenario.network().set_default_link(link);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
  RequestLog requests(scenario.network(), *IpAddress::parse("10.0.0.2"));
  scenario.start_all();
  scenario.run_for(Duration::seconds(30));
  EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
  EXPECT_LE(requests.count(), 8u) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
