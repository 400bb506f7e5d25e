// smoothtime leaponly with leapsecmode slew: a server that smears the leap second over its clients.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/leap_scenario.h"

namespace timed::sim {
namespace {

constexpr double kWander = 0.004e-6;                    // 1/s
const double kHalf_s = std::sqrt(1.0 / kWander);        // of the smear of one second: half of it each way
constexpr Duration kBefore = Duration::seconds(-3600);  // of the look at it
const Duration kLong = Duration::seconds(2.0 * kHalf_s + 600.0);
constexpr Duration kUsual = Duration::millis(1);

const std::string kConfig = "leapseclist /etc/leap.list\nleapsecmode slew\nsmoothtime 400 0.004 leaponly\n";

// What is still to be given back so long after the leap: a second at first, half of it in the middle, none at the end.
double smeared(double t) {
  if (t < 0.0 || t > 2.0 * kHalf_s) return 0.0;
  if (t < kHalf_s) return 1.0 - kWander * t * t / 2.0;
  const double left = 2.0 * kHalf_s - t;
  return kWander * left * left / 2.0;
}

// A server of UTC, one that smears, and a client of that.
class Smear {
 public:
  Smear(std::uint64_t seed, int seconds)
      : leap(seed, {.seconds = seconds, .config = kConfig, .asked = false}),
        seconds_(seconds),
        follower(leap.scenario().add("follower", {"10.0.0.3"}, usual_clock(),
                                     "server 10.0.0.2 iburst minpoll 4 maxpoll 4\n")) {
    EXPECT_TRUE(follower.start().ok());
  }
  // Served less true time: as it was before the leap, and going on to what it must be afterwards.
  double wanted(TrueTime when) const {
    const double t = (when - LeapScenario::midnight()).to_seconds() + (seconds_ < 0 ? 1.0 : 0.0);
    return t < 0.0 ? 0.0 : seconds_ * (smeared(t) - 1.0);
  }

  LeapScenario leap;

 private:
  const int seconds_;

 public:
  Node& follower;
};

TEST(Smear, IsServedWithoutAnyJump) {
  for (const std::uint64_t seed : {1u, 2u}) {
    for (const int seconds : {1, -1}) {
      Smear s(seed, seconds);
      s.leap.run_until(kLong);
      const auto answers =
          s.leap.answers().between(LeapScenario::midnight() + kBefore, LeapScenario::midnight() + kLong);
      ASSERT_GT(answers.size(), 1000u);
      Duration worst;
      for (const Answer& a : answers) {
        worst = std::max(worst, abs(a.error - Duration::seconds(s.wanted(a.when))));
        const double t = (a.when - LeapScenario::midnight()).to_seconds();
        EXPECT_TRUE(a.header.leap == ntp::Leap::Normal || std::fabs(t) < 2.1) << t;
        const bool smearing = a.header.ref_id == ntp::kSmoothedRefId;
        EXPECT_TRUE(smearing || t < 60.0 || t > 2.0 * kHalf_s - 60.0) << t;
        EXPECT_TRUE(!smearing || (t > -1.1 && t < 2.0 * kHalf_s + 60.0)) << t;
        if (testing::Test::HasFailure()) break;
      }
      EXPECT_LE(worst, kUsual) << s.leap.report();
      EXPECT_TRUE(s.leap.logged("Activated time smoothing (leap seconds only)")) << s.leap.report();
      EXPECT_FALSE(s.leap.logged("Reset time smoothing")) << s.leap.report();
      EXPECT_TRUE(s.leap.logged("Adjusting system clock for leap second")) << s.leap.report();
    }
  }
}

TEST(Smear, IsFollowed) {
  for (const std::uint64_t seed : {3u, 4u}) {
    for (const int seconds : {1, -1}) {
      Smear s(seed, seconds);
      s.leap.run_until(kBefore);
      Duration worst;
      while (s.leap.scenario().world().now() < LeapScenario::midnight() + kLong) {
        s.leap.scenario().run_for(Duration::seconds(10));
        const double wanted = s.wanted(s.leap.scenario().world().now());
        worst = std::max(worst, abs(s.follower.clock_error() - Duration::seconds(wanted)));
      }
      EXPECT_LE(worst, Duration::millis(5)) << s.leap.scenario().report(s.follower);
      EXPECT_TRUE(s.follower.clock().steps().empty());
      EXPECT_FALSE(s.follower.log().contains("leap second")) << s.leap.scenario().report(s.follower);
      EXPECT_NEAR(s.follower.clock_error().to_seconds(), -seconds, 1e-3) << "the second is there in the end";
    }
  }
}

// The report of the smear, half way through.
TEST(Smear, IsReported) {
  for (const int seconds : {1, -1}) {
    Smear s(5, seconds);
    s.leap.run_until(Duration::seconds(kHalf_s - (seconds < 0 ? 1.0 : 0.0)));
    const auto report = s.leap.client().ask<control::SmoothingReply>(control::SmoothingRequest{});
    ASSERT_TRUE(report.has_value()) << s.leap.report();
    EXPECT_TRUE(report->active);
    EXPECT_TRUE(report->leap_only);
    EXPECT_NEAR(report->offset.to_seconds(), 0.5 * seconds, 1e-3);
    EXPECT_NEAR(report->frequency_ppm, -seconds * kWander * kHalf_s * 1e6, 0.1);
    EXPECT_NEAR(report->remaining.to_seconds(), kHalf_s, 2.0);
  }
}

// In mode step the leap is a step of the clock, which is never smoothed; so is one of the kernel.
TEST(Smear, NeedsModeSlew) {
  for (const std::string mode : {"step", "system"}) {
    LeapScenario s(6,
                   {.seconds = 1,
                    .config = "leapseclist /etc/leap.list\nsmoothtime 400 0.004 leaponly\nleapsecmode " + mode + "\n"});
    s.run_until(Duration::seconds(600));
    EXPECT_LE(s.worst_served_error(Duration::seconds(0.1), Duration::seconds(600)), kUsual) << mode << s.report();
    EXPECT_EQ(s.logged("Reset time smoothing"), mode == "step") << s.report();
  }
}

}  // namespace
}  // namespace timed::sim
