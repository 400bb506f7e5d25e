// What a typed date is made of: numbers, words with a meaning, and signs.
#ifndef TIMED_CLIENT_DATE_WORDS_H_
#define TIMED_CLIENT_DATE_WORDS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace timed::client {

struct DateToken {
  enum class Kind : std::uint8_t {
    Number,        // without a sign
    SignedNumber,  // with one
    Am,
    Pm,
    Month,       // 1 … 12
    Day,         // of the week, 0 = Sunday
    Zone,        // minutes west of Greenwich
    SummerZone,  // the same without the hour that summer adds
    SummerTime,  // "dst", after a zone
    YearUnit,    // relative: how many of it
    MonthUnit,
    DayUnit,
    MinuteUnit,
    SecondUnit,
    Ago,
    Sign,  // one character: value
  };
  Kind kind = Kind::Sign;
  std::int32_t value = 0;
};

// Empty where there is a word without a meaning.  Comments in parentheses are left out.
std::optional<std::vector<DateToken>> read_date_tokens(std::string_view text);

}  // namespace timed::client

#endif  // TIMED_CLIENT_DATE_WORDS_H_
