#include "leap_statements.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "choice_reader.h"
#include "findings.h"
#include "number_reader.h"

namespace timed::config {
namespace {

using Mode = discipline::LeapSecondMode;

constexpr auto kModeWords = std::to_array<std::string_view>({"system", "step", "slew", "ignore"});
constexpr auto kModes = std::to_array<Mode>({Mode::System, Mode::Step, Mode::Slew, Mode::Ignore});

}  // namespace

void parse_leapsecmode(const Statement& statement, Config& config, Findings& findings) {
  if (statement.arguments().size() != 1) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 2), findings, one_of(kModeWords));
  } else if (const auto mode = read_choice(statement, kModeWords, findings)) {
    config.leap_seconds.mode = kModes[*mode];
  }
}

void parse_smoothtime(const Statement& statement, Config& config, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.size() != 2 && !has_arguments(statement, 3, findings)) return;
  const bool leap_only = arguments.size() == 3;
  constexpr auto kOptions = std::to_array<std::string_view>({"leaponly"});
  if (leap_only && !equals_ignoring_case(arguments[2].text, kOptions[0])) {
    refuse(statement, 3, findings, "leaponly, or nothing more");
    findings.errors.back().suggestion = nearest_word(arguments[2].text, kOptions);
    return;
  }
  NumberReader numbers(statement, 1, 3, findings);
  const double frequency_ppm = numbers.real(kNotNegative);
  const double wander_ppm = numbers.real(kNotNegative);
  if (numbers.ok()) config.smoothing = {Frequency::ppm(frequency_ppm), wander_ppm * 1e-6, leap_only};
}

}  // namespace timed::config
