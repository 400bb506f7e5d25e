#include "timed/client/typed_date.h"

#include <time.h>

#include <cstdlib>
#include <span>

#include "date_words.h"

namespace timed::client {
namespace {

using Kind = DateToken::Kind;

// Sums that would overflow an int wrap: the C library then says that there is no such date.
std::int32_t wrapped(std::int64_t value) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
}

enum class Meridian : std::uint8_t { None, Am, Pm };

// What was said; each kind of thing once at most, but for what is relative.
struct Said {
  int times = 0, dates = 0, days = 0, zones = 0;
  bool relative = false;
  std::int32_t year = 0, month = 0, day = 0;
  std::int32_t hour = 0, minute = 0, second = 0;
  Meridian meridian = Meridian::None;
  std::int32_t zone_minutes = 0;  // west of Greenwich
  std::int32_t weekday = 0, weekday_number = 0;
  struct {
    std::int32_t years = 0, months = 0, days = 0, minutes = 0, seconds = 0;
  } later;
};

// From left to right, a token or two ahead.  What a number means is decided by what follows it.
class DateReader {
 public:
  DateReader(std::span<const DateToken> tokens, Said& said) : tokens_(tokens), said_(said) {}

  bool read() {
    while (at_ < tokens_.size()) {
      if (!read_item()) return false;
    }
    return said_.times <= 1 && said_.dates <= 1 && said_.days <= 1 && said_.zones <= 1;
  }

 private:
  bool next_is(Kind kind) const { return at_ < tokens_.size() && tokens_[at_].kind == kind; }
  bool next_is_sign(char c) const { return next_is(Kind::Sign) && tokens_[at_].value == c; }
  bool take_sign(char c) {
    if (!next_is_sign(c)) return false;
    ++at_;
    return true;
  }
  bool take(Kind kind, std::int32_t& into) {
    if (!next_is(kind)) return false;
    into = tokens_[at_++].value;
    return true;
  }
  bool next_is_unit() const {
    return at_ < tokens_.size() && tokens_[at_].kind >= Kind::YearUnit && tokens_[at_].kind <= Kind::SecondUnit;
  }

  bool read_item() {
    if (next_is_unit()) return read_relative(1);
    const DateToken token = tokens_[at_++];
    switch (token.kind) {
      case Kind::Number:
        return read_after_number(token.value);
      case Kind::SignedNumber:
        return next_is_unit() && read_relative(token.value);
      case Kind::Month:
        return read_after_month(token.value);
      case Kind::Day:
        take_sign(',');
        return take_weekday(token.value, 1);
      case Kind::Zone: {
        std::int32_t ignored = 0;
        const bool summer = take(Kind::SummerTime, ignored);
        return take_zone(token.value - (summer ? 60 : 0));
      }
      case Kind::SummerZone:
        return take_zone(token.value - 60);
      default:
        return false;
    }
  }

  bool read_after_number(std::int32_t number) {
    if (next_is(Kind::Am) || next_is(Kind::Pm)) return take_time(number, 0, 0);
    if (take_sign(':')) return read_time(number);
    if (take_sign('/')) return read_slashes(number);
    if (next_is(Kind::SignedNumber)) return read_dashes(number);
    if (next_is(Kind::Month)) return read_month_after_day(number);
    if (next_is_unit()) return read_relative(number);
    std::int32_t weekday = 0;
    if (take(Kind::Day, weekday)) return take_weekday(weekday, number);
    return read_bare_number(number);
  }

  // HOUR: was read.
  bool read_time(std::int32_t hour) {
    std::int32_t minute = 0;
    std::int32_t second = said_.second;  // of now, where a zone follows the minutes
    if (!take(Kind::Number, minute)) return false;
    const bool has_second = take_sign(':');
    if (has_second && !take(Kind::Number, second)) return false;
    std::int32_t east = 0;
    if (!take(Kind::SignedNumber, east)) return take_time(hour, minute, has_second ? second : 0);
    take_zone(-(east % 100 + east / 100 * 60));
    return take_time(hour, minute, second);
  }

  bool take_time(std::int32_t hour, std::int32_t minute, std::int32_t second) {
    ++said_.times;
    said_.hour = hour;
    said_.minute = minute;
    said_.second = second;
    said_.meridian = next_is(Kind::Am) ? Meridian::Am : next_is(Kind::Pm) ? Meridian::Pm : Meridian::None;
    if (said_.meridian != Meridian::None) ++at_;
    return true;
  }

  // NUMBER/ was read: month/day, month/day/year or year/month/day.
  bool read_slashes(std::int32_t first) {
    std::int32_t second = 0;
    std::int32_t third = 0;
    if (!take(Kind::Number, second)) return false;
    if (!take_sign('/')) return take_date(said_.year, first, second);
    if (!take(Kind::Number, third)) return false;
    return first >= 1000 ? take_date(first, second, third) : take_date(third, first, second);
  }

  // YEAR was read: -MONTH-DAY.
  bool read_dashes(std::int32_t year) {
    std::int32_t month = 0;
    std::int32_t day = 0;
    return take(Kind::SignedNumber, month) && take(Kind::SignedNumber, day) &&
           take_date(year, wrapped(-std::int64_t{month}), wrapped(-std::int64_t{day}));
  }

