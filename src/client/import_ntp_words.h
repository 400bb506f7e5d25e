// Words of ntp.conf that are there in no form, or under another name.
#ifndef TIMED_SRC_CLIENT_IMPORT_NTP_WORDS_H_
#define TIMED_SRC_CLIENT_IMPORT_NTP_WORDS_H_

#include <string_view>

namespace timed::client {

// Why a directive without an equal has none.
std::string_view why_no_ntp_word(std::string_view word);
// Why what `disable` names is not turned off.
std::string_view why_not_disabled(std::string_view word);
// The stream of `log` for a file of `statistics`; empty where there is none.
std::string_view log_of_statistics(std::string_view word);
// The directive for an option of `nts`; empty where there is none.
std::string_view directive_of_nts(std::string_view word);

// Flags of `restrict` that timed refuses.  With those of ports a line says something else than it would without them.
bool is_port_flag(std::string_view word);
bool is_refused_flag(std::string_view word);

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORT_NTP_WORDS_H_
