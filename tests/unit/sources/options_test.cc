#include "timed/sources/options.h"

#include <gtest/gtest.h>

#include <cmath>

namespace timed::sources {
namespace {

std::variant<ParsedLine, LineErrors> parse(std::string_view text) {
  const auto words = split_words(text);
  return parse_source_line(words);
}

SourceLine line_of(std::string_view text) {
  const auto result = parse(text);
  const auto* parsed = std::get_if<ParsedLine>(&result);
  EXPECT_NE(parsed, nullptr) << text;
  return parsed != nullptr ? parsed->line : SourceLine{};
}

LineErrors errors_of(std::string_view text) {
  const auto result = parse(text);
  const auto* errors = std::get_if<LineErrors>(&result);
  return errors != nullptr ? *errors : LineErrors{};
}

LineError error_of(std::string_view text) {
  const LineErrors errors = errors_of(text);
  EXPECT_EQ(errors.size(), 1u) << text;
  return errors.size() == 1 ? errors[0] : LineError{LineError::Kind::MissingHost, 999, ""};
}

std::vector<std::string> unusual_of(std::string_view text) {
  const auto result = parse(text);
  const auto* parsed = std::get_if<ParsedLine>(&result);
  EXPECT_NE(parsed, nullptr) << text;
  std::vector<std::string> values;
  if (parsed != nullptr) {
    for (const std::string_view value : parsed->unusual) values.emplace_back(value);
  }
  return values;
}

TEST(SourceLine, DefaultsAreChronys) {
  const SourceLine line = line_of("ntp.example.net");
  EXPECT_EQ(line.name, "ntp.example.net");
  EXPECT_EQ(line.port, 123);
  EXPECT_EQ(line.poll.min_poll, 6);
  EXPECT_EQ(line.poll.max_poll, 10);
  EXPECT_EQ(line.poll.poll_target, 8);
  EXPECT_EQ(line.poll.presend, 100);
  EXPECT_FALSE(line.poll.iburst);
  EXPECT_EQ(line.check.max_delay, Duration::seconds(3));
  EXPECT_EQ(line.check.max_delay_dev_ratio, 10.0);
  EXPECT_EQ(line.max_unreach, 100000u);
  EXPECT_FALSE(line.min_samples.has_value());
  EXPECT_FALSE(line.version);
}

TEST(SourceLine, EveryOptionIsStored) {
  const SourceLine line = line_of(
      "192.0.2.1 iburst burst minpoll 2 maxpoll 4 port 1123 prefer noselect trust require polltarget 20 presend 9 "
      "maxdelay 0.5 maxdelayratio 2.5 maxdelaydevratio 3.5 mindelay 1e-4 asymmetry 0.3 offset -0.25 minstratum 3 "
      "minsamples 5 maxsamples 9 maxunreach 12 version 3 offline ipv6 ipv4");
  EXPECT_TRUE(line.poll.iburst && line.poll.burst && line.offline);
  EXPECT_EQ(line.poll.min_poll, 2);
  EXPECT_EQ(line.poll.max_poll, 4);
  EXPECT_EQ(line.port, 1123);
  EXPECT_TRUE(line.marks.prefer && line.marks.noselect && line.marks.trust && line.marks.require);
  EXPECT_EQ(line.poll.poll_target, 20);
  EXPECT_EQ(line.poll.presend, 9);
  EXPECT_EQ(line.check.max_delay, Duration::seconds(0.5));
  EXPECT_EQ(line.check.max_delay_ratio, 2.5);
  EXPECT_EQ(line.check.max_delay_dev_ratio, 3.5);
  EXPECT_EQ(line.stats.min_delay, Duration::seconds(1e-4));
  EXPECT_EQ(line.stats.asymmetry, 0.3);
  EXPECT_EQ(line.check.offset, Duration::seconds(-0.25));
  EXPECT_EQ(line.check.min_stratum, 3);
  EXPECT_EQ(line.min_samples, 5);
  EXPECT_EQ(line.max_samples, 9);
  EXPECT_EQ(line.max_unreach, 12u);
  EXPECT_EQ(line.version, 3);
  EXPECT_EQ(line.family, Family::Inet4) << "the last of ipv4 and ipv6 wins";
}

TEST(SourceLine, WordsMatchInAnyCase) {
  EXPECT_TRUE(line_of("a IBurst").poll.iburst);
  EXPECT_EQ(line_of("a MINPOLL 3").poll.min_poll, 3);
}

TEST(SourceLine, TextGluedToANumberIsTheNextOption) {
  const SourceLine line = line_of("a minpoll 5iburst");
  EXPECT_EQ(line.poll.min_poll, 5);
  EXPECT_TRUE(line.poll.iburst);
  EXPECT_EQ(line_of("a maxdelay 0x1p-1prefer").check.max_delay, Duration::seconds(0.5));
  const LineError error = error_of("a minpoll 5x");
  EXPECT_EQ(error.kind, LineError::Kind::UnknownOption);
  EXPECT_EQ(error.word, 2u);
  EXPECT_EQ(error_of("a maxdelay 1x").kind, LineError::Kind::UnknownOption);
  EXPECT_EQ(error_of("a maxpoll 5.5").kind, LineError::Kind::UnknownOption);
}

TEST(SourceLine, PollsAreBroughtIntoRange) {
  EXPECT_EQ(line_of("a minpoll 999").poll.min_poll, 24);
  EXPECT_EQ(line_of("a minpoll 99999999999999999999").poll.min_poll, 24);
  EXPECT_EQ(line_of("a minpoll -8").poll.min_poll, 6);
  EXPECT_EQ(line_of("a minpoll -7").poll.min_poll, -7);
  EXPECT_EQ(line_of("a minpoll 8 maxpoll 7").poll.max_poll, 8);
  EXPECT_EQ(line_of("a minpoll 12").poll.max_poll, 12);
  EXPECT_EQ(line_of("a maxpoll -9").poll.max_poll, 10);
  EXPECT_EQ(line_of("a maxpoll 32").poll.max_poll, 24);
  EXPECT_EQ(error_of("a maxpoll 33").kind, LineError::Kind::BadValue);
}

TEST(SourceLine, FilterAndQuantileHaveTheirRanges) {
  EXPECT_EQ(line_of("a").filter, 0);
  EXPECT_EQ(line_of("a filter 0").filter, 0);
  EXPECT_EQ(line_of("a filter 5").filter, 5);
  EXPECT_EQ(line_of("a filter 1000").filter, 256);
  EXPECT_EQ(line_of("a maxdelayquant 0").check.max_delay_quantile, 0.0);
  EXPECT_EQ(line_of("a maxdelayquant 0.333").check.max_delay_quantile, 0.33);
  EXPECT_EQ(line_of("a maxdelayquant 0.001").check.max_delay_quantile, 0.05);
  EXPECT_EQ(line_of("a maxdelayquant 7").check.max_delay_quantile, 0.95);
}

TEST(SourceLine, RealsAreClampedNotRefused) {
  EXPECT_EQ(line_of("a maxdelay -1").check.max_delay, Duration::zero());
  EXPECT_EQ(line_of("a maxdelay inf").check.max_delay, Duration::seconds(1000));
  EXPECT_EQ(line_of("a maxdelayratio 1e9").check.max_delay_ratio, 1e6);
  EXPECT_EQ(line_of("a minstratum 16").check.min_stratum, 15);
}

TEST(SourceLine, BadValuesNameTheirWord) {
  const struct {
    const char* text;
    std::size_t word;
  } cases[] = {
      {"a port 65536", 2},     {"a port -1", 2},       {"a version 0", 2},    {"a version 5", 2},
      {"a minstratum 17", 2},  {"a polltarget 0", 2},  {"a presend 33", 2},   {"a maxunreach -1", 2},
      {"a iburst minpoll", 2}, {"a minpoll x", 2},     {"a maxdelay", 1},     {"a maxsources 0", 2},
      {"a extfield F3", 2},    {"a minsamples -1", 2}, {"a filter -1", 2},    {"a ntsport 70000", 2},
      {"a key 0", 2},          {"a maxdelay +-1", 2},  {"a minpoll +-1", 2},  {"a prefer maxsamples -2", 3},
      {"a maxdelay nan", 2},   {"a offset nan", 2},    {"a mindelay nan", 2}, {"a asymmetry nan", 2},
  };
  for (const auto& c : cases) {
    const LineError error = error_of(c.text);
    EXPECT_EQ(error.kind, LineError::Kind::BadValue) << c.text;
    EXPECT_EQ(error.word, c.word) << c.text;
    EXPECT_FALSE(error.expected.empty()) << c.text;
  }
}

TEST(SourceLine, AllItsMistakesAreTold) {
  const LineErrors errors = errors_of("h\x01st minpoll x iburts 7 maxpoll 5 port 70000 version 3 prefer key");
  std::vector<std::size_t> words;
  for (const LineError& error : errors) words.push_back(error.word);
  EXPECT_EQ(words, (std::vector<std::size_t>{0, 2, 3, 8, 12})) << "and 7 may have been a value of iburts";
}

TEST(SourceLine, TimesThatNobodyHasAreCut) {
  EXPECT_EQ(line_of("a offset inf").check.offset, Duration::seconds(0x1p31));
  EXPECT_EQ(line_of("a offset -1e300").check.offset, Duration::seconds(-0x1p31));
  EXPECT_EQ(line_of("a offset 3e9").check.offset, Duration::seconds(0x1p31));
  EXPECT_EQ(line_of("a mindelay -inf").stats.min_delay, Duration::seconds(-0x1p31));
}

TEST(SourceLine, OddValuesAreTold) {
  using Values = std::vector<std::string>;
  EXPECT_EQ(unusual_of("a offset 3e9 mindelay 1e300prefer"), (Values{"3e9", "1e300"}));
  EXPECT_EQ(unusual_of("a key -1 certset 4294967296"), (Values{"-1", "4294967296"}));
  EXPECT_EQ(unusual_of("a key 4294967295 certset 0"), Values{});
  EXPECT_EQ(unusual_of("a maxdelayquant 0.01"), (Values{"0.01"}));
  EXPECT_EQ(unusual_of("a maxdelayquant 0 offset 0 mindelay 0"), Values{});
}

TEST(SourceLine, OptionsThatContradictEachOtherAreTold) {
  using Values = std::vector<std::string>;
  EXPECT_EQ(unusual_of("a minpoll 10 maxpoll 6"), (Values{"6"}));
  EXPECT_EQ(unusual_of("a maxpoll 4"), (Values{"4"})) << "below the minpoll that holds without a word";
  EXPECT_EQ(unusual_of("a maxpoll -9"), (Values{"-9"})) << "once";
  EXPECT_EQ(unusual_of("a minpoll 12"), Values{});
  EXPECT_EQ(unusual_of("a minsamples 10 maxsamples 5"), (Values{"10"}));
  EXPECT_EQ(unusual_of("a minsamples 10 maxsamples 0"), Values{});
  EXPECT_EQ(unusual_of("192.0.2.1 ipv6"), (Values{"ipv6"}));
  EXPECT_EQ(unusual_of("2001:db8::1 ipv4"), (Values{"ipv4"}));
  EXPECT_EQ(unusual_of("2001:db8::1 ipv6"), Values{});
  EXPECT_EQ(unusual_of("192.0.2.1:123"), (Values{"192.0.2.1:123"}));
  EXPECT_EQ(unusual_of("[::1]"), (Values{"[::1]"}));
  EXPECT_EQ(unusual_of("0.0.0.0"), (Values{"0.0.0.0"}));
}

TEST(SourceLine, UnknownOptionsSuggestTheNearest) {
  const LineError error = error_of("a iburts");
  EXPECT_EQ(error.kind, LineError::Kind::UnknownOption);
  EXPECT_EQ(error.word, 1u);
  EXPECT_EQ(error.expected, "iburst");
  EXPECT_EQ(parse_source_line({}).index(), 1u);
}

TEST(SourceLine, AKeyHasANumber) {
  EXPECT_EQ(line_of("a iburst key 1").key, 1u);
  EXPECT_EQ(line_of("a key -1").key, 0xffffffffu);
  EXPECT_EQ(error_of("a key").kind, LineError::Kind::BadValue);
}

TEST(SourceLine, OptionsWithoutFunctionAreListed) {
  const auto result = parse("a xleave copy auto_offline extfield F323 extfield 0x10A extfield f324 iburst");
  const auto* parsed = std::get_if<ParsedLine>(&result);
  ASSERT_NE(parsed, nullptr);
  EXPECT_EQ(parsed->not_available, (std::vector<std::size_t>{6, 8}));
  EXPECT_TRUE(parsed->line.poll.iburst);
}

TEST(SourceLine, OptionsOfAuthenticationAreStored) {
  EXPECT_FALSE(line_of("a iburst").nts);
  const SourceLine line = line_of("a NTS certset 7 ntsport 14460");
  EXPECT_TRUE(line.nts);
  EXPECT_EQ(line.cert_set, 7u);
  EXPECT_EQ(line.nts_port, 14460);
  EXPECT_EQ(line_of("a").nts_port, 4460);
  EXPECT_EQ(line_of("a certset -1").cert_set, 4294967295u) << "as with chrony it wraps";
  EXPECT_EQ(line_of("a certset 99999999999999999999").cert_set, 4294967295u);
  EXPECT_FALSE(line_of("a").key.has_value());
}

TEST(SourceLine, OwnSampleLimitsGoBeforeThoseOfTheDaemon) {
  discipline::StatsOptions defaults;
  defaults.min_samples = 6;
  defaults.max_samples = 20;
  EXPECT_EQ(effective_stats(line_of("a"), defaults).max_samples, 20);
  EXPECT_EQ(effective_stats(line_of("a maxsamples 4"), defaults).min_samples, 4);
  EXPECT_EQ(effective_stats(line_of("a maxsamples 999"), defaults).max_samples, 64);
  EXPECT_EQ(effective_stats(line_of("a maxsamples 0 minsamples 99"), defaults).min_samples, 64);
  EXPECT_EQ(effective_stats(line_of("a minsamples 0"), defaults).min_samples, 1);
  EXPECT_FALSE(effective_stats(line_of("a"), defaults).averaged);
  EXPECT_TRUE(effective_stats(line_of("a filter 5"), defaults).averaged);
  EXPECT_EQ(effective_stats(line_of("a"), defaults).estimator, discipline::EstimatorKind::Bayes);
  EXPECT_EQ(effective_stats(line_of("a"), {.estimator = discipline::EstimatorKind::Regression}).estimator,
            discipline::EstimatorKind::Regression);
  EXPECT_EQ(effective_stats(line_of("a mindelay 0.1"), defaults).min_delay, Duration::seconds(0.1));
}

TEST(SourceLine, HostMustBePrintable) {
  EXPECT_EQ(error_of("h\x01st").kind, LineError::Kind::BadValue);
  EXPECT_EQ(error_of("h\xc3\xb6st").kind, LineError::Kind::BadValue);
}

TEST(SourceLine, AllWordsParse) {
  EXPECT_EQ(source_option_words().size(), 36u);
  for (const std::string_view word : source_option_words()) {
    const auto result = parse("a " + std::string(word) + " 1");
    const auto* errors = std::get_if<LineErrors>(&result);
    const LineError* error = errors != nullptr ? &errors->front() : nullptr;
    // Flags leave the number over, as an unknown option in the place of the number, never of the word.
    const bool unknown = error != nullptr && error->kind == LineError::Kind::UnknownOption;
    EXPECT_TRUE(!unknown || error->word == 2u) << word;
  }
}

}  // namespace
}  // namespace timed::sources
