// The shapes of errors in a statement, in chrony's words, each at one of its words.
#ifndef TIMED_SRC_CONFIG_FINDINGS_H_
#define TIMED_SRC_CONFIG_FINDINGS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "timed/config/directives.h"

namespace timed::config {

// How the warning ends that is given of what has no function yet.
inline constexpr std::string_view kNotAvailable = " is not available yet";

// At a word of the statement by its index, or behind the last one.
Finding finding_at(const Statement& statement, std::size_t word, std::string summary, std::string expected = {});
// At a text that is part of one of the statement's words.
Finding finding_at_text(const Statement& statement, std::string_view text, std::string summary,
                        std::string expected = {});

// Of the first that is the text, in whatever case; 0, the directive, where there is none.
std::size_t index_of_word(std::span<const Word> words, std::string_view text);

// "a, b or c".
std::string one_of(std::span<const std::string_view> words);

std::string could_not_parse(const Statement& statement);
std::string missing_arguments(const Statement& statement);
std::string too_many_arguments(const Statement& statement);
std::string invalid_option(const Statement& statement);
std::string invalid_value(const Statement& statement);
std::string invalid_syntax(const Statement& statement);

// "Could not parse", at a word.
void refuse(const Statement& statement, std::size_t word, Findings& findings, std::string expected = {});
// Exactly so many arguments, or an error and false.
bool has_arguments(const Statement& statement, std::size_t count, Findings& findings);
// A real that chrony reads as a number only at its begin is taken; the rest is worth a warning.
void warn_of_rest(const Statement& statement, std::string_view rest, Findings& findings);
// A number that chrony takes although it hardly makes sense is taken with a warning; the text is part of a word.
void warn_of_unusual(const Statement& statement, std::string_view number, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_FINDINGS_H_
