#include "date_words.h"

#include <algorithm>
#include <span>
#include <string>

#include "timed/base/characters.h"
#include "timed/base/text.h"

namespace timed::client {
namespace {

using Kind = DateToken::Kind;

struct Meaning {
  std::string_view word;
  Kind kind;
  std::int32_t value;
};

constexpr std::size_t kAbbreviation = 3;

// Known by their first three letters too.
constexpr Meaning kCalendar[] = {
    {"january", Kind::Month, 1},   {"february", Kind::Month, 2}, {"march", Kind::Month, 3},
    {"april", Kind::Month, 4},     {"may", Kind::Month, 5},      {"june", Kind::Month, 6},
    {"july", Kind::Month, 7},      {"august", Kind::Month, 8},   {"september", Kind::Month, 9},
    {"sept", Kind::Month, 9},      {"october", Kind::Month, 10}, {"november", Kind::Month, 11},
    {"december", Kind::Month, 12}, {"sunday", Kind::Day, 0},     {"monday", Kind::Day, 1},
    {"tuesday", Kind::Day, 2},     {"tues", Kind::Day, 2},       {"wednesday", Kind::Day, 3},
    {"wednes", Kind::Day, 3},      {"thursday", Kind::Day, 4},   {"thur", Kind::Day, 4},
    {"thurs", Kind::Day, 4},       {"friday", Kind::Day, 5},     {"saturday", Kind::Day, 6},
};

constexpr std::int32_t kHour = 60;

constexpr Meaning kZones[] = {
    {"gmt", Kind::Zone, 0},
    {"ut", Kind::Zone, 0},
    {"utc", Kind::Zone, 0},
    {"wet", Kind::Zone, 0},
    {"bst", Kind::SummerZone, 0},
    {"at", Kind::Zone, 2 * kHour},
    {"ast", Kind::Zone, 4 * kHour},
    {"adt", Kind::SummerZone, 4 * kHour},
    {"est", Kind::Zone, 5 * kHour},
    {"edt", Kind::SummerZone, 5 * kHour},
    {"cst", Kind::Zone, 6 * kHour},
    {"cdt", Kind::SummerZone, 6 * kHour},
    {"mst", Kind::Zone, 7 * kHour},
    {"mdt", Kind::SummerZone, 7 * kHour},
    {"pst", Kind::Zone, 8 * kHour},
    {"pdt", Kind::SummerZone, 8 * kHour},
    {"yst", Kind::Zone, 9 * kHour},
    {"ydt", Kind::SummerZone, 9 * kHour},
    {"hst", Kind::Zone, 10 * kHour},
    {"hdt", Kind::SummerZone, 10 * kHour},
    {"cat", Kind::Zone, 10 * kHour},
    {"ahst", Kind::Zone, 10 * kHour},
    {"nt", Kind::Zone, 11 * kHour},
    {"idlw", Kind::Zone, 12 * kHour},
    {"cet", Kind::Zone, -kHour},
    {"met", Kind::Zone, -kHour},
    {"mewt", Kind::Zone, -kHour},
    {"mest", Kind::SummerZone, -kHour},
    {"mesz", Kind::SummerZone, -kHour},
    {"swt", Kind::Zone, -kHour},
    {"sst", Kind::SummerZone, -kHour},
    {"fwt", Kind::Zone, -kHour},
    {"fst", Kind::SummerZone, -kHour},
    {"eet", Kind::Zone, -2 * kHour},
    {"bt", Kind::Zone, -3 * kHour},
    {"wast", Kind::Zone, -7 * kHour},
    {"wadt", Kind::SummerZone, -7 * kHour},
    {"cct", Kind::Zone, -8 * kHour},
    {"jst", Kind::Zone, -9 * kHour},
    {"east", Kind::Zone, -10 * kHour},
    {"eadt", Kind::SummerZone, -10 * kHour},
    {"gst", Kind::Zone, -10 * kHour},
    {"nzt", Kind::Zone, -12 * kHour},
    {"nzst", Kind::Zone, -12 * kHour},
    {"nzdt", Kind::SummerZone, -12 * kHour},
    {"idle", Kind::Zone, -12 * kHour},
};

// Understood with an s at the end too.
constexpr Meaning kUnits[] = {
    {"year", Kind::YearUnit, 1},     {"month", Kind::MonthUnit, 1}, {"fortnight", Kind::DayUnit, 14},
    {"week", Kind::DayUnit, 7},      {"day", Kind::DayUnit, 1},     {"hour", Kind::MinuteUnit, 60},
    {"minute", Kind::MinuteUnit, 1}, {"min", Kind::MinuteUnit, 1},  {"second", Kind::SecondUnit, 1},
    {"sec", Kind::SecondUnit, 1},
};

constexpr Meaning kOthers[] = {
    {"tomorrow", Kind::DayUnit, 1},
    {"yesterday", Kind::DayUnit, -1},
    {"today", Kind::DayUnit, 0},
    {"now", Kind::DayUnit, 0},
    {"this", Kind::DayUnit, 0},
    {"last", Kind::Number, -1},
    {"next", Kind::Number, 1},
    {"first", Kind::Number, 1},
    {"third", Kind::Number, 3},
    {"fourth", Kind::Number, 4},
    {"fifth", Kind::Number, 5},
    {"sixth", Kind::Number, 6},
    {"seventh", Kind::Number, 7},
    {"eighth", Kind::Number, 8},
    {"ninth", Kind::Number, 9},
    {"tenth", Kind::Number, 10},
    {"eleventh", Kind::Number, 11},
    {"twelfth", Kind::Number, 12},
    {"am", Kind::Am, 0},
    {"a.m.", Kind::Am, 0},
    {"pm", Kind::Pm, 0},
    {"p.m.", Kind::Pm, 0},
    {"ago", Kind::Ago, 0},
    {"dst", Kind::SummerTime, 0},
};

std::optional<DateToken> find(std::span<const Meaning> meanings, std::string_view word) {
  for (const Meaning& meaning : meanings) {
    if (meaning.word == word) return DateToken{meaning.kind, meaning.value};
  }
  return std::nullopt;
}

std::optional<DateToken> find_calendar(std::string_view word) {
  if (const auto whole = find(kCalendar, word)) return whole;
  if (word.size() == kAbbreviation + 1 && word.back() == '.') word.remove_suffix(1);
  if (word.size() != kAbbreviation) return std::nullopt;
  for (const Meaning& meaning : kCalendar) {
    if (meaning.word.starts_with(word)) return DateToken{meaning.kind, meaning.value};
  }
  return std::nullopt;
}

// The letters of the military zones: A to M without J are east on the map, but were published the other way round,
// and that is what programs take them for.
std::optional<DateToken> find_letter(std::string_view word) {
  if (word.size() != 1) return std::nullopt;
  const char c = word[0];
  std::int32_t hours = 0;
  if (c >= 'a' && c <= 'i') {
    hours = c - 'a' + 1;
  } else if (c >= 'k' && c <= 'm') {
    hours = c - 'k' + 10;
  } else if (c >= 'n' && c <= 'y') {
    hours = -(c - 'n' + 1);
  } else if (c != 'z') {
    return std::nullopt;
  }
  return DateToken{Kind::Zone, hours * kHour};
}

std::optional<DateToken> find_word(std::string_view word) {
  if (const auto found = find_calendar(word)) return found;
  if (const auto found = find(kZones, word)) return found;
  if (const auto found = find(kUnits, word)) return found;
  if (word.ends_with('s')) {
    if (const auto found = find(kUnits, word.substr(0, word.size() - 1))) return found;
  }
  if (const auto found = find(kOthers, word)) return found;
  if (const auto found = find_letter(word)) return found;
  std::string without_dots(word);
  without_dots.erase(std::remove(without_dots.begin(), without_dots.end(), '.'), without_dots.end());
  return without_dots.size() == word.size() ? std::nullopt : find(kZones, without_dots);
}

// The number of leading characters that are of a kind.
template <class Predicate>
std::size_t span_of(std::string_view text, Predicate belongs) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

// Wraps, as an int of 32 bits does.
std::int32_t number_of(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint32_t>(c - '0');
  return static_cast<std::int32_t>(value);
}

std::size_t length_of_comment(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1;
  }
  return text.size();
}

}  // namespace

std::optional<std::vector<DateToken>> read_date_tokens(std::string_view text) {
  std::vector<DateToken> tokens;
  while (!text.empty()) {
    std::size_t length = 1;
    const char c = text[0];
    if (is_digit(c)) {
      length = span_of(text, is_digit);
      tokens.push_back({Kind::Number, number_of(text.substr(0, length))});
    } else if (c == '+' || c == '-') {
      // A sign with no number behind it means nothing.
      length = 1 + span_of(text.substr(1), is_digit);
      const std::int32_t size = number_of(text.substr(1, length - 1));
      if (length > 1) tokens.push_back({Kind::SignedNumber, c == '-' ? -size : size});
    } else if (is_letter(c)) {
      length = span_of(text, [](char d) { return is_letter(d) || d == '.'; });
      const auto token = find_word(lower_case(text.substr(0, length)));
      if (!token) return std::nullopt;
      tokens.push_back(*token);
    } else if (c == '(') {
      length = length_of_comment(text);
    } else if (!is_space(c)) {
      tokens.push_back({Kind::Sign, c});
    }
    text.remove_prefix(length);
  }
  return tokens;
}

}  // namespace timed::client
