#include "timed/daemon/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace timed::daemon {
namespace {

using Action = CommandLine::Action;
using Purpose = config::RunOptions::Purpose;
using Words = std::vector<std::string_view>;

std::variant<CommandLine, CommandLineRefusal> parse(Words words) {
  words.insert(words.begin(), "timed");
  return parse_command_line(words);
}

CommandLine accepted(const Words& words) {
  const auto parsed = parse(words);
  if (const auto* refusal = std::get_if<CommandLineRefusal>(&parsed)) {
    ADD_FAILURE() << refusal->message;
    return {};
  }
  return std::get<CommandLine>(parsed);
}

CommandLineRefusal refused(const Words& words) {
  const auto parsed = parse(words);
  if (const auto* refusal = std::get_if<CommandLineRefusal>(&parsed)) return *refusal;
  ADD_FAILURE() << "was accepted";
  return {};
}

TEST(CommandLine, NothingGivenIsADaemon) {
  const CommandLine line = accepted({});
  EXPECT_EQ(line.action, Action::Run);
  EXPECT_TRUE(line.config_path.ends_with("/timed.conf"));
  EXPECT_TRUE(line.directives.empty());
  EXPECT_FALSE(line.foreground);
  EXPECT_FALSE(line.log_to_stderr);
  EXPECT_EQ(line.log_level, log::Severity::Info);
  EXPECT_EQ(line.family, Family::Unspecified);
  EXPECT_TRUE(line.control_clock);
  EXPECT_TRUE(line.need_root);
  EXPECT_FALSE(line.user.has_value());
  EXPECT_EQ(parse_command_line({}).index(), 0u);
}

TEST(CommandLine, LettersMayBeBundledAndArgumentsGlued) {
  const CommandLine line = accepted({"-nxU4f/a/b", "-u", "ntp", "-l/var/log/x"});
  EXPECT_TRUE(line.foreground);
  EXPECT_FALSE(line.log_to_stderr);
  EXPECT_FALSE(line.control_clock);
  EXPECT_FALSE(line.need_root);
  EXPECT_EQ(line.family, Family::Inet4);
  EXPECT_EQ(line.config_path, "/a/b");
  EXPECT_EQ(line.user, "ntp");
  EXPECT_EQ(line.log_file, "/var/log/x");
}

TEST(CommandLine, OptionsAndDirectivesMayBeMixed) {
  const CommandLine line = accepted({"server a", "-x", "allow", "-", "--", "-d", "--check"});
  EXPECT_EQ(line.directives, (std::vector<std::string>{"server a", "allow", "-", "-d", "--check"}));
  EXPECT_FALSE(line.control_clock);
  EXPECT_FALSE(line.foreground);
  EXPECT_EQ(line.action, Action::Run);
}

TEST(CommandLine, TheLastFamilyWins) {
  EXPECT_EQ(accepted({"-4", "-6"}).family, Family::Inet6);
  EXPECT_EQ(accepted({"-64"}).family, Family::Inet4);
}

TEST(CommandLine, DebugMessagesNeedTheLetterTwice) {
  EXPECT_TRUE(accepted({"-d"}).foreground);
  EXPECT_TRUE(accepted({"-d"}).log_to_stderr);
  EXPECT_EQ(accepted({"-d"}).log_level, log::Severity::Info);
  EXPECT_EQ(accepted({"-d", "-d"}).log_level, log::Severity::Debug);
  EXPECT_EQ(accepted({"-dd"}).log_level, log::Severity::Debug);
  EXPECT_EQ(accepted({"-dd", "-L", "1"}).log_level, log::Severity::Debug);
  EXPECT_EQ(accepted({"-L", "1", "-d", "-d"}).log_level, log::Severity::Debug);
  EXPECT_EQ(accepted({"-L", "1", "-d"}).log_level, log::Severity::Warning);
}

TEST(CommandLine, LevelIsAPrefixAndIsBroughtIntoRange) {
  EXPECT_EQ(accepted({"-L", "-1"}).log_level, log::Severity::Debug);
  EXPECT_EQ(accepted({"-L1"}).log_level, log::Severity::Warning);
  EXPECT_EQ(accepted({"-L", "2x"}).log_level, log::Severity::Error);
  EXPECT_EQ(accepted({"-L", "99"}).log_level, log::Severity::Fatal);
  EXPECT_EQ(accepted({"-L", "-99"}).log_level, log::Severity::Debug);
  EXPECT_EQ(refused({"-L", "x"}).message, "Invalid argument x");
  EXPECT_FALSE(refused({"-L", "x"}).show_usage);
}

TEST(CommandLine, PrintingAndCheckingNeedNeitherRootNorTheBackground) {
  for (const std::string_view word : {"-p", "--check"}) {
    const CommandLine line = accepted({word});
    EXPECT_EQ(line.action, word == "-p" ? Action::PrintConfiguration : Action::CheckConfiguration);
    EXPECT_TRUE(line.foreground);
    EXPECT_TRUE(line.log_to_stderr);
    EXPECT_FALSE(line.need_root);
    EXPECT_EQ(line.log_level, log::Severity::Warning);
  }
  EXPECT_EQ(accepted({"--check", "-p"}).action, Action::CheckConfiguration);
  EXPECT_EQ(accepted({"-p", "--check"}).action, Action::CheckConfiguration);
}

TEST(CommandLine, HelpAndVersion) {
  EXPECT_EQ(accepted({"-h"}).action, Action::PrintHelp);
  EXPECT_EQ(accepted({"-v"}).action, Action::PrintVersion);
  EXPECT_EQ(accepted({"-vz"}).action, Action::PrintVersion);
  EXPECT_EQ(accepted({"-h", "-z"}).action, Action::PrintHelp);
  EXPECT_EQ(accepted({"-z", "-f", "--help"}).action, Action::PrintHelp);
  EXPECT_EQ(accepted({"--", "--version", "--help"}).action, Action::PrintVersion);
}

TEST(CommandLine, WhatItDoesNotKnowEndsItWithTheUsage) {
  const std::vector<std::pair<Words, std::string>> cases = {{{"-z"}, "timed: invalid option -- 'z'"},
                                                            {{"-xz"}, "timed: invalid option -- 'z'"},
                                                            {{"--foo"}, "timed: unrecognized option '--foo'"},
                                                            {{"-f"}, "timed: option requires an argument -- 'f'"},
                                                            {{"-xu"}, "timed: option requires an argument -- 'u'"}};
  for (const auto& [words, message] : cases) {
    EXPECT_EQ(refused(words).message, message);
    EXPECT_TRUE(refused(words).show_usage);
  }
}

TEST(CommandLine, TimeIsRestoredOnlyWhereAsked) {
  for (const auto& [words, wanted] : std::vector<std::pair<Words, bool>>{{{"-s"}, true}, {{}, false}}) {
    const CommandLine line = accepted(words);
    config::Config config;
    apply_options(line, config);
    EXPECT_EQ(config.process.restore_time, wanted);
  }
}

TEST(CommandLine, ArgumentsThatAskForNothingAreTaken) {
  for (const Words& words : std::vector<Words>{{"-F", "0"}, {"-F0x"}, {"-P", "0"}, {"-N", "0"}}) {
    const CommandLine line = accepted(words);
    EXPECT_EQ(line.action, Action::Run);
    EXPECT_FALSE(line.sched_priority.has_value());
    EXPECT_EQ(line.ready_descriptor, 0);
    EXPECT_EQ(line.filter_level, 0);
  }
}

TEST(CommandLine, AFilterHasALevel) {
#ifdef TIMED_SANITIZED
  EXPECT_EQ(refused({"-F", "1"}).message, "system call filter not supported in a program with sanitizers");
  EXPECT_NE(feature_text().find("-SCFILTER"), std::string::npos);
#else
  for (const int level : {-2, -1, 1, 2}) EXPECT_EQ(accepted({"-F", std::to_string(level)}).filter_level, level);
  EXPECT_EQ(accepted({"-F", "1", "-F", "0"}).filter_level, 0);
  EXPECT_NE(feature_text().find("+SCFILTER"), std::string::npos);
#endif
  EXPECT_EQ(refused({"-F", "3"}).message, "Unsupported filter level: 3");
  EXPECT_EQ(refused({"-F-3"}).message, "Unsupported filter level: -3");
}

TEST(CommandLine, APriorityIsFromOneToNinetyNine) {
  EXPECT_EQ(accepted({"-P1"}).sched_priority, 1);
  EXPECT_EQ(accepted({"-P", "99 or so"}).sched_priority, 99);
  EXPECT_FALSE(accepted({"-P", "5", "-P", "0"}).sched_priority.has_value());
}

TEST(CommandLine, ADescriptorIsNotNegative) {
  EXPECT_EQ(accepted({"-N", "3"}).ready_descriptor, 3);
  EXPECT_EQ(refused({"-N", "-1"}).message, "Invalid argument -1");
  EXPECT_EQ(refused({"-N", "2147483648"}).message, "Invalid argument 2147483648");
}

TEST(CommandLine, ArgumentsThatAreNoneAreRefused) {
  for (const std::string_view letter : {"-F", "-P", "-N", "-t", "-L"}) {
    for (const std::string_view value : {"x", "", "--1", "99999999999999999999"}) {
      EXPECT_EQ(refused({letter, value}).message, "Invalid argument " + std::string(value)) << letter;
      EXPECT_FALSE(refused({letter, value}).show_usage);
    }
  }
  EXPECT_EQ(refused({"-P", "100"}).message, "Bad scheduler priority: 100");
  EXPECT_EQ(refused({"-P-1"}).message, "Bad scheduler priority: -1");
}

TEST(CommandLine, SettingTheClockOnceStaysInTheForeground) {
  const CommandLine line = accepted({"-q"});
  EXPECT_EQ(line.action, Action::Run);
  EXPECT_EQ(line.run.purpose, Purpose::SetClock);
  EXPECT_TRUE(line.foreground && line.log_to_stderr);
  EXPECT_TRUE(line.control_clock && line.need_root);
  EXPECT_EQ(line.log_level, log::Severity::Info);
  const config::Config config = initial_config(line);
  EXPECT_EQ(config.server.port, 123);
  EXPECT_EQ(config.control.port, 323);
  EXPECT_FALSE(config.control.unix_path.empty() || config.process.pid_file.empty());
}

TEST(CommandLine, MeasuringTheClockNeedsAndTakesNothing) {
  const CommandLine line = accepted({"-Q"});
  EXPECT_EQ(line.run.purpose, Purpose::MeasureClock);
  EXPECT_TRUE(line.foreground && line.log_to_stderr);
  EXPECT_FALSE(line.control_clock || line.need_root);
  const config::Config config = initial_config(line);
  EXPECT_EQ(config.server.port, 0);
  EXPECT_EQ(config.control.port, 0);
  EXPECT_TRUE(config.control.unix_path.empty() && config.process.pid_file.empty());
}

TEST(CommandLine, OfSettingAndMeasuringTheLastHoldsButTheClockStaysOutOfReach) {
  for (const Words& words : std::vector<Words>{{"-Q", "-q"}, {"-Qq"}}) {
    const CommandLine line = accepted(words);
    EXPECT_EQ(line.run.purpose, Purpose::SetClock);
    EXPECT_FALSE(line.control_clock || line.need_root);
    EXPECT_EQ(initial_config(line).server.port, 123);
  }
  EXPECT_EQ(accepted({"-qQ"}).run.purpose, Purpose::MeasureClock);
}

TEST(CommandLine, ATimeoutIsSecondsFromZeroOn) {
  EXPECT_FALSE(accepted({}).run.timeout.has_value());
  EXPECT_EQ(accepted({"-t", "5"}).run.timeout, Duration::seconds(5));
  EXPECT_EQ(accepted({"-t7s"}).run.timeout, Duration::seconds(7));
  EXPECT_EQ(accepted({"-t", "0"}).run.timeout, Duration::zero());
  EXPECT_FALSE(accepted({"-t", "-1"}).run.timeout.has_value());
  EXPECT_FALSE(accepted({"-t", "5", "-t", "-1"}).run.timeout.has_value());
}

TEST(ApplyOptions, APurposeAndATimeoutReachTheDaemon) {
  config::Config config;
  config.init_step_slew.emplace();
  apply_options(accepted({"-q", "-t", "3"}), config);
  EXPECT_EQ(config.run.purpose, Purpose::SetClock);
  EXPECT_EQ(config.run.timeout, Duration::seconds(3));
  EXPECT_TRUE(config.init_step_slew.has_value());
  apply_options(accepted({"-R"}), config);
  EXPECT_EQ(config.run.purpose, Purpose::KeepTime);
  EXPECT_FALSE(config.init_step_slew.has_value());
}

TEST(ApplyOptions, ARestartStepsOnlyWithoutALimit) {
  for (const int limit : {3, 0, -1}) {
    config::Config config;
    config.reference.make_step = {Duration::seconds(0.5), limit};
    apply_options(accepted({}), config);
    EXPECT_EQ(config.reference.make_step.limit, limit);
    apply_options(accepted({"-R"}), config);
    EXPECT_EQ(config.reference.make_step.limit, std::min(limit, 0));
  }
}

TEST(ApplyOptions, WhatTheProcessIsComesFromBoth) {
  config::Config config;
  config.process.sched_priority = 3;
  config.process.lock_memory = true;
  apply_options(accepted({}), config);
  EXPECT_EQ(config.process.sched_priority, 3);
  EXPECT_TRUE(config.process.lock_memory);
  config.process.lock_memory = false;
  apply_options(accepted({"-mP7"}), config);
  EXPECT_EQ(config.process.sched_priority, 7);
  EXPECT_TRUE(config.process.lock_memory);
}

TEST(ApplyOptions, ComesBeforeTheConfiguration) {
  config::Config config;
  config.process.user = "from-file";
  config.sources.resize(2);
  config.sources[1].family = Family::Inet4;
  apply_options(accepted({}), config);
  EXPECT_EQ(config.process.user, "from-file");
  EXPECT_TRUE(config.clock.control);
  EXPECT_TRUE(config.server.use_v4 && config.server.use_v6 && config.control.use_v4 && config.control.use_v6);
  EXPECT_EQ(config.sources[0].family, Family::Unspecified);
  EXPECT_FALSE(config.process.reload_history);
  apply_options(accepted({"-6", "-x", "-r", "-u", "me"}), config);
  EXPECT_TRUE(config.process.reload_history);
  EXPECT_EQ(config.process.user, "me");
  EXPECT_FALSE(config.clock.control);
  EXPECT_EQ(config.family, Family::Inet6);
  EXPECT_FALSE(config.server.use_v4 || config.control.use_v4);
  EXPECT_TRUE(config.server.use_v6 && config.control.use_v6);
  EXPECT_EQ(config.sources[0].family, Family::Inet6);
  EXPECT_EQ(config.sources[1].family, Family::Inet4);
}

TEST(UsageText, IsLaidOutLikeChronyds) {
  const std::string text = usage_text("./timed");
  EXPECT_TRUE(
      text.starts_with("Usage: ./timed [OPTION]... [DIRECTIVE]...\n\nOptions:\n  -4\t\tUse IPv4 addresses only\n"));
  std::vector<std::string> letters;
  for (std::size_t at = text.find("\n  -"); at != std::string::npos; at = text.find("\n  -", at + 1)) {
    letters.push_back(text.substr(at + 3, 2));
  }
  EXPECT_EQ(letters,
            (std::vector<std::string>{"-4", "-6", "-f", "-n", "-d", "-l", "-L", "-p", "-q", "-Q", "-r", "-R", "-s",
                                      "-t", "-u", "-U", "-F", "-P", "-m", "-x", "-N", "-v", "-h", "--", "--", "--"}));
  EXPECT_NE(text.find("(" + config::default_path() + ")"), std::string::npos);
  EXPECT_NE(text.find("(" + config::default_user() + ")"), std::string::npos);
  EXPECT_EQ(text.back(), '\n');
}

TEST(VersionText, NamesTheProgramWithoutItsPath) {
  const std::string text = version_text("/usr/sbin/timed");
  EXPECT_TRUE(text.starts_with("timed (timed) version ")) << text;
  EXPECT_TRUE(text.ends_with("-DEBUG)\n")) << text;
}

}  // namespace
}  // namespace timed::daemon
