// What is read here goes nowhere yet, but a mistake in it is refused as chrony refuses it, and what chrony would
// silently bend to its limits is a warning.
#include "checks.h"

#include <algorithm>
#include <array>

#include "access_rule.h"
#include "findings.h"
#include "number_reader.h"
#include "option_reader.h"
#include "refclock.h"
#include "statements.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

using Value = OptionRow::Value;

void refuse(const Statement& statement, std::size_t word, Findings& findings, std::string expected = {}) {
  findings.errors.push_back(finding_at(statement, word, could_not_parse(statement), std::move(expected)));
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view other) { return equals_ignoring_case(word, other); });
}

// Exactly one of some words.
void check_choice(const Statement& statement, std::span<const std::string_view> choices, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.size() != 1) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 2), findings);
  } else if (!is_one_of(arguments[0].text, choices)) {
    refuse(statement, 1, findings, one_of(choices));
    findings.errors.back().suggestion = nearest_word(arguments[0].text, choices);
  }
}

constexpr auto kRateLimitOptions = std::to_array<OptionRow>({
    {.name = "interval", .value = Value::Integer, .min = -32, .max = 32, .usual_min = -19, .usual_max = 12},
    // chrony documents up to 255 and takes up to 32.
    {.name = "burst", .value = Value::Integer, .min = -32, .max = 255, .usual_min = 1},
    {.name = "leak", .value = Value::Integer, .min = -32, .max = 32, .usual_min = 1, .usual_max = 4},
    {.name = "kod", .value = Value::Integer, .min = -32, .max = 32, .usual_min = 0, .usual_max = 4},
});

constexpr auto kFilters = std::to_array<std::string_view>({"all", "ntp", "ptp", "none"});
constexpr auto kHwTimestampOptions = std::to_array<OptionRow>({
    {.name = "minpoll", .value = Value::Integer, .min = -32, .max = 32, .usual_min = -6, .usual_max = 20},
    {.name = "maxpoll", .value = Value::Integer, .min = -32, .max = 32, .usual_min = -6, .usual_max = 20},
    {.name = "minsamples", .value = Value::Integer, .usual_min = 2, .usual_max = 64},
    {.name = "maxsamples", .value = Value::Integer, .usual_min = 2, .usual_max = 64},
    {.name = "precision", .value = Value::Real, .usual_min = 0},
    {.name = "txcomp", .value = Value::Real},
    {.name = "rxcomp", .value = Value::Real},
    {.name = "nocrossts"},
    {.name = "rxfilter", .value = Value::Choice, .choices = kFilters},
});

void check_options(const Statement& statement, std::size_t first, std::span<const OptionRow> rows, Findings& findings) {
  OptionReader options(statement, first, rows, OptionReader::Shapes::Plain, findings);
  while (options.next() != nullptr) continue;
}

}  // namespace

void check_refclock(const Statement& statement, Findings& findings) {
  static_cast<void>(read_refclock(statement, findings));
}

void check_authselectmode(const Statement& statement, Findings& findings) {
  constexpr auto kModes = std::to_array<std::string_view>({"require", "prefer", "mix", "ignore"});
  check_choice(statement, kModes, findings);
}

void check_leapsecmode(const Statement& statement, Findings& findings) {
  constexpr auto kModes = std::to_array<std::string_view>({"system", "step", "slew", "ignore"});
  check_choice(statement, kModes, findings);
}

void check_fallbackdrift(const Statement& statement, Findings& findings) {
  if (!has_arguments(statement, 2, findings)) return;
  NumberReader numbers(statement, 1, 3, findings);
  const int min = numbers.integer();
  const int max = numbers.integer();
  if (numbers.ok() && min > max) warn_of_unusual(statement, statement.words[2].text, findings);
}

