#include "findings.h"

namespace timed::config {
namespace {

std::string with_directive(const char* shape, const Statement& statement) {
  std::string text = shape;
  text.replace(text.find('%'), 1, statement.directive());
  return text;
}

}  // namespace

Finding finding_at(const Statement& statement, std::size_t word, std::string summary, std::string expected) {
  Finding finding;
  finding.summary = std::move(summary);
  finding.expected = std::move(expected);
  if (word < statement.words.size()) {
    finding.column = statement.words[word].column;
    finding.length = statement.words[word].text.size();
  } else {
    const Word& last = statement.words.back();
    finding.column = last.column + last.text.size() + 1;
  }
  return finding;
}

Finding finding_at_text(const Statement& statement, std::string_view text, std::string summary, std::string expected) {
  Finding finding;
  finding.summary = std::move(summary);
  finding.expected = std::move(expected);
  for (const Word& word : statement.words) {
    if (text.data() < word.text.data() || text.data() > word.text.data() + word.text.size()) continue;
    finding.column = word.column + static_cast<std::size_t>(text.data() - word.text.data());
    finding.length = text.size();
  }
  return finding;
}

std::size_t index_of_word(std::span<const Word> words, std::string_view text) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (equals_ignoring_case(words[i].text, text)) return i;
  }
  return 0;
}

std::string one_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
    text += words[i];
  }
  return text;
}

std::string could_not_parse(const Statement& statement) {
  return with_directive("Could not parse % directive", statement);
}

std::string missing_arguments(const Statement& statement) {
  return with_directive("Missing arguments for % directive", statement);
}

std::string too_many_arguments(const Statement& statement) {
  return with_directive("Too many arguments for % directive", statement);
}

std::string invalid_option(const Statement& statement) {
  return with_directive("Invalid option in % directive", statement);
}

std::string invalid_value(const Statement& statement) {
  return with_directive("Invalid value in % directive", statement);
}

std::string invalid_syntax(const Statement& statement) {
  return with_directive("Invalid syntax for % directive", statement);
}

void refuse(const Statement& statement, std::size_t word, Findings& findings, std::string expected) {
  findings.errors.push_back(finding_at(statement, word, could_not_parse(statement), std::move(expected)));
}

bool has_arguments(const Statement& statement, std::size_t count, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given == count) return true;
  const bool missing = given < count;
  findings.errors.push_back(missing ? finding_at(statement, statement.words.size(), missing_arguments(statement))
                                    : finding_at(statement, count + 1, too_many_arguments(statement)));
  return false;
}

void warn_of_rest(const Statement& statement, std::string_view rest, Findings& findings) {
  if (rest.empty()) return;
  std::string summary = "Ignored \"" + std::string(rest) + "\" in " + std::string(statement.directive()) + " directive";
  findings.warnings.push_back(finding_at_text(statement, rest, std::move(summary)));
}

void warn_of_unusual(const Statement& statement, std::string_view number, Findings& findings) {
  std::string summary =
      "Unusual value " + std::string(number) + " in " + std::string(statement.directive()) + " directive";
  findings.warnings.push_back(finding_at_text(statement, number, std::move(summary)));
}

}  // namespace timed::config
