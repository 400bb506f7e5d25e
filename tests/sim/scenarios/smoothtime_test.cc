// smoothtime: what is served follows corrections of the clock within limits of frequency and wander.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/answer_log.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr double kMaxPpm = 200.0;
constexpr double kWanderPpm = 1.0;  // a second
const std::string kServed = "server 10.0.0.1 iburst minpoll 4 maxpoll 4\nallow\nsmoothtime 200 1\n";

// A stratum 1, the server that smooths, and somebody who asks it each second.
class Smoothed {
 public:
  explicit Smoothed(std::uint64_t seed, const std::string& more = "", const ClockModel& clock = usual_clock())
      : scenario(seed),
        top(scenario.add_server("top", {"10.0.0.1"})),
        server(scenario.add("server", {"10.0.0.2"}, clock, kServed + more)),
        answers(scenario.network(), addresses({"10.0.0.2"}).front()) {
    scenario.add("asker", {"10.0.0.9"}, {}, "server 10.0.0.2 minpoll 0 maxpoll 0 noselect\n");
    scenario.start_all();
  }
  std::optional<control::SmoothingReply> report() {
    return server.ask<control::SmoothingReply>(control::SmoothingRequest{});
  }
  bool order(std::int32_t option) {
    return server.ask<std::monostate>(control::ClockRequest(control::SmoothtimeRequest{option})).has_value();
  }
  TrueTime now() { return scenario.world().now(); }
  std::string log() { return scenario.report(server); }

  Scenario scenario;
  Node& top;
  Node& server;
  AnswerLog answers;
};

// The rate of served time between successive answers, against true time.
double largest_rate_ppm(const std::vector<Answer>& answers) {
  double worst = 0.0;
  for (std::size_t i = 1; i < answers.size(); ++i) {
    const Duration span = answers[i].when - answers[i - 1].when;
    const double rate = (answers[i].error - answers[i - 1].error) / span;
    if (span > Duration::millis(500)) worst = std::max(worst, std::fabs(rate) * 1e6);
  }
  return worst;
}

// And its change between spans of so many answers: the rate is smooth where the clock's own is.
double largest_wander_ppm(const std::vector<Answer>& answers, std::size_t span) {
  double worst = 0.0;
  for (std::size_t i = 2 * span; i < answers.size(); i += span) {
    const Duration late = answers[i].when - answers[i - span].when,
                   early = answers[i - span].when - answers[i - 2 * span].when;
    const double change = (answers[i].error - answers[i - span].error) / late -
                          (answers[i - span].error - answers[i - 2 * span].error) / early;
    worst = std::max(worst, std::fabs(change) * 1e6 / ((late + early) * 0.5).to_seconds());
  }
  return worst;
}

TEST(Smoothtime, FollowsAJumpOfTheSourceWithinItsLimits) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const double jump : {0.1, -0.1}) {
      Smoothed s(seed);
      s.scenario.run_for(Duration::seconds(2000));
      EXPECT_TRUE(s.server.log().contains("Activated time smoothing")) << s.log();
      s.top.clock().disturb(Duration::seconds(jump));
      const TrueTime begin = s.now();
      s.scenario.run_for(Duration::seconds(3000));
      const auto answers = s.answers.between(begin, s.now());
      ASSERT_GT(answers.size(), 2900u);
      // The clock's own frequency, which is known to a few ppm after a jump, is served too.
      EXPECT_LE(largest_rate_ppm(answers), kMaxPpm * 1.1) << s.log();
      EXPECT_GE(largest_rate_ppm(answers), kMaxPpm * 0.5) << "as fast as it may" << s.log();
      EXPECT_LE(largest_wander_ppm(answers, 20), kWanderPpm * 1.5) << s.log();
      // 0.1 s at 200 ppm and back and forth: 500 s and 200 s, once the jump is believed.
      EXPECT_NEAR(answers.back().error.to_seconds(), jump, 1e-3) << s.log();
      EXPECT_FALSE(s.server.log().contains("Reset time smoothing")) << s.log();
    }
  }
}

