// The fields that reports are made of: exact widths, as scripts cut them by column.
#ifndef TIMED_CLIENT_FIELDS_H_
#define TIMED_CLIENT_FIELDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/units.h"
#include "timed/control/encodings.h"
#include "timed/control/server_reports.h"
#include "timed/control/source_reports.h"

namespace timed::client {

// What the report of clients shows beside their NTP requests.
enum class ClientColumns : std::uint8_t { Commands, KeyEstablishment };

// A length of time in whole seconds, 4 columns: "  42", " 20m", "   -" for control::kNever.
std::string interval(std::uint32_t seconds);
// The size of an offset, 6 columns with its unit: " 247ns", "5070ns".
std::string offset_size(Duration offset);
// An offset with its sign, 7 columns: "+199us".
std::string signed_offset(Duration offset);
// Two to that power, which is taken to lie within 31 of zero.
double power_of_two(int exponent);
// An exponent as the reports of clients show it, 2 columns: "-" for one that is not known.
std::string exponent_text(int exponent);
// A reference identifier, 8 columns.
std::string hexadecimal(ntp::RefId ref_id);
// A count that is below zero is shown as chronyc shows it.
std::uint32_t as_unsigned(std::int32_t count);
const char* yes_or_no(bool yes);
// A frequency, 10 columns.
std::string ppm(double value);
std::string signed_ppm(double value);
// "Mon Nov 23 00:58:02 2026", in UTC.
std::string date_text(const control::WireTime& time);
// "Normal", "Insert second", "Delete second", "Not synchronised", else "Invalid".
std::string_view leap_text(unsigned leap);
// The same as one character: 'N', '+', '-', '?'.
char leap_character(unsigned leap);
// "2026-11-23 01:04:33", in UTC.
std::string timestamp_text(const control::WireTime& time);

// The characters of the first two columns of a sources row; a blank for a value that is not known.
char mode_character(control::SourceMode mode);
char status_character(control::SourceStatus status);
// "-", "SK", "NTS", else "?".
std::string_view auth_mode_text(control::AuthMode mode);
// NTP's own number of a mode: "Symmetric active", "Symmetric passive", "Server", else "Invalid".
std::string_view ntp_mode_text(unsigned mode);
// "Daemon", "Kernel", "Hardware", else "Invalid".
std::string_view stamp_text(char stamp);
// The marks of a source's selection, one character each: "NPTR-", or '-' in place of one that is not there.
std::string marks_text(unsigned marks);
// The counters of a server in the order of the report, as many as the daemon has.  name: for programs.
struct Counter {
  const char* label;
  const char* name;
  std::uint64_t value;
};
std::vector<Counter> counters_of(const control::ServerStatsReply& report);
// The values alone, with commas between them.
std::string values_text(const std::vector<Counter>& counters);
// The results of the tests of packets: "111 111 1111".  between: what stands between the three groups.
std::string tests_text(unsigned flags, char between);

}  // namespace timed::client

#endif  // TIMED_CLIENT_FIELDS_H_
