#include "timed/daemon/start_time.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "one_file.h"
#include "one_timer.h"
#include "timed/base/log.h"

namespace timed::daemon {
namespace {

const RawTime kNow = RawTime::from_seconds(1'800'000'000);

TEST(HwclockFile, SaysOnItsThirdLineWhatTheRtcKeeps) {
  EXPECT_EQ(rtc_keeps_utc("0.0 0 0.0\n0\nUTC\n"), true);
  EXPECT_EQ(rtc_keeps_utc("0.0 0 0.0\n0\nLOCAL"), false);
  EXPECT_EQ(rtc_keeps_utc("\n\nUTC"), true);
  for (const char* text : {"", "UTC\n", "LOCAL\nUTC\n", "0\n0\n", "0\n0\n UTC", "0\n0\nutc", "0\n0\n0\nUTC"}) {
    EXPECT_EQ(rtc_keeps_utc(text), std::nullopt) << text;
  }
}

class RtcHost : public env::Host {
 public:
  void random(std::span<std::byte>) override {}
  void resolve(std::string, Family, Resolved) override {}
  env::Files& files() override { return file; }
  void notify(const std::string&) override {}
  void mail(const std::string&) override {}
  Result<RawTime> read_rtc(const std::string& device, bool utc) override {
    asked.push_back(device + (utc ? " UTC" : " LOCAL"));
    if (!rtc) return Error{"Could not open RTC device"};
    return *rtc;
  }
  std::string machine_name() override { return "fake"; }
  int processors() override { return 1; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override { return Error{"no threads here"}; }
  void post(std::function<void()>) override {}

  OneFile file{"/adjtime"};
  std::optional<RawTime> rtc;
  std::vector<std::string> asked;
};

class StartTimeTest : public ::testing::Test {
 protected:
  StartTimeTest() {
    log::set_sink([this](log::Severity, std::string_view text) { lines.emplace_back(text); });
    options.hwclock_file = "";
  }
  ~StartTimeTest() override { log::set_sink({}); }

  // What the clock is to be stepped by with an RTC that is so much ahead of it, in whole seconds.
  std::optional<StartTime::Target> target(std::optional<double> rtc_ahead_s, std::optional<double> drift_file_ahead_s) {
    lines.clear();
    if (rtc_ahead_s) host.rtc = kNow + Duration::seconds(*rtc_ahead_s);
    StartTime start(options, host, timers);
    start.read_rtc();
    std::optional<RawTime> drift;
    if (drift_file_ahead_s) drift = kNow + Duration::seconds(*drift_file_ahead_s);
    return start.target(kNow, drift);
  }

  RtcHost host;
  OneTimer timers;
  config::RtcOptions options;
  std::vector<std::string> lines;
};

TEST_F(StartTimeTest, TheMiddleOfTheSecondThatTheRtcTells) {
  const auto ahead = target(100, std::nullopt);
  ASSERT_TRUE(ahead.has_value());
  EXPECT_DOUBLE_EQ(ahead->offset.to_seconds(), 100.5);
  EXPECT_STREQ(ahead->done, "System time set from RTC");
  EXPECT_DOUBLE_EQ(target(-100, -1000)->offset.to_seconds(), -99.5);
  EXPECT_TRUE(lines.empty());
}

TEST_F(StartTimeTest, LessThanASecondIsLeftToTheSources) {
  EXPECT_FALSE(target(0, -5).has_value());
  EXPECT_FALSE(target(-1, -5).has_value());
  EXPECT_FALSE(target(0, 0.4).has_value()) << "the RTC is believed, so the drift file does not matter";
  EXPECT_TRUE(target(1, -5).has_value());
  EXPECT_TRUE(target(-2, -5).has_value());
  EXPECT_TRUE(lines.empty());
}

TEST_F(StartTimeTest, AnRtcBehindTheDriftFileIsNotBelieved) {
  EXPECT_FALSE(target(-100, -50).has_value());
  EXPECT_EQ(lines, std::vector<std::string>{"RTC time before last driftfile modification (ignored)"});
  const auto behind = target(-100, 50);
  ASSERT_TRUE(behind.has_value());
  EXPECT_DOUBLE_EQ(behind->offset.to_seconds(), 50);
  EXPECT_STREQ(behind->done, "System time restored from driftfile");
}

TEST_F(StartTimeTest, WithoutAnRtcTheDriftFileIsAllThereIs) {
  EXPECT_FALSE(target(std::nullopt, std::nullopt).has_value());
  EXPECT_EQ(lines, std::vector<std::string>{"Could not open RTC device"});
  EXPECT_FALSE(target(std::nullopt, -1).has_value());
  EXPECT_DOUBLE_EQ(target(std::nullopt, 7)->offset.to_seconds(), 7);
}

TEST_F(StartTimeTest, WhatWentByAfterTheReadingCounts) {
  host.rtc = kNow;
  StartTime start(options, host, timers);
  start.read_rtc();
  timers.time = timers.time + Duration::seconds(3);
  EXPECT_DOUBLE_EQ(start.target(kNow, std::nullopt)->offset.to_seconds(), 3.5);
}

TEST_F(StartTimeTest, NothingIsReadBeforeItIsAsked) {
  StartTime start(options, host, timers);
  EXPECT_FALSE(start.target(kNow, std::nullopt).has_value());
  EXPECT_TRUE(host.asked.empty());
}

TEST_F(StartTimeTest, HwclocksFileGoesBeforeTheDirective) {
  options.device = "/dev/rtc7";
  options.hwclock_file = "/adjtime";
  target(0, std::nullopt);
  host.file.contents = "0 0 0\n0\nUTC\n";
  target(0, std::nullopt);
  options.utc = true;
  host.file.contents = "0 0 0\n0\nLOCAL\n";
  target(0, std::nullopt);
  EXPECT_TRUE(lines.empty());
  host.file.contents = "0 0 0\n";
  target(0, std::nullopt);
  EXPECT_EQ(host.asked,
            (std::vector<std::string>{"/dev/rtc7 LOCAL", "/dev/rtc7 UTC", "/dev/rtc7 LOCAL", "/dev/rtc7 UTC"}));
  EXPECT_EQ(lines, std::vector<std::string>{"Could not read RTC LOCAL/UTC setting from /adjtime"});
}

}  // namespace
}  // namespace timed::daemon
