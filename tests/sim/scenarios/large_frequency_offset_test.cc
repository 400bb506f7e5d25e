// A bad oscillator: tens of thousands of ppm are found, and steered away through the kernel's tick.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(LargeFrequencyOffset, IsCorrected) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const double ppm : {-5000.0, 500.0, 20000.0}) {
      Scenario scenario(seed);
      scenario.add_server("server", {"10.0.0.1"});
      ClockModel clock = usual_clock();
      clock.frequency_error = Frequency::ppm(ppm);
      Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 minpoll 4\n");
      scenario.start_all();
      const Performance result = measure(scenario.world(), node, Duration::seconds(8000), Duration::seconds(3000));
      EXPECT_TRUE(result.synchronised_after.has_value()) << ppm << scenario.report(node);
      EXPECT_LE(result.rms_error, Duration::seconds(2e-4)) << ppm << scenario.report(node);
      EXPECT_LE(result.rms_frequency_error, Frequency::ppm(2)) << ppm << scenario.report(node);
    }
  }
}

TEST(LargeFrequencyOffset, MaxdriftLimitsTheCorrection) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    ClockModel clock = usual_clock();
    clock.frequency_error = Frequency::ppm(1000);
    Node& node = scenario.add("client", {"10.0.0.2"}, clock, "server 10.0.0.1 minpoll 4\nmaxdrift 200\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(2000));
    EXPECT_TRUE(node.log().contains("exceeds allowed maximum")) << scenario.report(node);
  }
}

TEST(LargeFrequencyOffset, MaxdriftLimitsTheDriftFile) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "driftfile /drift\nmaxdrift 100\n");
    node.files().put("/drift", "250.0 0.1\n");
    scenario.start_all();
    EXPECT_TRUE(node.log().contains("Frequency 250.0 ppm exceeds allowed maximum")) << scenario.report(node);
    const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
    ASSERT_TRUE(tracking.has_value());
    EXPECT_NEAR(tracking->frequency_ppm, -100.0, 1e-3);
  }
}

}  // namespace
}  // namespace timed::sim
