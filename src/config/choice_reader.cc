#include "choice_reader.h"

#include <algorithm>

#include "timed/base/text.h"

namespace timed::config {

std::optional<std::size_t> read_choice(const Statement& statement, std::span<const std::string_view> choices,
                                       Findings& findings) {
  const std::string_view word = statement.arguments()[0].text;
  const auto found = std::find_if(choices.begin(), choices.end(),
                                  [word](std::string_view choice) { return equals_ignoring_case(word, choice); });
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  refuse(statement, 1, findings, one_of(choices));
  findings.errors.back().suggestion = nearest_word(word, choices);
  return std::nullopt;
}

}  // namespace timed::config
