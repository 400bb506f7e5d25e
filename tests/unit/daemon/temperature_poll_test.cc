#include "timed/daemon/temperature_poll.h"

#include <gtest/gtest.h>

#include "one_file.h"
#include "one_timer.h"

namespace timed::daemon {
namespace {

using discipline::TemperatureOptions;
using Texts = std::vector<std::string>;

TemperatureOptions polynomial() {
  return {.file = "/t", .interval = Duration::seconds(30), .t0 = 20, .k0 = 0, .k1 = 0.5, .k2 = 0, .points_file = {}};
}

struct Fixture {
  explicit Fixture(const TemperatureOptions& options)
      : poll(options, file, timers, [this](const TemperaturePoll::Reading& r) { readings.push_back(r); }) {}

  CapturedLog log;
  OneFile file{"/t"};
  OneTimer timers;
  std::vector<TemperaturePoll::Reading> readings;
  TemperaturePoll poll;
};

TEST(TemperaturePoll, ReadsAtTheStartAndEveryInterval) {
  Fixture f(polynomial());
  f.file.contents = "22.0\n";
  ASSERT_TRUE(f.poll.open().ok());
  EXPECT_TRUE(f.readings.empty());
  f.poll.start();
  ASSERT_EQ(f.readings.size(), 1u);
  EXPECT_EQ(f.readings[0].temperature, 22.0);
  EXPECT_NEAR(f.readings[0].compensation.to_ppm(), 1.0, 1e-12);
  f.file.contents = "16.0\n";
  EXPECT_EQ(f.timers.fire(), Duration::seconds(30));
  ASSERT_EQ(f.readings.size(), 2u);
  EXPECT_NEAR(f.readings[1].compensation.to_ppm(), -2.0, 1e-12);
  f.poll.stop();
  EXPECT_FALSE(f.timers.armed());
}

TEST(TemperaturePoll, WithoutAFileDoesNothing) {
  Fixture f({});
  EXPECT_TRUE(f.poll.open().ok());
  f.poll.start();
  EXPECT_FALSE(f.timers.armed());
}

// What cannot be believed is told once, until it works again, and leaves everything as it was.
TEST(TemperaturePoll, ToldOnceUntilItWorksAgain) {
  Fixture f(polynomial());
  f.poll.start();
  for (const char* text : {"", "hot", "nan", "100"}) {
    f.file.contents = text;
    f.timers.fire();
    f.timers.fire();
  }
  EXPECT_TRUE(f.readings.empty());
  EXPECT_EQ(f.log.lines, (Texts{"warning: Could not read temperature from /t",
                                "warning: Temperature compensation of 40.000 ppm exceeds sanity limit of 10.0"}));
  f.file.contents = "20";
  f.timers.fire();
  EXPECT_EQ(f.readings.size(), 1u);
  f.file.contents = "-100";
  f.timers.fire();
  f.file.contents.reset();
  f.timers.fire();
  EXPECT_EQ(f.readings.size(), 1u);
  EXPECT_EQ(f.log.lines.size(), 4u);
  EXPECT_EQ(f.log.lines[2], "warning: Temperature compensation of -60.000 ppm exceeds sanity limit of 10.0");
}

TEST(TemperaturePoll, AnIntervalOfNothingDoesNotFillTheLoop) {
  TemperatureOptions options = polynomial();
  options.interval = Duration::seconds(1e-9);
  Fixture f(options);
  f.poll.start();
  EXPECT_EQ(f.timers.fire(), Duration::millis(10));
}

TEST(TemperaturePoll, PointsMustBeReadable) {
  struct Case {
    std::optional<std::string> contents;
    std::string error;
  };
  for (const Case& c :
       {Case{std::nullopt, "Could not open /p : not there"}, Case{"1 2\nx\n", "Could not read tempcomp point from /p"},
        Case{"1 2\n", "Not enough points in /p"}, Case{"", "Not enough points in /p"}}) {
    OneFile file("/p");
    file.contents = c.contents;
    OneTimer timers;
    TemperatureOptions options = polynomial();
    options.points_file = "/p";
    TemperaturePoll poll(options, file, timers, [](const TemperaturePoll::Reading&) {});
    const Status status = poll.open();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, c.error);
  }
}

TEST(TemperaturePoll, PointsReplaceTheCoefficients) {
  OneFile file("/t");
  file.contents = "15 1.0\n25 2.0\n";
  OneTimer timers;
  TemperatureOptions options = polynomial();
  options.points_file = "/t";  // one file serves as both: the temperature is its first number
  std::optional<Frequency> compensation;
  TemperaturePoll poll(options, file, timers,
                       [&](const TemperaturePoll::Reading& r) { compensation = r.compensation; });
  ASSERT_TRUE(poll.open().ok());
  poll.start();
  ASSERT_TRUE(compensation.has_value());
  EXPECT_NEAR(compensation->to_ppm(), 1.0, 1e-12);
}

}  // namespace
}  // namespace timed::daemon
