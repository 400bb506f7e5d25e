// Options that keep bad measurements out: `filter` makes one sample of several polls, `maxdelayquant` takes only the
// shorter delays.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

Node& add_client(Scenario& scenario, const std::string& options, Duration jitter) {
  Link link = usual_link();
  link.jitter = jitter;
  scenario.network().set_default_link(link);
  scenario.add_server("server", {"10.0.0.1"});
  return scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 minpoll 4 maxpoll 4 " + options + "\n");
}

// The span between the samples kept tells how far apart they are.
double spacing_of_samples(Node& node) {
  const auto stats = stats_report(node, "10.0.0.1");
  EXPECT_TRUE(stats && stats->samples > 3);
  return stats ? static_cast<double>(stats->span_seconds) / static_cast<double>(stats->samples - 1) : 0.0;
}

TEST(Filter, MakesOneSampleOfSeveralPolls) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Scenario plain(seed), filtered(seed);
    Node& without = add_client(plain, "", Duration::micros(100));
    Node& with = add_client(filtered, "filter 4", Duration::micros(100));
    plain.start_all();
    filtered.start_all();
    plain.run_for(Duration::seconds(4000));
    filtered.run_for(Duration::seconds(4000));
    EXPECT_NEAR(spacing_of_samples(without), 16.2, 0.5) << plain.report(without);
    EXPECT_NEAR(spacing_of_samples(with), 4 * 16.2, 10) << filtered.report(with);
    EXPECT_LE(abs(with.clock_error()), Duration::millis(1)) << filtered.report(with);
  }
}

TEST(Filter, MissedPollsCountToo) {
  Scenario scenario(5);
  Node& node = add_client(scenario, "filter 4", Duration::micros(100));
  Link link = usual_link();
  link.loss = 0.3;
  scenario.network().set_default_link(link);
  scenario.start_all();
  scenario.run_for(Duration::seconds(6000));
  EXPECT_NEAR(spacing_of_samples(node), 4 * 16.2, 12) << scenario.report(node);
}

// How many are taken wanders: the estimate of the quantile is frugal and follows slowly.
TEST(MaxDelayQuantile, TakesTheShorterDelaysOnly) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Scenario scenario(seed);
    Node& node = add_client(scenario, "maxdelayquant 0.25", Duration::micros(20));
    scenario.start_all();
    scenario.run_for(Duration::seconds(8000));
    EXPECT_GE(spacing_of_samples(node), 20) << scenario.report(node);
    EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
    EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
