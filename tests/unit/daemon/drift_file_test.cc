#include "timed/daemon/drift_file.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/daemon/one_file.h"

namespace timed::daemon {
namespace {

const std::string kPath = "/var/lib/timed/drift";
const std::string kUnread = "warning: Could not read valid frequency and skew from driftfile " + kPath;
const std::string kInvalid = kUnread + " (two numbers in ppm are expected, as the daemon writes them)";

Drift drift_of(double frequency_ppm, double skew_ppm) {
  return {Frequency::ppm(frequency_ppm), Frequency::ppm(skew_ppm)};
}

class DriftFileTest : public ::testing::Test {
 protected:
  std::optional<Drift> read(std::string text) {
    files.contents = std::move(text);
    return file.read();
  }

  CapturedLog log;
  OneFile files{kPath};
  DriftFile file{{.path = kPath, .interval = Duration::seconds(3600)}, files};
};

// ---- the format ----

TEST(DriftText, TwoColumnsOfTwentyWithSixDecimals) {
  EXPECT_EQ(write_drift(drift_of(-0.11725, 0.000001)), "            0.117250             0.000001\n");
  EXPECT_EQ(write_drift(drift_of(12345.678901, 1000000)), "       -12345.678901       1000000.000000\n");
  EXPECT_EQ(write_drift(drift_of(0, 0)), "            0.000000             0.000000\n");
}

// In the file a clock that gains has a positive frequency; inside, the correction of such a clock is negative.
TEST(DriftText, TheSignTurnsAtTheBorder) {
  const auto gains = parse_drift("10.5 0.25");
  ASSERT_TRUE(gains);
  EXPECT_DOUBLE_EQ(gains->frequency.to_ppm(), -10.5);
  EXPECT_DOUBLE_EQ(gains->skew.to_ppm(), 0.25);
  const auto loses = parse_drift("-10.5 0.25");
  ASSERT_TRUE(loses);
  EXPECT_DOUBLE_EQ(loses->frequency.to_ppm(), 10.5);
}

TEST(DriftText, WhatWasWrittenIsRead) {
  for (const auto& [frequency, skew] : std::vector<std::pair<double, double>>{
           {0.0, 0.000001}, {0.000001, 1.0}, {-99999.999999, 0.5}, {100000.0, 1e6}, {3.141593, 2000.0}}) {
    const auto read = parse_drift(write_drift(drift_of(frequency, skew)));
    ASSERT_TRUE(read) << frequency;
    EXPECT_NEAR(read->frequency.to_ppm(), frequency, 1e-9);
    EXPECT_NEAR(read->skew.to_ppm(), skew, 1e-9);
  }
}

TEST(DriftText, IsFreeInItsForm) {
  for (const char* text : {"1 2", "1 2\n", "\n\t 1\n\n2", "+1.0 2e0", "1 2 and what others may have added\n3 4\n",
                           "1.0ppm 2.0ppm", "0x1p0 2"}) {
    const auto read = parse_drift(text);
    ASSERT_TRUE(read) << text;
    EXPECT_DOUBLE_EQ(read->frequency.to_ppm(), -1.0) << text;
    EXPECT_DOUBLE_EQ(read->skew.to_ppm(), 2.0) << text;
  }
}

// A skew of zero would mean that nothing measured is ever believed.
TEST(DriftText, TheSkewIsNeverZero) {
  for (const char* text : {"1 0", "1 -0", "1 1e-30"}) {
    const auto read = parse_drift(text);
    ASSERT_TRUE(read) << text;
    EXPECT_DOUBLE_EQ(read->skew.to_ratio(), 1e-12) << text;
  }
}

TEST(DriftText, WhatIsNoDriftIsNone) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          "\n",
                                                          "   ",
                                                          "1",
                                                          "1\n",
                                                          "x 1",
                                                          "1 x",
                                                          "nan 1",
                                                          "1 nan",
                                                          "inf 1",
                                                          "-inf 1",
                                                          "1 inf",
                                                          "1 infinity",
                                                          "1e999 1",
                                                          "1 1e999",
                                                          "1 -1",
                                                          "1 -1e-9",
                                                          "1 1e300",
                                                          "10 1e300",
                                                          "1e300 1",
                                                          "-1e300 1",
                                                          "200000 1",
                                                          "-100000.1 1",
                                                          "1 10000000.1",
                                                          "--1 1",
                                                          "1,2",
                                                          "\xff\xfe 1",
                                                          ". .",
                                                          "e5 1",
                                                          "# 1 2",
                                                          "1 #2",
                                                          std::string("\0001 2", 4),
                                                          std::string("1\0 2", 4)}) {
    EXPECT_FALSE(parse_drift(text)) << text;
  }
}

// ---- reading ----

