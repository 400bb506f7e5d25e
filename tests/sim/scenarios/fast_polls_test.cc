// Polls so fast that several samples are made into one: what is reported of the clock is of what was learned.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr int kSettle_s = 3000, kSpan_s = 4000;

struct Totals {
  std::uint64_t beliefs = 0;
  std::size_t rows = 0;     // of the tracking log
  std::size_t samples = 0;  // of the log of measurements
};

std::vector<std::string> rows(Node& node, const std::string& stream) {
  const auto text = node.files().read("/var/log/timed/" + stream + ".log");
  std::istringstream lines(text.ok() ? *text : std::string());
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('=') && !line.starts_with("   Date")) found.push_back(line);
  }
  return found;
}

Totals totals(Node& node) {
  control::SourceEstimatorRequest request;
  request.index = 0;
  const auto told = node.ask<control::SourceEstimatorReply>(request);
  EXPECT_TRUE(told.has_value());
  return {told ? told->updates : 0, rows(node, "tracking").size(), rows(node, "measurements").size()};
}

TEST(FastPolls, ReportWhatWasLearned) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                              "server 10.0.0.1 iburst minpoll 0 maxpoll 0\n"
                              "log tracking measurements\nlogdir /var/log/timed\n");
    ASSERT_TRUE(node.files().make_directory("/var/log/timed", 0750, 0, 0).ok());
    scenario.start_all();
    scenario.run_for(Duration::seconds(kSettle_s));
    const Totals before = totals(node);
    double mean_s = 0.0, error_s2 = 0.0, reported_s2 = 0.0, interval_s = 0.0;
    for (int i = 0; i < kSpan_s; ++i) {
      scenario.run_for(Duration::seconds(1));
      const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
      ASSERT_TRUE(tracking.has_value());
      const double error_s = node.clock_error().to_seconds(), rms_s = tracking->rms_offset.to_seconds();
      mean_s += error_s / kSpan_s;
      error_s2 += error_s * error_s / kSpan_s;
      reported_s2 += rms_s * rms_s / kSpan_s;
      interval_s += tracking->update_interval.to_seconds() / kSpan_s;
    }
    const Totals after = totals(node);
    const std::string report = scenario.report(node);
    const std::uint64_t beliefs = after.beliefs - before.beliefs;
    // One for some seconds of samples.
    EXPECT_GT(after.samples - before.samples, 3 * beliefs) << report;
    EXPECT_GT(beliefs, std::uint64_t{kSpan_s / 10}) << report;
    EXPECT_EQ(after.rows - before.rows, beliefs) << report;
    const double spacing_s = static_cast<double>(kSpan_s) / static_cast<double>(beliefs);
    EXPECT_GT(interval_s, 0.9 * spacing_s) << report;
    EXPECT_LT(interval_s, 1.5 * spacing_s) << report;
    // Offsets are about what the clock is wrong by, but for what stamps and ways that differ hide: not what is left of
    // an offset that was told before.
    const double ratio = std::sqrt(reported_s2 / (error_s2 - mean_s * mean_s));
    EXPECT_GT(ratio, 0.33) << report;
    EXPECT_LT(ratio, 1.5) << report;
  }
}

}  // namespace
}  // namespace timed::sim
