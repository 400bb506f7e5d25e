// Combining: how much farther than the selected source others may be to be averaged with it, and what it is good for.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

// Two near servers, and one whose distance is some ten times theirs.
struct NearAndFar {
  NearAndFar(std::uint64_t seed, const std::string& config) : scenario(seed) {
    std::string lines = config + "\n";
    for (const char* number : {"1", "2", "3"}) {
      scenario.add_server(std::string("server") + number, {std::string("10.0.0.") + number});
      lines += std::string("server 10.0.0.") + number + " iburst minpoll 4 maxpoll 4\n";
    }
    Link far = usual_link();
    far.delay = Duration::millis(2);
    scenario.network().set_link("client", "server3", far);
    node = &scenario.add("client", {"10.0.1.1"}, usual_clock(), lines);
    scenario.start_all();
    scenario.run_for(Duration::seconds(3000));
  }
  // As `selectdata` shows them.
  std::string states() {
    std::string all;
    for (int i = 0; i < 3; ++i) {
      const auto report = node->ask<control::SelectDataReply>(control::SelectDataRequest{.index = i});
      all += report ? report->state : '?';
    }
    return all;
  }
  std::string report() { return scenario.report(*node); }
  Scenario scenario;
  Node* node;
};

TEST(Combinelimit, SaysHowMuchFartherOthersMayBe) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    NearAndFar usual(seed, "");
    const std::string states = usual.states();
    EXPECT_TRUE(states == "*+D" || states == "+*D") << states << usual.report();

    NearAndFar all(seed, "combinelimit 100");
    const std::string all_states = all.states();
    EXPECT_TRUE(all_states == "*++" || all_states == "+*+") << all_states << all.report();

    NearAndFar alone(seed, "combinelimit 0");
    const std::string alone_states = alone.states();
    EXPECT_TRUE(alone_states == "*DD" || alone_states == "D*D") << alone_states << alone.report();
  }
}

// Servers whose clocks are each wrong in its own way: the mean is better than any of them.
Duration error_among_wrong_servers(std::uint64_t seed, const std::string& config) {
  Scenario scenario(seed);
  std::string lines = config + "\n";
  for (int i = 1; i <= 3; ++i) {
    const std::string address = "10.0.0." + std::to_string(i);
    scenario.add("server" + std::to_string(i), {address}, {.start_error = Duration::micros(60 * (i - 2))},
                 "local stratum 1\nallow\n");
    lines += "server " + address + " iburst minpoll 4 maxpoll 4" + "\n";
  }
  Node& node = scenario.add("client", {"10.0.1.1"}, usual_clock(), lines);
  scenario.start_all();
  return measure(scenario.world(), node, Duration::seconds(6000), Duration::seconds(2000)).rms_error;
}

TEST(Combinelimit, TheMeanIsBetterThanOneAlone) {
  Duration combined, alone;
  for (std::uint64_t seed = 4; seed <= 9; ++seed) {
    combined += error_among_wrong_servers(seed, "");
    alone += error_among_wrong_servers(seed, "combinelimit 0");
  }
  EXPECT_LE(combined, alone * 0.7);
}

}  // namespace
}  // namespace timed::sim
