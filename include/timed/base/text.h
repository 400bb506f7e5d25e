// Words and numbers in text that a person wrote: configuration lines, key files, commands.
#ifndef TIMED_BASE_TEXT_H_
#define TIMED_BASE_TEXT_H_

#include <cstdarg>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace timed {

// printf into a string; the compiler checks the arguments.
__attribute__((format(printf, 1, 2))) std::string format(const char* shape, ...);
__attribute__((format(printf, 1, 0))) std::string format_list(const char* shape, std::va_list arguments);

// ASCII only, as chrony compares words.
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);
bool is_space(char c);
// ASCII that leaves a mark: what a name that others give may be shown with.
constexpr bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}
bool all_visible(std::string_view text);
// A digit, a sign or a point.
constexpr bool begins_like_number(std::string_view text) {
  return !text.empty() &&
         (std::string_view("+-.").find(text[0]) != std::string_view::npos || (text[0] >= '0' && text[0] <= '9'));
}

// One word of a line and the column (from 0) at which it begins.
struct Word {
  std::string_view text;
  std::size_t column = 0;
};
// The words of a line between runs of white space (C isspace), as views into it.
std::vector<Word> split_words(std::string_view line);

// A whole token as a decimal integer: optional sign, digits, nothing else; empty where it is not one or overflows.
std::optional<std::int64_t> parse_integer(std::string_view token);
// The longest prefix that C strtod would take (decimal, exponent, hexadecimal, inf, nan; leading white space is not
// taken), and how many characters that was; empty where there is none.  Overflow gives an infinity, as strtod.
struct ParsedReal {
  double value = 0.0;
  std::size_t length = 0;
};
std::optional<ParsedReal> parse_real_prefix(std::string_view token);
// The longest prefix that C strtol would take in base 10 (no leading white space), and its length; empty where there
// is none or where it does not fit.
struct ParsedInteger {
  std::int64_t value = 0;
  std::size_t length = 0;
};
std::optional<ParsedInteger> parse_integer_prefix(std::string_view token);
// The same where chrony takes numbers of any size: one that does not fit becomes plus or minus the largest.  In base
// 16 no "0x" is taken.
std::optional<ParsedInteger> parse_saturated_prefix(std::string_view token, int base = 10);

// The candidate nearest to a mistyped word (edit distance with transpositions, ASCII case ignored), or empty where
// none is near enough to be worth suggesting.  Ties go to the earlier candidate.  A word that only one candidate begins
// with is near that.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace timed

#endif  // TIMED_BASE_TEXT_H_