TEST_F(DriftFileTest, WithoutAFileThereIsNothingToSay) {
  EXPECT_FALSE(file.read());
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(DriftFileTest, WithoutAPathNothingIsTouched) {
  DriftFile none({.path = "", .interval = Duration::seconds(1)}, files);
  EXPECT_FALSE(none.read());
  none.note_update(Duration::seconds(100), drift_of(1, 1));
  none.write(drift_of(1, 1));
  EXPECT_EQ(files.writes, 0u);
  EXPECT_EQ(files.least_limit, 16u << 20);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(DriftFileTest, SaysWhatItHasRead) {
  const auto drift = read("            0.117250             0.000001\n");
  ASSERT_TRUE(drift);
  EXPECT_DOUBLE_EQ(drift->frequency.to_ppm(), -0.11725);
  EXPECT_EQ(log.lines, (std::vector<std::string>{"info: Frequency 0.117 +/- 0.000 ppm read from " + kPath}));
}

TEST_F(DriftFileTest, WarnsOfContentsThatAreNone) {
  for (const char* text : {"", "garbage\n", "nan nan\n", "1 -1\n", "10 1e300\n", "200000 1\n"}) {
    log.lines.clear();
    EXPECT_FALSE(read(text)) << text;
    EXPECT_EQ(log.lines, std::vector<std::string>{kInvalid}) << text;
  }
}

TEST_F(DriftFileTest, WarnsOfWhatCannotBeReadAsAFile) {
  for (const Error& error : {Error{"Could not open " + kPath + " : Is a directory", ErrorKind::Invalid},
                             Error{"Could not open " + kPath + " : Permission denied", ErrorKind::Permission},
                             Error{"Could not read " + kPath + " : Input/output error", ErrorKind::Other}}) {
    log.lines.clear();
    files.unreadable = error;
    EXPECT_FALSE(file.read());
    EXPECT_EQ(log.lines, std::vector<std::string>{kUnread + " (" + error.reason() + ")"});
  }
}

TEST_F(DriftFileTest, DoesNotReadAHugeFile) {
  EXPECT_FALSE(read("1 2\n" + std::string(1 << 20, ' ')));
  EXPECT_EQ(log.lines, std::vector<std::string>{kUnread + " (File too large)"});
  EXPECT_LE(files.least_limit, 65536u);
}

// ---- writing ----

TEST_F(DriftFileTest, KeepsTheLastGoodNumbers) {
  file.write(drift_of(-1.5, 0.25));
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Drift& drift : {drift_of(nan, 1), drift_of(inf, 1), drift_of(1, nan), drift_of(1, -inf)}) {
    file.write(drift);
  }
  EXPECT_EQ(files.writes, 1u);
  EXPECT_EQ(files.contents, "            1.500000             0.250000\n");
}

TEST_F(DriftFileTest, WritesForAllToRead) {
  file.write(drift_of(-1.5, 0.25));
  EXPECT_EQ(files.contents, "            1.500000             0.250000\n");
  EXPECT_EQ(files.mode, 0644u);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(DriftFileTest, WritesWhenTheIntervalsOfUpdatesAddUp) {
  for (int i = 0; i < 3; ++i) file.note_update(Duration::seconds(1000), drift_of(i, 1));
  EXPECT_EQ(files.writes, 0u);
  file.note_update(Duration::seconds(600), drift_of(-7, 1));
  EXPECT_EQ(files.writes, 1u);
  EXPECT_EQ(files.contents, "            7.000000             1.000000\n");
  // The count begins anew.
  file.note_update(Duration::seconds(3599), drift_of(0, 1));
  EXPECT_EQ(files.writes, 1u);
  file.note_update(Duration::seconds(1), drift_of(0, 1));
  EXPECT_EQ(files.writes, 2u);
}

TEST_F(DriftFileTest, AWriteOfItsOwnBeginsTheCountAnew) {
  file.note_update(Duration::seconds(3000), drift_of(0, 1));
  file.write(drift_of(0, 1));
  file.note_update(Duration::seconds(3000), drift_of(0, 1));
  EXPECT_EQ(files.writes, 1u);
}

TEST_F(DriftFileTest, AnIntervalOfZeroWritesAtEachUpdate) {
  DriftFile eager({.path = kPath, .interval = Duration::zero()}, files);
  for (int i = 0; i < 3; ++i) eager.note_update(Duration::zero(), drift_of(0, 1));
  EXPECT_EQ(files.writes, 3u);
}

TEST_F(DriftFileTest, AFullDiskIsToldOnceUntilItWorksAgain) {
  const Error full{"Could not write " + kPath + ".tmp : No space left on device", ErrorKind::Other};
  files.unwritable = full;
  for (int i = 0; i < 5; ++i) file.write(drift_of(0, 1));
  EXPECT_EQ(log.lines, (std::vector<std::string>{"error: " + full.message}));
  EXPECT_EQ(files.writes, 5u);

  files.unwritable.reset();
  file.write(drift_of(0, 1));
  files.unwritable = full;
  file.write(drift_of(0, 1));
  file.write(drift_of(0, 1));
  EXPECT_EQ(log.lines, (std::vector<std::string>{"error: " + full.message, "error: " + full.message}));
}

// A write that failed is not tried again at every update: the disk may stay full for days.
TEST_F(DriftFileTest, AFailedWriteWaitsForTheNextInterval) {
  files.unwritable = Error{"no", ErrorKind::Other};
  file.note_update(Duration::seconds(3600), drift_of(0, 1));
  file.note_update(Duration::seconds(1), drift_of(0, 1));
  EXPECT_EQ(files.writes, 1u);
}

TEST_F(DriftFileTest, ARestartBeginsWhereTheLastRunEnded) {
  file.write(drift_of(-42.123456, 0.5));
  DriftFile next({.path = kPath, .interval = Duration::seconds(3600)}, files);
  const auto drift = next.read();
  ASSERT_TRUE(drift);
  EXPECT_NEAR(drift->frequency.to_ppm(), -42.123456, 1e-9);
  EXPECT_NEAR(drift->skew.to_ppm(), 0.5, 1e-9);
}

}  // namespace
}  // namespace timed::daemon
