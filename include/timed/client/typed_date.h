// A date and a time as a person types them for `settime` (timedc(1)).
#ifndef TIMED_CLIENT_TYPED_DATE_H_
#define TIMED_CLIENT_TYPED_DATE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace timed::client {

// Seconds since 1970 that the text means when it is `now`, in the time zone of the process unless it names one.
// No text is the midnight before.  Empty for what is no date, or none that the C library can count.
std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now);

}  // namespace timed::client

#endif  // TIMED_CLIENT_TYPED_DATE_H_
