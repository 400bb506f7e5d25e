// timesyncd.conf: its section [Time], with drop-ins appended by whoever reads them.
#ifndef TIMED_SRC_CLIENT_IMPORT_TIMESYNCD_H_
#define TIMED_SRC_CLIENT_IMPORT_TIMESYNCD_H_

#include <optional>
#include <string_view>

#include "imported_text.h"

namespace timed::client {

void import_timesyncd(std::string_view text, ImportedText& out);

// Seconds of a time span as systemd.time(7) writes it: "32", "5min 20s", "500ms"; empty where it is none.
std::optional<double> parse_time_span(std::string_view text);

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORT_TIMESYNCD_H_
