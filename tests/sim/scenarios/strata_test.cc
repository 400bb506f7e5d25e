// A client of a client: stratum 2 serves stratum 3.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(Strata, TimePassesThroughTheMiddle) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("top", {"10.0.0.1"});
    Node& middle = scenario.add("middle", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\nallow\n");
    ClockModel clock = usual_clock();
    clock.frequency_error = Frequency::ppm(-30);
    Node& bottom = scenario.add("bottom", {"10.0.0.3"}, clock, "server 10.0.0.2 iburst\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), bottom, Duration::seconds(10000), Duration::seconds(4000));
    EXPECT_EQ(middle.log().count("Selected source 10.0.0.1"), 1u) << scenario.report(middle);
    EXPECT_TRUE(bottom.log().contains("Selected source 10.0.0.2")) << scenario.report(bottom);
    EXPECT_LE(result.rms_error, Duration::seconds(3e-4)) << scenario.report(bottom);
    EXPECT_LE(result.max_error, Duration::millis(2)) << scenario.report(bottom);
  }
}

TEST(Strata, AnUnsynchronisedServerIsNotBelieved) {
  Scenario scenario(5);
  scenario.add("middle", {"10.0.0.2"}, {.start_error = Duration::seconds(3)}, "server 10.0.0.1\nallow\n");
  Node& bottom = scenario.add("bottom", {"10.0.0.3"}, {}, "server 10.0.0.2 iburst\nmakestep 0.1 3\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  EXPECT_FALSE(bottom.log().contains("Selected source")) << scenario.report(bottom);
  EXPECT_LE(abs(bottom.clock_error()), Duration::micros(1)) << scenario.report(bottom);
}

}  // namespace
}  // namespace timed::sim
