// What is read here goes nowhere yet, but a mistake in it is refused as chrony refuses it, and what chrony would
// silently bend to its limits is a warning.
#include "checks.h"

#include <algorithm>
#include <array>

#include "findings.h"
#include "number_reader.h"
#include "statements.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

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

}  // namespace

void check_authselectmode(const Statement& statement, Findings& findings) {
  constexpr auto kModes = std::to_array<std::string_view>({"require", "prefer", "mix", "ignore"});
  check_choice(statement, kModes, findings);
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

}  // namespace timed::config
