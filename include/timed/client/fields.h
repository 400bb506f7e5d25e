// The fields that reports are made of (spec config.md 4.3): exact widths, as scripts cut them by column.
#ifndef TIMED_CLIENT_FIELDS_H_
#define TIMED_CLIENT_FIELDS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/base/units.h"
#include "timed/control/encodings.h"

namespace timed::client {

// A length of time in whole seconds, 4 columns: "  42", " 20m", "   -" for control::kNever.
std::string interval(std::uint32_t seconds);
// The size of an offset, 6 columns with its unit: " 247ns", "5070ns".
std::string offset_size(Duration offset);
// An offset with its sign, 7 columns: "+199us".
std::string signed_offset(Duration offset);
// A frequency, 10 columns.
std::string ppm(double value);
std::string signed_ppm(double value);
// "Mon Nov 23 00:58:02 2026", in UTC.
std::string date_text(const control::WireTime& time);
// "Normal", "Insert second", "Delete second", "Not synchronised", else "Invalid".
std::string_view leap_text(unsigned leap);

}  // namespace timed::client

#endif  // TIMED_CLIENT_FIELDS_H_
