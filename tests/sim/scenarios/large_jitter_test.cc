// A network whose delays vary a hundred times more than usual: the statistics average it away, and nothing is believed
// that is worse than it must be.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

Node& add_pair(Scenario& scenario, const std::string& options, Duration jitter, double wander = 1e-9) {
  Link link = usual_link();
  link.jitter = jitter;
  ClockModel clock = usual_clock();
  clock.wander = wander;
  scenario.network().set_default_link(link);
  scenario.add_server("server", {"10.0.0.1"});
  return scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 " + options + "\n");
}

// Half the difference of two exponential delays deviates by jitter / sqrt(2): 7 ms a sample.  What the clock is wrong
// by must be a fraction of it.
TEST(LargeJitter, IsAveragedAway) {
  constexpr int kRuns = 6;
  double mean_square_s2 = 0.0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    Scenario scenario(seed);
    Node& node = add_pair(scenario, "", Duration::millis(10));
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(50000), Duration::seconds(10000),
                                       {.time = Duration::millis(10)});
    ASSERT_TRUE(result.synchronised_after.has_value()) << scenario.report(node);
    EXPECT_LE(*result.synchronised_after, Duration::seconds(2000)) << scenario.report(node);
    EXPECT_LE(result.rms_error, Duration::millis(3)) << result.rms_error.to_seconds() << scenario.report(node);
    EXPECT_LE(result.max_error, Duration::millis(8)) << result.max_error.to_seconds() << scenario.report(node);
    EXPECT_LE(result.rms_frequency_error, Frequency::ppm(2)) << scenario.report(node);
    EXPECT_EQ(node.log().count("Selected source 10.0.0.1"), 1u) << scenario.report(node);
    EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
    mean_square_s2 += result.rms_error.to_seconds() * result.rms_error.to_seconds() / kRuns;
  }
  EXPECT_LE(std::sqrt(mean_square_s2), 2e-3);
}

// Many samples are kept where noise hides the wander, few where it shows.
TEST(LargeJitter, MoreSamplesAreKeptThanOnAQuietNetwork) {
  const auto run = [](Duration jitter) {
    Scenario scenario(11);
    Node& node = add_pair(scenario, "minpoll 4 maxpoll 4", jitter, 1e-8);
    scenario.start_all();
    scenario.run_for(Duration::seconds(20000));
    const auto stats = stats_report(node, "10.0.0.1");
    EXPECT_TRUE(stats.has_value()) << scenario.report(node);
    return stats.value_or(control::SourcestatsReply{});
  };
  const auto noisy = run(Duration::millis(10));
  const auto quiet = run(Duration::micros(1));
  EXPECT_GE(noisy.samples, 30u);
  EXPECT_GT(noisy.samples, quiet.samples);
  EXPECT_GE(noisy.std_dev, Duration::millis(0.5));  // the weights take from the 7 ms
  EXPECT_LE(noisy.std_dev, Duration::millis(10));
  EXPECT_LE(quiet.std_dev, Duration::micros(10));
}

// A second of jitter is more than maxjitter allows: it is said, and the clock is left alone.
TEST(LargeJitter, BeyondMaxjitterTheSourceIsNotSelected) {
  for (std::uint64_t seed = 21; seed <= 23; ++seed) {
    Scenario scenario(seed);
    scenario.network().set_default_link([] {
      Link link = usual_link();
      link.jitter = Duration::millis(300);
      return link;
    }());
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 minpoll 4\nmaxjitter 0.001\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(3000));
    EXPECT_EQ(node.log().count("Jitter of 10.0.0.1 exceeds maxjitter of 0.001 seconds"), 1u) << scenario.report(node);
    EXPECT_FALSE(node.log().contains("Selected source")) << scenario.report(node);
    EXPECT_EQ(node.frequency_error(), node.clock().bare_frequency_error()) << scenario.report(node);
    const auto source = source_report(node, "10.0.0.1");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(source->status, control::SourceStatus::Jittery) << scenario.report(node);
    const auto selection = node.ask<control::SelectDataReply>(control::SelectDataRequest{});
    ASSERT_TRUE(selection.has_value());
    EXPECT_EQ(selection->state, '~') << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
