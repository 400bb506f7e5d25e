#include "timed/daemon/time_smoothing.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/unit/daemon/one_file.h"

namespace timed::daemon {
namespace {

using control::ReplyStatus;
using control::SmoothtimeRequest;
using Lines = std::vector<std::string>;

const LocalTime kNow = LocalTime::from_seconds(1'700'000'000);

discipline::SmoothingOptions options(bool leap_only = false) {
  return {Frequency::ppm(100), 1e-6, leap_only};
}

discipline::ClockChange jump(double s) {
  return {RawTime(), kNow, Frequency::zero(), Duration::seconds(s)};
}

control::SmoothingReply report(const TimeSmoothing& smoothing, LocalTime now = kNow) {
  const control::Reply reply = smoothing.report(now);
  const auto* body = std::get_if<control::SmoothingReply>(&reply.body);
  EXPECT_NE(body, nullptr);
  return body == nullptr ? control::SmoothingReply{} : *body;
}

LocalLeap leap(int seconds, LocalLeap::By by) {
  return {kNow, seconds, by};
}

TEST(TimeSmoothing, NothingIsAnsweredWhereItIsOff) {
  TimeSmoothing smoothing{discipline::SmoothingOptions{}};
  EXPECT_EQ(smoothing.report(kNow).status, ReplyStatus::NotEnabled);
  for (const std::int32_t option : {0, 1, 2}) {
    EXPECT_EQ(smoothing.carry_out(SmoothtimeRequest{option}, kNow).status, ReplyStatus::NotEnabled);
  }
}

TEST(TimeSmoothing, TellsOfItsBeginAndItsEnd) {
  for (const bool leap_only : {false, true}) {
    CapturedLog log;
    TimeSmoothing smoothing(options(leap_only));
    smoothing.on_change(jump(1), Frequency::zero());
    EXPECT_FALSE(report(smoothing).active) << "nobody is served yet";
    smoothing.begin();
    smoothing.on_change(jump(1), Frequency::zero());
    EXPECT_EQ(report(smoothing).leap_only, leap_only);
    EXPECT_TRUE(report(smoothing).active);
    smoothing.on_change(jump(1), Frequency::zero());
    EXPECT_EQ(log.lines,
              Lines{std::string("info: Activated time smoothing") + (leap_only ? " (leap seconds only)" : "")});
    smoothing.on_step(kNow);
    EXPECT_EQ(log.lines.back(), "info: Reset time smoothing");
  }
}

TEST(TimeSmoothing, ObeysOrders) {
  CapturedLog log;
  TimeSmoothing smoothing(options());
  EXPECT_EQ(smoothing.carry_out({SmoothtimeRequest::kReset}, kNow).status, ReplyStatus::Success);
  EXPECT_TRUE(log.lines.empty()) << "there was nothing to end";
  EXPECT_EQ(smoothing.carry_out({SmoothtimeRequest::kActivate}, kNow).status, ReplyStatus::Success);
  EXPECT_EQ(smoothing.carry_out({SmoothtimeRequest::kActivate}, kNow).status, ReplyStatus::Success);
  EXPECT_EQ(log.lines, Lines{"info: Activated time smoothing"});
  EXPECT_EQ(smoothing.carry_out({2}, kNow).status, ReplyStatus::Invalid);
  EXPECT_EQ(smoothing.carry_out({-1}, kNow).status, ReplyStatus::Invalid);

  smoothing.begin();
  smoothing.on_change(jump(30e-3), Frequency::zero());
  const LocalTime later = kNow + Duration::seconds(30e-3 + 50);
  EXPECT_NEAR(report(smoothing, later).offset.to_seconds(), -28.75e-3, 1e-9);
  EXPECT_NEAR(report(smoothing, later).frequency_ppm, 50, 1e-6);
  EXPECT_NEAR(report(smoothing, later).wander_ppm, 1, 1e-9);
  EXPECT_NEAR(report(smoothing, later).since_update.to_seconds(), 50, 1e-6);
  EXPECT_NEAR(report(smoothing, later).remaining.to_seconds(), 350, 1e-6);
  EXPECT_EQ(smoothing.carry_out({SmoothtimeRequest::kReset}, later).status, ReplyStatus::Success);
  EXPECT_EQ(report(smoothing, later).offset, Duration::zero());
  EXPECT_EQ(report(smoothing, later).remaining, Duration::zero());
  EXPECT_TRUE(report(smoothing, later).active);
}

// Only what the kernel's clock does not show is smoothed; a leap that we step is a step.
TEST(TimeSmoothing, ALeapSecondIsSmoothedWhereItIsSlewed) {
  for (const bool leap_only : {false, true}) {
    for (const int seconds : {1, -1}) {
      CapturedLog log;
      TimeSmoothing smoothing(options(leap_only));
      smoothing.carry_out({SmoothtimeRequest::kActivate}, kNow);
      const LocalTime after = kNow + Duration::seconds(seconds);
      smoothing.on_leap(leap(seconds, LocalLeap::By::Kernel));
      EXPECT_EQ(report(smoothing, after).offset, Duration::zero());
      smoothing.on_leap(leap(seconds, LocalLeap::By::Slew));
      EXPECT_NEAR(report(smoothing, after).offset.to_seconds(), -seconds, 1e-12) << "served time has not leapt";
      EXPECT_EQ(log.lines.size(), 1u);
      smoothing.on_leap(leap(seconds, LocalLeap::By::Step));
      EXPECT_EQ(report(smoothing, after).offset, Duration::zero());
      EXPECT_EQ(log.lines.back(), "info: Reset time smoothing");
    }
  }
}

}  // namespace
}  // namespace timed::daemon
