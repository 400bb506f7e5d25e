// Somebody else changes the rate of the clock behind the daemon's back: it is measured, and steered away.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

Node& add_pair(Scenario& scenario) {
  scenario.add_server("server", {"10.0.0.1"});
  return scenario.add("client", {"10.0.0.2"}, usual_clock(),
                      "server 10.0.0.1 iburst minpoll 4 maxpoll 6\nmakestep 1 3\n");
}

// As `adjtimex -f` by hand: it holds until the daemon sets its own frequency again, at its next update.
TEST(ExternalSlew, OneChangeIsUndoneAtTheNextUpdate) {
  for (const double ppm : {50.0, -500.0, 5000.0}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Scenario scenario(seed);
      Node& node = add_pair(scenario);
      scenario.start_all();
      scenario.run_for(Duration::seconds(5000));
      node.clock().disturb_frequency(Frequency::ppm(ppm));
      const Performance soon = measure(scenario.world(), node, Duration::seconds(600), Duration::zero());
      // One poll at the wrong rate.
      EXPECT_LE(soon.max_error, Duration::seconds(std::abs(ppm) * 1e-6 * 66 + 5e-4)) << scenario.report(node);
      const Performance later = measure(scenario.world(), node, Duration::seconds(4000), Duration::zero());
      EXPECT_LE(later.max_error, Duration::seconds(3e-4)) << later.max_error.to_seconds() << scenario.report(node);
      EXPECT_LE(later.rms_frequency_error, Frequency::ppm(1)) << scenario.report(node);
      EXPECT_TRUE(node.clock().steps().empty()) << scenario.report(node);
      EXPECT_LE(node.log().lines().size(), 4u) << scenario.report(node);
    }
  }
}

// Another client that steers the same clock, every ten seconds: nobody wins, but time stays usable, and when the other
// one ends it is over as no sample from that time is remembered: 64 of them, up to 64 s apart.
TEST(ExternalSlew, AnotherClientAtTheSameClockIsSurvived) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Scenario scenario(seed);
    Node& node = add_pair(scenario);
    scenario.start_all();
    scenario.run_for(Duration::seconds(2000));
    Duration worst;
    for (int i = 0; i < 300; ++i) {
      node.clock().disturb_frequency(Frequency::ppm(i % 2 == 0 ? 100.0 : -100.0));
      scenario.run_for(Duration::seconds(10));
      worst = std::max(worst, abs(node.clock_error()));
    }
    EXPECT_LE(worst, Duration::millis(20)) << worst.to_seconds() << scenario.report(node);
    EXPECT_LE(node.log().lines().size(), 10u) << scenario.report(node);
    const Performance meanwhile = measure(scenario.world(), node, Duration::seconds(64 * 64), Duration::zero());
    EXPECT_LE(meanwhile.max_error, Duration::millis(20)) << scenario.report(node);
    const Performance after = measure(scenario.world(), node, Duration::seconds(4000), Duration::zero());
    EXPECT_LE(after.max_error, Duration::seconds(3e-4)) << after.max_error.to_seconds() << scenario.report(node);
    EXPECT_LE(after.rms_frequency_error, Frequency::ppm(0.5)) << scenario.report(node);
    EXPECT_TRUE(node.running());
  }
}

}  // namespace
}  // namespace timed::sim
