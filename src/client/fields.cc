#include "timed/client/fields.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

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

std::optional<struct tm> in_utc(const control::WireTime& time) {
  const auto seconds = static_cast<time_t>(time.seconds);
  struct tm parts {};
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::nullopt;
  return parts;
}

// The character of a numbered value, or what stands for one that is not known.
char nth(std::string_view characters, std::size_t index, char unknown) {
  return index < characters.size() ? characters[index] : unknown;
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

double power_of_two(int exponent) {
  constexpr int kMost = 31;
  return std::ldexp(1.0, std::clamp(exponent, -kMost, kMost));
}

std::string exponent_text(int exponent) {
  return exponent >= control::ClientAccessesReply::kNoInterval ? " -" : format("%2d", exponent);
}

std::string hexadecimal(ntp::RefId ref_id) {
  return format("%08X", ref_id.value);
}

std::uint32_t as_unsigned(std::int32_t count) {
  return static_cast<std::uint32_t>(count);
}

const char* yes_or_no(bool yes) {
  return yes ? "Yes" : "No";
}

std::string ppm(double value) {
  return format("%10.*f", std::fabs(value) < 99999.5 ? 3 : 0, value);
}

std::string signed_ppm(double value) {
  return format("%+10.*f", std::fabs(value) < 99999.5 ? 3 : 0, value);
}

std::string date_text(const control::WireTime& time) {
  const auto parts = in_utc(time);
  if (!parts) return "INVALID";
  std::array<char, 64> text{};
  return std::string(text.data(), ::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S %Y", &*parts));
}

std::string timestamp_text(const control::WireTime& time) {
  const auto parts = in_utc(time);
  if (!parts) return "INVALID";
  std::array<char, 64> text{};
  return std::string(text.data(), ::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &*parts));
}

std::string_view leap_text(unsigned leap) {
  constexpr std::array<std::string_view, 4> kTexts = {"Normal", "Insert second", "Delete second", "Not synchronised"};
  return leap < kTexts.size() ? kTexts[leap] : "Invalid";
}

char leap_character(unsigned leap) {
  return nth("N+-?", leap, '?');
}

char mode_character(control::SourceMode mode) {
  return nth("^=#", static_cast<std::size_t>(mode), ' ');
}

char status_character(control::SourceStatus status) {
  return nth("*?x~+-", static_cast<std::size_t>(status), ' ');
}

std::string_view auth_mode_text(control::AuthMode mode) {
  constexpr std::array<std::string_view, 3> kTexts = {"-", "SK", "NTS"};
  const auto index = static_cast<std::size_t>(mode);
  return index < kTexts.size() ? kTexts[index] : "?";
}

std::string_view ntp_mode_text(unsigned mode) {
  switch (mode) {
    case 1:
      return "Symmetric active";
    case 2:
      return "Symmetric passive";
    case 4:
      return "Server";
    default:
      return "Invalid";
  }
}

std::string_view stamp_text(char stamp) {
  switch (stamp) {
    case 'D':
      return "Daemon";
    case 'K':
      return "Kernel";
    case 'H':
      return "Hardware";
    default:
      return "Invalid";
  }
}

std::string marks_text(unsigned marks) {
  constexpr std::string_view kMarks = "NPTR";
  std::string text;
  for (std::size_t i = 0; i < kMarks.size(); ++i) text += (marks >> i & 1) != 0 ? kMarks[i] : '-';
  return text + '-';
}

std::vector<Counter> counters_of(const control::ServerStatsReply& r) {
  std::vector<Counter> counters = {
      {"NTP packets received", "ntp_received", r.ntp_hits},
      {"NTP packets dropped", "ntp_dropped", r.ntp_drops},
      {"Command packets received", "commands_received", r.cmd_hits},
      {"Command packets dropped", "commands_dropped", r.cmd_drops},
      {"Client log records dropped", "client_records_dropped", r.log_drops},
      {"NTS-KE connections accepted", "nts_ke_accepted", r.nke_hits},
      {"NTS-KE connections dropped", "nts_ke_dropped", r.nke_drops},
      {"Authenticated NTP packets", "ntp_authenticated", r.ntp_auth_hits},
  };
  if (r.generation == control::StatsGeneration::Second) return counters;
  counters.insert(counters.end(), {{"Interleaved NTP packets", "ntp_interleaved", r.ntp_interleaved_hits},
                                   {"NTP timestamps held", "ntp_stamps_held", r.ntp_timestamps},
                                   {"NTP timestamp span", "ntp_stamps_span_s", r.ntp_span_seconds}});
  if (r.generation == control::StatsGeneration::Third) return counters;
  counters.insert(counters.end(), {{"NTP daemon RX timestamps", "ntp_daemon_rx_stamps", r.ntp_daemon_rx},
                                   {"NTP daemon TX timestamps", "ntp_daemon_tx_stamps", r.ntp_daemon_tx},
                                   {"NTP kernel RX timestamps", "ntp_kernel_rx_stamps", r.ntp_kernel_rx},
                                   {"NTP kernel TX timestamps", "ntp_kernel_tx_stamps", r.ntp_kernel_tx},
                                   {"NTP hardware RX timestamps", "ntp_hardware_rx_stamps", r.ntp_hw_rx},
                                   {"NTP hardware TX timestamps", "ntp_hardware_tx_stamps", r.ntp_hw_tx}});
  return counters;
}

std::string values_text(const std::vector<Counter>& counters) {
  std::string text;
  for (const Counter& counter : counters) {
    text += std::string(text.empty() ? "" : ",") + std::to_string(counter.value);
  }
  return text;
}

std::string tests_text(unsigned flags, char between) {
  std::string text;
  for (int bit = 9; bit >= 0; --bit) {
    text += (flags >> bit & 1) != 0 ? '1' : '0';
    if (bit == 7 || bit == 4) text += between;
  }
  return text;
}

}  // namespace timed::client
