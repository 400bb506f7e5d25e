#include "timed/client/import.h"

#include <algorithm>
#include <array>

#include "import_chrony.h"
#include "import_ntp.h"
#include "import_timesyncd.h"
#include "imported_text.h"
#include "timed/base/text.h"

namespace timed::client {
namespace {

// Words that the other one does not have.
constexpr auto kOnlyChrony = std::to_array<std::string_view>(
    {"allow", "bindcmdaddress", "cmdallow", "confdir", "deny", "dumpdir", "hwtimestamp", "keyfile", "leapsectz",
     "local", "log", "logchange", "logdir", "makestep", "maxupdateskew", "ntsdumpdir", "rtcsync", "sourcedir"});
constexpr auto kOnlyNtp = std::to_array<std::string_view>(
    {"broadcastclient", "crypto",   "disable",  "discard",   "enable",    "filegen", "fudge", "includefile",
     "interface",       "keys",     "leapfile", "logconfig", "mru",       "nic",     "nts",   "restrict",
     "statistics",      "statsdir", "tinker",   "tos",       "trustedkey"});

template <std::size_t kSize>
bool knows(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view known) { return equals_ignoring_case(word, known); });
}

}  // namespace

std::optional<Dialect> dialect_named(std::string_view word) {
  if (word == "chrony") return Dialect::Chrony;
  if (word == "ntp") return Dialect::Ntp;
  if (word == "timesyncd") return Dialect::Timesyncd;
  return std::nullopt;
}

Dialect guess_dialect(std::string_view text) {
  int balance = 0;
  for (const std::string_view line : lines_of(text)) {
    const std::vector<Word> words = split_words(line);
    if (words.empty()) continue;
    if (words[0].text == "[Time]") return Dialect::Timesyncd;
    balance += knows(kOnlyNtp, words[0].text) ? 1 : 0;
    balance -= knows(kOnlyChrony, words[0].text) ? 1 : 0;
  }
  return balance > 0 ? Dialect::Ntp : Dialect::Chrony;
}

Imported import_configuration(Dialect dialect, std::string_view text, std::string_view name) {
  ImportedText out;
  out.remark(std::string("made from ").append(name).append("; `timed --check` says whether it is right"));
  switch (dialect) {
    case Dialect::Chrony:
      import_chrony(text, out);
      break;
    case Dialect::Ntp:
      import_ntp(text, out);
      break;
    case Dialect::Timesyncd:
      import_timesyncd(text, out);
      break;
  }
  return out.take();
}

}  // namespace timed::client