  // DAY was read, a month follows, perhaps a year.
  bool read_month_after_day(std::int32_t day) {
    std::int32_t month = 0;
    std::int32_t year = said_.year;
    take(Kind::Month, month);
    if (!take(Kind::Number, year) && take(Kind::SignedNumber, year)) year = wrapped(-std::int64_t{year});
    return take_date(year, month, day);
  }

  bool read_after_month(std::int32_t month) {
    std::int32_t day = 0;
    std::int32_t year = said_.year;
    if (!take(Kind::Number, day)) return false;
    if (take_sign(',') && !take(Kind::Number, year)) return false;
    return take_date(year, month, day);
  }

  bool read_bare_number(std::int32_t number) {
    if (said_.times > 0 && said_.dates > 0 && !said_.relative) {
      said_.year = number;
      return true;
    }
    if (number > 10000) return take_date(number / 10000, number / 100 % 100, number % 100);
    ++said_.times;
    said_.hour = number < 100 ? number : number / 100;
    said_.minute = number < 100 ? 0 : number % 100;
    said_.second = 0;
    said_.meridian = Meridian::None;
    return true;
  }

  bool read_relative(std::int32_t count) {
    const DateToken unit = tokens_[at_++];
    auto& later = said_.later;
    std::int32_t* const sums[] = {&later.years, &later.months, &later.days, &later.minutes, &later.seconds};
    std::int32_t& sum = *sums[static_cast<std::size_t>(unit.kind) - static_cast<std::size_t>(Kind::YearUnit)];
    sum = wrapped(sum + std::int64_t{count} * unit.value);
    said_.relative = true;
    std::int32_t ignored = 0;
    if (!take(Kind::Ago, ignored)) return true;
    for (std::int32_t* each : sums) *each = wrapped(-std::int64_t{*each});
    return true;
  }

  bool take_date(std::int32_t year, std::int32_t month, std::int32_t day) {
    ++said_.dates;
    said_.year = year;
    said_.month = month;
    said_.day = day;
    return true;
  }
  bool take_weekday(std::int32_t weekday, std::int32_t number) {
    ++said_.days;
    said_.weekday = weekday;
    said_.weekday_number = number;
    return true;
  }
  bool take_zone(std::int32_t minutes) {
    ++said_.zones;
    said_.zone_minutes = minutes;
    return true;
  }

  std::span<const DateToken> tokens_;
  std::size_t at_ = 0;
  Said& said_;
};

std::optional<std::int32_t> hour_of_day(const Said& said) {
  if (said.meridian == Meridian::None) {
    if (said.hour < 0 || said.hour > 23) return std::nullopt;
    return said.hour;
  }
  if (said.hour < 1 || said.hour > 12) return std::nullopt;
  return said.hour % 12 + (said.meridian == Meridian::Pm ? 12 : 0);
}

// Of two digits: 69 to 99 are of the last century.
std::int64_t full_year(std::int32_t year) {
  const std::int64_t size = std::abs(std::int64_t{year});
  return size < 69 ? size + 2000 : size < 100 ? size + 1900 : size;
}

bool has_clock_time(const Said& said) {
  return said.times > 0 || (said.relative && said.dates == 0 && said.days == 0);
}

std::optional<struct tm> parts_of(const Said& said) {
  struct tm parts {};
  parts.tm_year = wrapped(full_year(said.year) - 1900 + said.later.years);
  parts.tm_mon = wrapped(std::int64_t{said.month} - 1 + said.later.months);
  parts.tm_mday = wrapped(std::int64_t{said.day} + said.later.days);
  if (has_clock_time(said)) {
    const auto hour = hour_of_day(said);
    if (!hour) return std::nullopt;
    parts.tm_hour = *hour;
    parts.tm_min = said.minute;
    parts.tm_sec = said.second;
  }
  parts.tm_min = wrapped(std::int64_t{parts.tm_min} + said.later.minutes);
  parts.tm_sec = wrapped(std::int64_t{parts.tm_sec} + said.later.seconds);
  parts.tm_isdst = -1;
  return parts;
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) {
  const auto tokens = read_date_tokens(text);
  const auto seconds = static_cast<time_t>(now);
  struct tm today {};
  if (!tokens || ::localtime_r(&seconds, &today) == nullptr) return std::nullopt;
  Said said;
  said.year = today.tm_year + 1900;
  said.month = today.tm_mon + 1;
  said.day = today.tm_mday;
  said.hour = today.tm_hour;
  said.minute = today.tm_min;
  said.second = today.tm_sec;
  if (!DateReader(*tokens, said).read()) return std::nullopt;

  auto parts = parts_of(said);
  if (!parts) return std::nullopt;
  time_t start = ::mktime(&*parts);
  if (start == -1) return std::nullopt;
  if (said.days > 0 && said.dates == 0) {
    const std::int64_t weeks = std::int64_t{said.weekday_number} - (said.weekday_number > 0 ? 1 : 0);
    parts->tm_mday = wrapped(parts->tm_mday + (said.weekday - parts->tm_wday + 7) % 7 + 7 * weeks);
    parts->tm_isdst = -1;
    start = ::mktime(&*parts);
    if (start == -1) return std::nullopt;
  }
  if (said.zones == 0) return start;
  return std::int64_t{::timegm(&*parts)} + std::int64_t{said.zone_minutes} * 60;
}

}  // namespace timed::client