void check_tempcomp(const Statement& statement, Findings& findings) {
  constexpr std::size_t kWithPoints = 3, kWithCoefficients = 6;
  const bool has_points = statement.arguments().size() == kWithPoints;
  if (!has_points && !has_arguments(statement, kWithCoefficients, findings)) return;
  // The coefficients are one run of numbers; the interval before a file stands alone.
  NumberReader numbers(statement, 2, has_points ? 3 : statement.words.size(), findings);
  for (std::size_t count = has_points ? 1 : kWithCoefficients - 1; count > 0 && numbers.ok(); --count) numbers.real();
}

void check_smoothtime(const Statement& statement, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.size() != 2 && !has_arguments(statement, 3, findings)) return;
  if (arguments.size() == 3 && !equals_ignoring_case(arguments[2].text, "leaponly")) {
    refuse(statement, 3, findings, "leaponly, or nothing more");
    return;
  }
  NumberReader numbers(statement, 1, 3, findings);
  numbers.real();
  numbers.real();
}

void check_broadcast(const Statement& statement, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given < 2 || given > 3) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 4), findings);
    return;
  }
  constexpr double kLongestInterval = 1 << 24;
  if (!read_loose_integer(statement, 1, 1, kLongestInterval, findings)) return;
  if (!read_address(statement, 2, findings)) return;
  if (given == 3) read_loose_integer(statement, 3, 0, 65535, findings);
}

void check_clientloglimit(const Statement& statement, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  constexpr double kMostBytes = 1e12;
  read_loose_integer(statement, 1, 0, kMostBytes, findings);
}

void check_hwtimestamp(const Statement& statement, Findings& findings) {
  if (statement.words.size() < 2) {
    refuse(statement, 1, findings);
    return;
  }
  check_options(statement, 2, kHwTimestampOptions, findings);
}

void check_ratelimit(const Statement& statement, Findings& findings) {
  check_options(statement, 1, kRateLimitOptions, findings);
}

void check_ratelimit_without_kod(const Statement& statement, Findings& findings) {
  check_options(statement, 1, std::span(kRateLimitOptions).first<3>(), findings);
}

void check_ntsaeads(const Statement& statement, Findings& findings) {
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const auto id = parse_integer(statement.words[word].text);
    if (id && *id >= 0 && *id <= std::numeric_limits<int>::max()) continue;
    refuse(statement, word, findings, "numbers of AEAD algorithms, as 30 or 15");
    return;
  }
}

void check_ntstrustedcerts(const Statement& statement, Findings& findings) {
  if (statement.arguments().size() == 1 || !has_arguments(statement, 2, findings)) return;
  read_loose_integer(statement, 1, 0, std::numeric_limits<std::uint32_t>::max(), findings);
}

void check_access(const Statement& statement, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  const bool has_subnet = given == 1 || (given == 2 && statement.words[1].text == "all");
  if (has_subnet && !equals_ignoring_case(statement.words.back().text, "all")) {
    // Names would be looked up, which is no business of a check.
    const auto parsed = parse_subnet(statement.words.back().text);
    const auto* other = std::get_if<NotASubnet>(&parsed);
    if (other != nullptr && other->may_be_host_name) return;
  }
  static_cast<void>(parse_access_rule(true, statement, findings));
}

void check_opencommands(const Statement& statement, Findings& findings) {
  constexpr auto kReports =
      std::to_array<std::string_view>({"activity", "authdata", "clients", "manual", "ntpdata", "rtcdata", "selectdata",
                                       "serverstats", "smoothing", "sourcename", "sources", "sourcestats", "tracking"});
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    if (is_one_of(statement.words[word].text, kReports)) continue;
    refuse(statement, word, findings, one_of(kReports));
    findings.errors.back().suggestion = nearest_word(statement.words[word].text, kReports);
    return;
  }
}

void check_sourcedir(const Statement& statement, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given >= 1 && given <= kMaxDirectories) return;
  // chrony takes such a line and does nothing with it.
  Finding finding = finding_at(statement, given == 0 ? 1 : kMaxDirectories + 1, "Ignored sourcedir directive",
                               format("one to %zu directories", kMaxDirectories));
  findings.warnings.push_back(std::move(finding));
}

}  // namespace timed::config
