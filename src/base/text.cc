#include "timed/base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "timed/base/characters.h"

namespace timed {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && equals_ignoring_case(text.substr(0, word.size()), word);
}

// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// A digit, or a point and a digit: from_chars would also take a sign, an infinity or a NaN after "0x".
bool starts_as_hexadecimal(std::string_view text) {
  if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  return !text.empty() && std::string_view("0123456789abcdefABCDEF").find(text.front()) != std::string_view::npos;
}

// from_chars leaves the value alone when the number is out of range.  It is too large exactly if its first digit that
// is not zero stands before the point, after the exponent has moved that.
double out_of_range(std::string_view digits, bool hexadecimal) {
  const std::size_t e = std::min(digits.find_first_of(hexadecimal ? "pP" : "eE"), digits.size());
  const std::string_view mantissa = digits.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first = static_cast<std::int64_t>(mantissa.find_first_not_of("0."));
  std::int64_t exponent = 0;
  if (e < digits.size()) {
    constexpr std::int64_t kBeyondAll = std::int64_t{1} << 60;
    exponent = parse_integer(digits.substr(e + 1)).value_or(digits[e + 1] == '-' ? -kBeyondAll : kBeyondAll);
    exponent = std::clamp(exponent, -kBeyondAll, kBeyondAll);
  }
  const std::int64_t digit_weight = hexadecimal ? 4 : 1;  // the exponent of a hexadecimal number counts bits
  return (point - first) * digit_weight + exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

}  // namespace

std::string format_list(const char* shape, std::va_list arguments) {
  std::va_list again;
  va_copy(again, arguments);
  std::array<char, 512> small{};
  const int length = std::vsnprintf(small.data(), small.size(), shape, arguments);
  std::string text;
  if (length > 0 && static_cast<std::size_t>(length) < small.size()) {
    text.assign(small.data(), static_cast<std::size_t>(length));
  } else if (length > 0) {
    text.resize(static_cast<std::size_t>(length) + 1);
    std::vsnprintf(text.data(), text.size(), shape, again);
    text.pop_back();
  }
  va_end(again);
  return text;
}

std::string format(const char* shape, ...) {
  std::va_list arguments;
  va_start(arguments, shape);
  std::string text = format_list(shape, arguments);
  va_end(arguments);
  return text;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool all_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_visible);
}

std::vector<Word> split_words(std::string_view line) {
  std::vector<Word> words;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size()) return words;
    const std::size_t begin = at;
    while (at < line.size() && !is_space(line[at])) ++at;
    words.push_back({line.substr(begin, at - begin), begin});
  }
}

std::optional<std::int64_t> parse_integer(std::string_view token) {
  if (token.size() > 1 && token[0] == '+' && token[1] != '-') token.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return value;
}

std::optional<ParsedReal> parse_real_prefix(std::string_view token) {
  std::size_t at = 0;
  double sign = 1.0;
  if (at < token.size() && (token[at] == '+' || token[at] == '-')) sign = token[at++] == '-' ? -1.0 : 1.0;
  if (at < token.size() && (token[at] == '+' || token[at] == '-')) return std::nullopt;
  const bool hexadecimal = starts_with_word(token.substr(at), "0x");
  const std::size_t begin = hexadecimal ? at + 2 : at;
  const std::string_view digits = token.substr(begin);
  if (hexadecimal && !starts_as_hexadecimal(digits)) return ParsedReal{sign * 0.0, at + 1};  // strtod takes the 0
  double value = 0.0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                            hexadecimal ? std::chars_format::hex : std::chars_format::general);
  if (error == std::errc::invalid_argument) return std::nullopt;
  const std::size_t length = static_cast<std::size_t>(end - digits.data());
  if (error == std::errc::result_out_of_range) value = out_of_range(digits.substr(0, length), hexadecimal);
  return ParsedReal{sign * value, begin + length};
}

std::optional<ParsedInteger> parse_integer_prefix(std::string_view token) {
  std::size_t end = !token.empty() && (token[0] == '+' || token[0] == '-') ? 1 : 0;
  while (end < token.size() && is_digit(token[end])) ++end;
  const auto value = parse_integer(token.substr(0, end));
  if (!value) return std::nullopt;
  return ParsedInteger{*value, end};
}

std::optional<ParsedInteger> parse_saturated_prefix(std::string_view token, int base) {
  const bool negative = !token.empty() && token[0] == '-';
  const std::size_t sign = negative || (!token.empty() && token[0] == '+') ? 1 : 0;
  const std::string_view digits = token.substr(sign);
  if (!digits.empty() && digits[0] == '-') return std::nullopt;  // from_chars would take it
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = std::numeric_limits<std::int64_t>::max();
  return ParsedInteger{negative ? -value : value, sign + static_cast<std::size_t>(end - digits.data())};
}

constexpr std::size_t kShortestBegin = 3;

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
    if (longer >= best_distance) continue;  // the distance is at least that
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  if (!best.empty() || word.size() < kShortestBegin) return best;
  // Or the begin of one word, and of no other.
  const auto begins = [word](std::string_view c) {
    return c.size() > word.size() && equals_ignoring_case(c.substr(0, word.size()), word);
  };
  const auto found = std::find_if(candidates.begin(), candidates.end(), begins);
  const bool only = found != candidates.end() && std::find_if(found + 1, candidates.end(), begins) == candidates.end();
  return only ? *found : std::string_view();
}

}  // namespace timed
