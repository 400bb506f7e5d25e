#include "timed/base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "timed/base/result.h"

namespace timed {
namespace {

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    log::set_sink([this](log::Severity severity, std::string_view text) {
      severities.push_back(severity);
      lines.emplace_back(text);
    });
  }
  ~LogTest() override {
    log::set_sink({});
    log::set_minimum(log::Severity::Info);
  }
  std::vector<log::Severity> severities;
  std::vector<std::string> lines;
};

TEST_F(LogTest, goes_to_the_sink_with_its_severity) {
  log::info("Selected source %s", "192.0.2.1");
  log::warning("w");
  log::error("e %d", 1);
  log::fatal("f");
  EXPECT_EQ(lines, (std::vector<std::string>{"Selected source 192.0.2.1", "w", "e 1", "f"}));
  EXPECT_EQ(severities, (std::vector<log::Severity>{log::Severity::Info, log::Severity::Warning, log::Severity::Error,
                                                    log::Severity::Fatal}));
}

TEST_F(LogTest, what_is_below_the_minimum_is_dropped) {
  log::debug("d");
  EXPECT_TRUE(lines.empty());
  EXPECT_FALSE(log::enabled(log::Severity::Debug));
  log::set_minimum(log::Severity::Debug);
  log::debug("d");
  EXPECT_EQ(lines.size(), 1u);
  log::set_minimum(log::Severity::Error);
  log::warning("w");
  log::message(log::Severity::Warning, "w");
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(LogTest, a_message_is_not_a_format) {
  log::message(log::Severity::Info, "100%s%n");
  EXPECT_EQ(lines.at(0), "100%s%n");
}

TEST(Result, holds_one_of_two) {
  Result<int> good(5);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 5);
  EXPECT_EQ(good.take(), 5);
  Result<int> bad(Error{"no", ErrorKind::NotFound});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "no");
  EXPECT_EQ(bad.error().kind, ErrorKind::NotFound);
  EXPECT_TRUE(Status::success().ok());
  const Status status = Error{"why"};
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "why");
}

TEST(ResultDeathTest, asking_for_what_is_not_there_stops_us) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const Result<int> bad(Error{"no"});
  EXPECT_DEATH(static_cast<void>(bad.value()), "assertion failed");
  EXPECT_DEATH(static_cast<void>(Status().error()), "assertion failed");
}

}  // namespace
}  // namespace timed
