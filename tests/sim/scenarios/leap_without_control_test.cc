// With -x the clock is not ours to step: mode system becomes step, and the second goes into local time, which is
// served.
#include <gtest/gtest.h>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kUsual = Duration::millis(1);

TEST(LeapWithoutControl, LocalTimeLeapsAndTheClockIsLeftAlone) {
  // Of somebody else's making, who keeps it good but for the second.
  const ClockModel clock{.start_error = Duration::millis(5), .frequency_error = Frequency::ppm(0.2), .wander = 1e-10};
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const char* mode : {"", "leapsecmode step\n", "leapsecmode slew\n"}) {
      const int seconds = seed % 2 == 0 ? 1 : -1;
      LeapScenario s(seed, {.seconds = seconds,
                            .config = std::string("leapseclist /etc/leap.list\n") + mode,
                            .options = {"-x"},
                            .clock = clock});
      s.run_until(Duration::seconds(-10));
      const Duration before = s.client().clock_error();
      s.run_until(Duration::seconds(10));
      EXPECT_NEAR((s.client().clock_error() - before).to_seconds(), 0.0, 1e-4) << "only its drift";
      s.run_until(Duration::seconds(3600));
      EXPECT_LE(s.worst_served_error(Duration::seconds(-3600), Duration::seconds(-1.1)), kUsual) << s.report();
      EXPECT_LE(s.worst_served_error(Duration::seconds(0.1), Duration::seconds(3600)), kUsual) << s.report();
      EXPECT_EQ(s.client().log().count("Adjusting system clock for leap second"), 1u) << s.report();
      EXPECT_FALSE(s.logged("System clock was stepped")) << s.report();
      EXPECT_FALSE(s.logged("System clock status")) << s.report();
      EXPECT_FALSE(s.logged("Could not")) << s.report();
      EXPECT_TRUE(s.client().clock().steps().empty());
      EXPECT_EQ(s.client().clock().frequency_changes(), 0u);
      EXPECT_EQ(s.client().clock().leap(), env::LeapAction::None);
    }
  }
}

}  // namespace
}  // namespace timed::sim
