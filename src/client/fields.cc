#include "timed/client/fields.h"

#include <time.h>

#include <array>
#include <cmath>

#include "timed/base/text.h"
#include "timed/control/catalogue.h"

namespace timed::client {
namespace {

constexpr std::uint32_t kMinute = 60;
constexpr std::uint32_t kHour = 3600;
constexpr std::uint32_t kDay = 86400;
constexpr std::uint32_t kYear = 365 * kDay;

// A unit and the value at which the next one begins.
struct Unit {
  double per_second;
  double below;
  const char* name;
  bool tenths;
};
constexpr std::array<Unit, 9> kUnits = {{
    {1e9, 9999.5, "ns", false},
    {1e6, 9999.5, "us", false},
    {1e3, 9999.5, "ms", false},
    {1.0, 999.5, "s", true},
    {1.0, 99999.5, "s", false},
    {1.0 / kMinute, 99999.5, "m", false},
    {1.0 / kHour, 99999.5, "h", false},
    {1.0 / kDay, 99999.5, "d", false},
    {1.0 / kYear, 0.0, "y", false},
}};

const Unit& unit_of(double size_s) {
  for (const Unit& unit : kUnits) {
    if (size_s * unit.per_second < unit.below) return unit;
  }
  return kUnits.back();
}

}  // namespace

std::string interval(std::uint32_t seconds) {
  if (seconds == control::kNever) return "   -";
  if (seconds < 1200) return format("%4u", seconds);
  if (seconds < 36000) return format("%3um", seconds / kMinute);
  if (seconds < 345600) return format("%3uh", seconds / kHour);
  if (seconds / kDay <= 999) return format("%3ud", seconds / kDay);
  return format("%3uy", seconds / kYear);
}

std::string offset_size(Duration offset) {
  const double size_s = std::fabs(offset.to_seconds());
  const Unit& unit = unit_of(size_s);
  const int width = unit.name[1] == '\0' ? 5 : 4;
  return format("%*.*f%s", width, unit.tenths ? 1 : 0, size_s * unit.per_second, unit.name);
}

std::string signed_offset(Duration offset) {
  const double value_s = offset.to_seconds();
  const Unit& unit = unit_of(std::fabs(value_s));
  const int width = unit.name[1] == '\0' ? 6 : 5;
  return format("%+*.*f%s", width, unit.tenths ? 1 : 0, value_s * unit.per_second, unit.name);
}

std::string ppm(double value) {
  return format("%10.*f", std::fabs(value) < 99999.5 ? 3 : 0, value);
}

std::string signed_ppm(double value) {
  return format("%+10.*f", std::fabs(value) < 99999.5 ? 3 : 0, value);
}

std::string date_text(const control::WireTime& time) {
  const auto seconds = static_cast<time_t>(time.seconds);
  struct tm parts {};
  std::array<char, 64> text{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "INVALID";
  const std::size_t length = ::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S %Y", &parts);
  return std::string(text.data(), length);
}

std::string_view leap_text(unsigned leap) {
  constexpr std::array<std::string_view, 4> kTexts = {"Normal", "Insert second", "Delete second", "Not synchronised"};
  return leap < kTexts.size() ? kTexts[leap] : "Invalid";
}

}  // namespace timed::client
