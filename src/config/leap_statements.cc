#include "leap_statements.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "findings.h"
#include "number_reader.h"

namespace timed::config {
namespace {

using Mode = discipline::LeapSecondMode;

constexpr auto kModeWords = std::to_array<std::string_view>({"system", "step", "slew", "ignore"});
constexpr auto kModes = std::to_array<Mode>({Mode::System, Mode::Step, Mode::Slew, Mode::Ignore});

}  // namespace

void parse_leapsecmode(const Statement& statement, Config& config, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.size() == 1) {
    const std::string_view word = arguments[0].text;
    const auto found = std::find_if(kModeWords.begin(), kModeWords.end(),
                                    [word](std::string_view mode) { return equals_ignoring_case(word, mode); });
    if (found != kModeWords.end()) {
      config.leap_seconds.mode = kModes[static_cast<std::size_t>(found - kModeWords.begin())];
      return;
    }
  }
  const std::size_t at = arguments.size() == 1 ? 1 : std::min<std::size_t>(statement.words.size(), 2);
  refuse(statement, at, findings, one_of(kModeWords));
  if (arguments.size() == 1) findings.errors.back().suggestion = nearest_word(arguments[0].text, kModeWords);
}

void parse_smoothtime(const Statement& statement, Config& config, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.size() != 2 && !has_arguments(statement, 3, findings)) return;
  const bool leap_only = arguments.size() == 3;
  if (leap_only && !equals_ignoring_case(arguments[2].text, "leaponly")) {
    refuse(statement, 3, findings, "leaponly, or nothing more");
    return;
  }
  NumberReader numbers(statement, 1, 3, findings);
  const double frequency_ppm = numbers.real();
  const double wander_ppm = numbers.real();
  if (numbers.ok()) config.smoothing = {Frequency::ppm(frequency_ppm), wander_ppm * 1e-6, leap_only};
}

}  // namespace timed::config
