// Words of ntp.conf that are there in no form, or under another name.
#ifndef TIMED_SRC_CLIENT_IMPORT_NTP_WORDS_H_
#define TIMED_SRC_CLIENT_IMPORT_NTP_WORDS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/text.h"

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
bool has_port_flag(const std::vector<Word>& line);
bool is_refused_flag(std::string_view word);
// Whom the lines of `restrict` are for.
class RestrictedByNtp {
 public:
  void note(const std::vector<Word>& line);
  // The line that the others of a family lack, as a comment; empty where nobody does.
  std::string_view lacking() const;

 private:
  bool any_ = false;
  bool all_v4_ = false, all_v6_ = false;
};

// Of `tos orphan`: from 16 on, which is ntpd's default, there is no orphan mode.
std::optional<int> stratum_of_orphans(std::optional<double> value);

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORT_NTP_WORDS_H_
