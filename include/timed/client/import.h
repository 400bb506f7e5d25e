// A configuration of another NTP daemon as one of timed, line by line.  What has no equal stays in the text as a
// comment that says why, so that nothing disappears unseen.  The words are those of the manual pages chrony.conf(5),
// ntp.conf(5) (of ntp and of ntpsec) and timesyncd.conf(5).
#ifndef TIMED_CLIENT_IMPORT_H_
#define TIMED_CLIENT_IMPORT_H_

#include <optional>
#include <string>
#include <string_view>

namespace timed::client {

enum class Dialect { Chrony, Ntp, Timesyncd };

// "chrony", "ntp", "timesyncd".
std::optional<Dialect> dialect_named(std::string_view word);
// By the words that only one of them has; chrony's where nothing tells, as its files are taken nearly as they are.
Dialect guess_dialect(std::string_view text);

struct Imported {
  std::string text;       // a whole timed.conf; each line ended
  int without_equal = 0;  // lines that became comments
};

// name: what the text was read from, for the first line.
Imported import_configuration(Dialect dialect, std::string_view text, std::string_view name);

}  // namespace timed::client

#endif  // TIMED_CLIENT_IMPORT_H_
