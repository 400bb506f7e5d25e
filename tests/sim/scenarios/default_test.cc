// One server, default options: how soon a clock is right, and how well it keeps time.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Client {
  explicit Client(std::uint64_t seed, const std::string& config = "server 10.0.0.1\n") : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), config);
    scenario.start_all();
  }
  Scenario scenario;
  Node* node;
};

// The figure that this daemon is held to, after 10 000 s in the usual world.
//   Each of the 20 runs: synchronised after 120 … 210 s for good (1 ms, 500 ppm), after 210 s never more than 0.5 ms
//   wrong, RMS at most 0.25 ms and 0.7 ppm, one selection, no step.
//   All runs together: RMS error after 210 s at most 0.1 ms.
// Polls of up to 1024 s let a clock with this wander walk away by 0.1 ms now and then, in some runs more often than in
// others: hence one limit for all of them together, and a looser one for each.
TEST(Default, SynchronisesInTimeAndStaysGood) {
  constexpr int kRuns = 20;
  double mean_square_s2 = 0.0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    Client client(seed);
    const Performance result =
        measure(client.scenario.world(), *client.node, Duration::seconds(10000), Duration::seconds(210));
    const std::string report = client.scenario.report(*client.node);
    ASSERT_TRUE(result.synchronised_after.has_value()) << report;
    EXPECT_GE(*result.synchronised_after, Duration::seconds(120)) << report;
    EXPECT_LE(*result.synchronised_after, Duration::seconds(210)) << report;
    EXPECT_LE(result.rms_error, Duration::seconds(2.5e-4)) << result.rms_error.to_seconds() << report;
    mean_square_s2 += result.rms_error.to_seconds() * result.rms_error.to_seconds() / kRuns;
    EXPECT_LE(result.max_error, Duration::seconds(5e-4)) << result.max_error.to_seconds() << report;
    EXPECT_LE(result.rms_frequency_error, Frequency::ppm(0.7)) << result.rms_frequency_error.to_ppm() << report;
    EXPECT_EQ(client.node->log().count("Selected source 10.0.0.1"), 1u) << report;
    EXPECT_TRUE(client.node->clock().steps().empty()) << report;
  }
  EXPECT_LE(std::sqrt(mean_square_s2), 1.0e-4);
}

TEST(Default, PollsFromMinpollToMaxpoll) {
  Client client(11);
  RequestLog requests(client.scenario.network(), *IpAddress::parse("10.0.0.2"));
  client.scenario.run_for(Duration::seconds(40000));
  const auto intervals = requests.intervals();
  const std::string report = client.scenario.report(*client.node);
  ASSERT_GE(intervals.size(), 30u) << report;
  for (const Duration interval : intervals) {
    // 2^6 … 2^10 s by a clock that is slewed meanwhile, stretched by at most 2 %.
    EXPECT_GE(interval, Duration::seconds(64 * 0.9)) << report;
    EXPECT_LE(interval, Duration::seconds(1024 * 1.03)) << report;
  }
  EXPECT_LE(intervals.front(), Duration::seconds(64 * 1.1)) << report;
  EXPECT_GE(intervals.back(), Duration::seconds(500)) << "a good clock is asked for seldom\n" << report;
}

TEST(Default, ClockErrorsOfBothSignsAreCorrected) {
  for (const double sign : {-1.0, 1.0}) {
    Scenario scenario(21);
    scenario.add_server("server", {"10.0.0.1"});
    ClockModel clock = usual_clock();
    clock.start_error = Duration::millis(20) * sign;
    clock.frequency_error = Frequency::ppm(-50) * sign;
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(4000), Duration::seconds(1000));
    EXPECT_LE(result.max_error, Duration::seconds(1e-3)) << scenario.report(node);
    EXPECT_LE(result.rms_frequency_error, Frequency::ppm(1)) << scenario.report(node);
  }
}

TEST(Default, TheSameSeedGivesTheSameLog) {
  const auto run = [](std::uint64_t seed) {
    Client client(seed);
    client.scenario.run_for(Duration::seconds(3000));
    return client.node->log().to_string() + std::to_string(client.node->clock_error().to_seconds());
  };
  EXPECT_EQ(run(31), run(31));
  // A seed from outside stands in for both.
  if (std::getenv("TIMED_SIM_SEED") == nullptr) {
    EXPECT_NE(run(31), run(32));
  }
}

}  // namespace
}  // namespace timed::sim
