// The sources of ntp.conf: servers, and reference clocks, which ntp writes as addresses 127.127.TYPE.UNIT.
#ifndef TIMED_SRC_CLIENT_IMPORT_NTP_SOURCES_H_
#define TIMED_SRC_CLIENT_IMPORT_NTP_SOURCES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/text.h"

namespace timed::client {

// A line in our words, or why there is none.
struct ImportedSource {
  std::string line;  // empty: without equal
  std::string why;   // then; else what was left out of the line, or nothing
};

// The type and the unit of such an address.
struct NtpClock {
  int type = 0;
  int unit = 0;
};
std::optional<NtpClock> ntp_clock_at(std::string_view address);

// words: server, pool or peer, and what follows.
ImportedSource import_ntp_server(const std::vector<Word>& words);
// options: of its server line and of the fudge lines for it, in this order.
ImportedSource import_ntp_clock(const NtpClock& clock, const std::vector<std::string_view>& options);
// The same of ntpsec: words are refclock NAME [OPTION VALUE]...
ImportedSource import_ntpsec_clock(const std::vector<Word>& words);

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORT_NTP_SOURCES_H_
