// 36 years and more across the end of the NTP era in 2036: the world is in the new era, the clock begins in the old
// one, or the other way round, and either is put right by one step.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr std::int64_t kYear2000_s = 946684800;
constexpr std::int64_t kYear2026_s = 1767225600;
constexpr std::int64_t kYear2035_s = 2051222400;
constexpr std::int64_t kEraEnd_s = 2085978496;  // 2036-02-07 06:28:16
constexpr std::int64_t kYear2037_s = 2114380800;
constexpr std::int64_t kYear2062_s = 2903299200;

ClockModel clock_off_by(std::int64_t seconds) {
  ClockModel clock = usual_clock();
  clock.start_error = Duration::seconds(static_cast<double>(seconds));
  return clock;
}

struct Case {
  std::int64_t world_s, clock_s;  // seconds since 1970 of the truth and of the clock
};

TEST(NtpEra, OneStepCrossesIt) {
  for (const Case& c : {Case{kYear2037_s, kYear2000_s}, Case{kEraEnd_s + 3600, kYear2000_s},
                        Case{kYear2062_s, kYear2026_s}, Case{kYear2062_s, kYear2000_s}, Case{kYear2026_s, kYear2062_s},
                        Case{kYear2035_s, kYear2062_s}, Case{kEraEnd_s - 3600, kYear2062_s}}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      Scenario scenario(seed, TrueTime::from_seconds(c.world_s));
      scenario.add_server("server", {"10.0.0.1"});
      Node& node = scenario.add("client", {"10.0.0.2"}, clock_off_by(c.clock_s - c.world_s),
                                "server 10.0.0.1 iburst maxpoll 8\nmakestep 1.0 3\n");
      scenario.start_all();
      const Performance result = measure(scenario.world(), node, Duration::seconds(8000), Duration::seconds(500));
      const std::string report = std::to_string(c.world_s) + " " + scenario.report(node);
      ASSERT_TRUE(result.synchronised_after.has_value()) << report;
      EXPECT_LE(*result.synchronised_after, Duration::seconds(210)) << report;
      EXPECT_LE(result.max_error, Duration::seconds(5e-4)) << report;
      EXPECT_LE(result.rms_error, Duration::seconds(1.5e-4)) << report;
      EXPECT_LE(result.rms_frequency_error, Frequency::ppm(1)) << report;
      ASSERT_EQ(node.clock().steps().size(), 1u) << report;
      EXPECT_NEAR(node.clock().steps()[0].to_seconds(), static_cast<double>(c.world_s - c.clock_s), 0.01) << report;
      EXPECT_EQ(node.log().count("System clock was stepped by "), 1u) << report;
      EXPECT_FALSE(node.log().contains("time jump detected!")) << report;
    }
  }
}

// A step that goes more than once round the 32 bits of seconds cannot be seen: 136 years are a whole era.
TEST(NtpEra, AWholeEraOffIsTakenForRight) {
  Scenario scenario(5, TrueTime::from_seconds(kYear2062_s));
  scenario.add_server("server", {"10.0.0.1"});
  constexpr std::int64_t kEra_s = std::int64_t{1} << 32;
  Node& node =
      scenario.add("client", {"10.0.0.2"}, clock_off_by(-kEra_s), "server 10.0.0.1 iburst maxpoll 6\nmakestep 1.0 3\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  EXPECT_TRUE(node.running());
  EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
}

// The daemon's own answers pass the end of the era too.
TEST(NtpEra, AMiddleServerServesAcrossTheEnd) {
  Scenario scenario(6, TrueTime::from_seconds(kEraEnd_s - 4000));
  scenario.add_server("server", {"10.0.0.1"});
  Node& middle = scenario.add("middle", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst maxpoll 5\nallow\n");
  Node& node = scenario.add("client", {"10.0.0.3"}, usual_clock(), "server 10.0.0.2 minpoll 4 maxpoll 5\n");
  scenario.start_all();
  const Performance result = measure(scenario.world(), node, Duration::seconds(8000), Duration::seconds(1000));
  EXPECT_LE(result.max_error, Duration::seconds(5e-4)) << result.max_error.to_seconds() << scenario.report(node);
  EXPECT_LE(abs(middle.clock_error()), Duration::seconds(5e-4)) << scenario.report(middle);
  EXPECT_EQ(node.log().count("Selected source 10.0.0.2"), 1u) << scenario.report(node);
  EXPECT_LE(node.log().lines().size(), 3u) << scenario.report(node);
  const auto source = source_report(node, "10.0.0.2");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->reachability, 0377) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
