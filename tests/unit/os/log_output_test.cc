#include "timed/os/log_output.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <regex>
#include <string>

#include "tests/unit/os/child.h"
#include "tests/unit/os/temporary_directory.h"

namespace timed::os {
namespace {

LogOptions to_file(const std::string& path) {
  LogOptions options;
  options.to = LogOptions::To::File;
  options.program = "timed";
  options.path = path;
  return options;
}

TEST(UtcStamp, IsIso8601) {
  EXPECT_EQ(utc_stamp(RawTime::from_seconds(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_stamp(RawTime::from_seconds(1'709'210'096, 999'999'999)), "2024-02-29T12:34:56Z");
}

TEST(LogOutput, WritesStampedLinesToAFile) {
  TemporaryDirectory directory;
  {
    const auto output = LogOutput::open(to_file(directory / "log"));
    ASSERT_TRUE(output.ok());
    log::info("Selected source %s", "192.0.2.1");
    log::debug("unheard");
    log::fatal("No ports");
  }
  const std::string stamp = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ )";
  EXPECT_TRUE(std::regex_match(contents_of(directory / "log"), std::regex(stamp + "Selected source 192\\.0\\.2\\.1\n" +
                                                                          stamp + "Fatal error : No ports\n")))
      << contents_of(directory / "log");
  EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(directory / "log").permissions()) & ~0640u, 0u);
}

TEST(LogOutput, GoesOnInANewFileAfterTheOldOneWasMoved) {
  TemporaryDirectory directory;
  const auto output = LogOutput::open(to_file(directory / "log"));
  ASSERT_TRUE(output.ok());
  log::info("first");
  std::filesystem::rename(directory / "log", directory / "log.1");
  log::info("second");
  ASSERT_TRUE((*output)->reopen().ok());
  log::info("third");
  EXPECT_NE(contents_of(directory / "log.1").find("second"), std::string::npos);
  EXPECT_EQ(contents_of(directory / "log").find("second"), std::string::npos);
  EXPECT_NE(contents_of(directory / "log").find("third"), std::string::npos);
  // A failure must not cost the messages.
  std::filesystem::rename(directory / "log", directory / "log.2");
  std::filesystem::create_symlink("elsewhere", directory / "log");
  EXPECT_FALSE((*output)->reopen().ok());
  log::info("fourth");
  EXPECT_NE(contents_of(directory / "log.2").find("fourth"), std::string::npos);
}

TEST(LogOutput, RefusesALinkAndADirectory) {
  TemporaryDirectory directory;
  std::filesystem::create_symlink(directory / "target", directory / "log");
  EXPECT_FALSE(LogOutput::open(to_file(directory / "log")).ok());
  EXPECT_FALSE(std::filesystem::exists(directory / "target"));
  const auto refused = LogOutput::open(to_file(directory.path()));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "Could not open " + directory.path() + " : Is a directory");
}

// Neither opening nor a full pipe may hold the daemon up.
TEST(LogOutput, DoesNotWaitForTheReaderOfAPipe) {
  TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  const auto refused = LogOutput::open(to_file(directory / "pipe"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "Could not open " + directory / "pipe" + " : No such device or address");
  const Descriptor reader(::open((directory / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto output = LogOutput::open(to_file(directory / "pipe"));
  ASSERT_TRUE(output.ok()) << output.error().message;
  const std::string line(1000, 'x');
  for (int i = 0; i < 200; ++i) log::info("%s", line.c_str());
}

TEST(LogOutput, WritesToStandardError) {
  const auto result = run_child([] {
    LogOptions options;
    options.to = LogOptions::To::StandardError;
    const auto output = LogOutput::open(options);
    log::warning("careful");
    return 0;
  });
  EXPECT_TRUE(std::regex_match(result.errors, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ careful\n)")))
      << result.errors;
}

TEST(LogOutput, RepeatsWhatIsFatalInTheForeground) {
  for (const bool repeat : {false, true}) {
    const auto result = run_child([repeat] {
      LogOptions options;
      options.program = "timed-unit-test";
      options.repeat_fatal = repeat;
      const auto output = LogOutput::open(options);
      log::error("only in the system log");
      log::fatal("Not superuser");
      return 0;
    });
    EXPECT_EQ(result.errors, repeat ? "Fatal error : Not superuser\n" : "");
  }
}

}  // namespace
}  // namespace timed::os
