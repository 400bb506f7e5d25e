#include "timed/client/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace timed::client {
namespace {

using Value = nlohmann::json;

TEST(Json, TrackingHasTheSignsOfCsv) {
  control::TrackingReply r;
  r.ref_id = {0x47505300};
  r.stratum = 1;
  r.leap = 0;
  r.ref_time = {1795391384, 250000000};
  r.correction = Duration::seconds(0.5);
  r.last_offset = Duration::seconds(0.25);
  r.frequency_ppm = -2.0;
  const Value told = Value::parse(json::tracking(r, "GPS"));
  EXPECT_EQ(told.at("reference_id"), "47505300");
  EXPECT_EQ(told.at("name"), "GPS");
  EXPECT_TRUE(told.at("address").is_null());
  EXPECT_EQ(told.at("reference_time_s"), 1795391384.25);
  EXPECT_EQ(told.at("correction_s"), 0.5);
  EXPECT_EQ(told.at("last_offset_s"), -0.25);
  EXPECT_EQ(told.at("frequency_ppm"), 2.0);
  EXPECT_EQ(told.at("leap"), "none");
}

TEST(Json, WhatIsNotKnownIsNull) {
  EXPECT_TRUE(Value::parse(json::tracking({}, "")).at("reference_time_s").is_null());
  const Value source = Value::parse(json::sources_row({}, "x"));
  EXPECT_TRUE(source.at("since_sample_s").is_null());
  EXPECT_TRUE(source.at("address").is_null());
  const Value client = Value::parse(json::clients_row({}, "x"));
  EXPECT_TRUE(client.at("ntp").at("interval_log2_s").is_null());
  EXPECT_TRUE(client.at("ntp").at("limited_interval_log2_s").is_null());
  EXPECT_TRUE(client.at("commands").at("since_s").is_null());
  EXPECT_FALSE(client.at("nts_ke").contains("limited_interval_log2_s"));
}

TEST(Json, NumbersThatAreNoneDoNotBreakIt) {
  control::TrackingReply r;
  r.skew_ppm = std::numeric_limits<double>::quiet_NaN();
  r.frequency_ppm = std::numeric_limits<double>::infinity();
  const Value told = Value::parse(json::tracking(r, "\xff\x01\""));
  EXPECT_TRUE(told.at("skew_ppm").is_null());
  EXPECT_TRUE(told.at("frequency_ppm").is_null());
}

TEST(Json, EnumerationsAreWords) {
  control::SourceDataReply r;
  r.mode = control::SourceMode::RefClock;
  r.status = control::SourceStatus::Combined;
  r.address = IpAddress::v4(0x54535400);
  const Value told = Value::parse(json::sources_row(r, "TST"));
  EXPECT_EQ(told.at("mode"), "refclock");
  EXPECT_EQ(told.at("state"), "combined");
  EXPECT_TRUE(told.at("address").is_null());
  r.mode = static_cast<control::SourceMode>(9);
  EXPECT_TRUE(Value::parse(json::sources_row(r, "TST")).at("mode").is_null());
}

TEST(Json, TestsHaveTheirNames) {
  control::NtpDataReply r;
  r.flags = 0x3fe;
  const Value tests = Value::parse(json::ntpdata(r)).at("tests");
  EXPECT_EQ(tests.size(), 10u);
  EXPECT_EQ(tests.at("1"), true);
  EXPECT_EQ(tests.at("D"), false);
  EXPECT_EQ(Value::parse(json::ntpdata(r)).at("packets").size(), 8u);
  r.old = true;
  EXPECT_EQ(Value::parse(json::ntpdata(r)).at("packets").size(), 4u);
}

TEST(Json, OptionsAreAList) {
  control::SelectDataReply r;
  r.configured = 5;
  const Value told = Value::parse(json::selectdata_row(r, "x"));
  EXPECT_EQ(told.at("configured_options"), Value({"noselect", "trust"}));
  EXPECT_EQ(told.at("effective_options"), Value::array());
}

TEST(Json, RtcAndManualSamples) {
  const control::RtcReply clock{{100, 0}, 5, 3, 1200, Duration::seconds(1.25), -4.5};
  EXPECT_EQ(Value::parse(json::rtcdata(clock)), Value({{"reference_time_s", 100.0},
                                                       {"samples", 5},
                                                       {"runs", 3},
                                                       {"span_s", 1200},
                                                       {"fast_s", 1.25},
                                                       {"gain_ppm", -4.5}}));
  control::ManualListReply samples;
  samples.entries.push_back({{100, 0}, Duration::seconds(0.5), Duration::seconds(1.5), Duration::zero()});
  const Value told = Value::parse(json::manual_list(samples));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].at("index"), 0);
  EXPECT_EQ(told[0].at("slewed_offset_s"), -0.5);
  EXPECT_EQ(told[0].at("original_offset_s"), -1.5);
}

TEST(Json, AStatusIsItsNumberAndItsWords) {
  EXPECT_EQ(json::status("501 Not authorised"), R"({"status":501,"text":"Not authorised"})");
  EXPECT_EQ(Value::parse(json::status("words")).at("text"), "words");
  EXPECT_EQ(Value::parse(json::status("")).at("text"), "");
}

TEST(Json, ArraysHoldWhatWasMade) {
  EXPECT_EQ(json::array({}), "[]");
  const std::vector<std::string> objects = {"{}", "[1]"};
  EXPECT_EQ(json::array(objects), "[{},[1]]");
}

}  // namespace
}  // namespace timed::client