// Local time itself is corrected as ever.
TEST(Smoothtime, LeavesTheClockAlone) {
  Smoothed s(4);
  s.scenario.run_for(Duration::seconds(2000));
  s.top.clock().disturb(Duration::millis(100));
  s.scenario.run_for(Duration::seconds(200));
  EXPECT_NEAR(s.server.clock_error().to_seconds(), 0.1, 0.01) << s.log();
  EXPECT_LE(s.answers.all().back().error, Duration::millis(40)) << "served time comes later" << s.log();
  EXPECT_EQ(s.answers.all().back().header.ref_id, ntp::kSmoothedRefId) << s.log();
  const auto report = s.report();
  ASSERT_TRUE(report.has_value());
  EXPECT_LT(report->offset, Duration::millis(-50)) << "served - local";
  EXPECT_GT(report->frequency_ppm, 10.0) << "served time runs faster";
}

TEST(Smoothtime, StepsAreNotSmoothed) {
  for (const std::uint64_t seed : {5u, 6u}) {
    Smoothed s(seed, "makestep 0.5 -1\n");
    s.scenario.run_for(Duration::seconds(2000));
    s.top.clock().disturb(Duration::seconds(10.5));
    s.scenario.run_for(Duration::seconds(1000));
    EXPECT_FALSE(s.server.clock().steps().empty()) << s.log();
    EXPECT_TRUE(s.server.log().contains("Reset time smoothing")) << s.log();
    EXPECT_NEAR(s.answers.all().back().error.to_seconds(), 10.5, 0.05) << s.log();
  }
}

// A step by command is one too.
TEST(Smoothtime, NorAreThoseByCommand) {
  Smoothed s(7, "maxslewrate 100\n");
  s.scenario.run_for(Duration::seconds(4000));
  s.top.clock().disturb(Duration::seconds(2));
  s.scenario.run_for(Duration::seconds(300));
  EXPECT_LE(s.answers.all().back().error, Duration::seconds(1)) << s.log();
  ASSERT_TRUE(s.server.ask<std::monostate>(control::ClockRequest(control::MakestepRequest{})).has_value()) << s.log();
  s.scenario.run_for(Duration::seconds(2));
  EXPECT_EQ(s.server.log().count("Reset time smoothing"), 1u) << s.log();
  EXPECT_NEAR(s.answers.all().back().error.to_seconds(), s.server.clock_error().to_seconds(), 1e-3) << s.log();
}

// A frequency that is known to worse than 10 000 s of the largest wander; here never.
TEST(Smoothtime, WaitsForAGoodFrequency) {
  Smoothed s(8, "smoothtime 200 0.0000001\n");
  s.scenario.run_for(Duration::seconds(2000));
  EXPECT_FALSE(s.server.log().contains("Activated time smoothing")) << s.log();
  const auto report = s.report();
  ASSERT_TRUE(report.has_value());
  EXPECT_FALSE(report->active);
  EXPECT_TRUE(s.order(control::SmoothtimeRequest::kActivate));
  EXPECT_TRUE(s.report()->active);
  EXPECT_EQ(s.server.log().count("Activated time smoothing"), 1u) << s.log();
}

TEST(Smoothtime, IsResetByCommand) {
  Smoothed s(9);
  s.scenario.run_for(Duration::seconds(2000));
  s.top.clock().disturb(Duration::millis(100));
  s.scenario.run_for(Duration::seconds(200));
  EXPECT_TRUE(s.order(control::SmoothtimeRequest::kReset));
  s.scenario.run_for(Duration::seconds(2));
  EXPECT_EQ(s.server.log().count("Reset time smoothing"), 1u) << s.log();
  EXPECT_NEAR(s.answers.all().back().error.to_seconds(), 0.1, 0.02) << "at once";
  EXPECT_TRUE(s.report()->active) << "and it goes on";
  EXPECT_FALSE(s.order(2));
}

TEST(Smoothtime, IsRefusedWhereItIsNotConfigured) {
  Scenario scenario(10);
  Node& node = scenario.add("alone", {"10.0.0.2"}, usual_clock(), "smoothtime 0 1\n");
  scenario.start_all();
  EXPECT_FALSE(node.ask<control::SmoothingReply>(control::SmoothingRequest{}).has_value());
  EXPECT_FALSE(node.ask<std::monostate>(control::ClockRequest(control::SmoothtimeRequest{})).has_value());
}

}  // namespace
}  // namespace timed::sim
