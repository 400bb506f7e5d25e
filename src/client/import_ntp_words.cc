#include "import_ntp_words.h"

#include <algorithm>
#include <iterator>

namespace timed::client {
namespace {

struct Reason {
  std::string_view word;
  std::string_view why;
};

constexpr std::string_view kAutokey = "there is no Autokey: use NTS, or keys of keyfile";
constexpr std::string_view kUnasked = "time that was not asked for is not taken: name servers";
constexpr std::string_view kOrders = "orders are given by timedc over the socket of the daemon, without a key";

// Words that are not there in any form.
constexpr Reason kWithoutEqual[] = {
    {"automax", kAutokey},
    {"broadcastclient", kUnasked},
    {"calldelay", "modems are not called"},
    {"controlkey", kOrders},
    {"crypto", kAutokey},
    {"device", "a clock's device is named on its refclock line"},
    {"discard", "ratelimit has an interval and a burst: write them there"},
    {"enable", "what can be turned on here has a directive of its own"},
    {"extra", "requests have a port of their own each, and the server has one (port)"},
    {"filegen", "log files are turned by logrotate and `timedc cyclelogs`"},
    {"includefile", "import that file too, and include the result"},
    {"leapsmearinterval", "see smoothtime with leapsecmode slew"},
    {"logconfig", "the option -L of timed says what is logged"},
    {"logfile", "the option -l of timed names a file; without it the system log is used"},
    {"manycastclient", kUnasked},
    {"manycastserver", kUnasked},
    {"multicastclient", kUnasked},
    {"phone", "modems are not called"},
    {"pidfile", "that of timed is /run/timed/timed.pid"},
    {"requestkey", kOrders},
    {"reset", "the counters begin with the daemon"},
    {"revoke", kAutokey},
    {"saveconfigdir", "the configuration is never changed from afar"},
    {"setvar", "variables of one's own are not kept"},
    {"tick", "the tick of the kernel is set as it is needed"},
    {"trap", "nobody is told without asking"},
    {"trustedkey", "every key of keyfile is trusted: take out of that file what should not be"},
    {"ttl", "nothing is sent to groups here"},
    {"unpeer", "leave the line of the source out instead"},
    {"unrestrict", "leave the line of restrict out instead"},
};

constexpr Reason kDisabled[] = {
    {"auth", "packets that fail their authentication never count"},
    {"monitor", "the list of clients is never sent to others; noclientlog would also end the rate limit"},
    {"ntp", "start timed with the option -x"},
};

// Streams of `log` for the files of `statistics`.
constexpr Reason kStreams[] = {{"clockstats", "refclocks"},
                               {"loopstats", "tracking"},
                               {"peerstats", "statistics"},
                               {"rawstats", "rawmeasurements"}};

// What `nts` sets.
constexpr Reason kNts[] = {{"ca", "ntstrustedcerts"}, {"cert", "ntsservercert"}, {"key", "ntsserverkey"}};

constexpr std::string_view kPortFlags[] = {"ntpport", "non-ntpport"};
constexpr std::string_view kRefusedFlags[] = {"epeer", "flake", "serverresponse"};

template <class Rows>
std::string_view find(const Rows& rows, std::string_view word, std::string_view otherwise) {
  const auto found =
      std::find_if(std::begin(rows), std::end(rows), [word](const Reason& row) { return row.word == word; });
  return found == std::end(rows) ? otherwise : found->why;
}

template <class Words>
bool contains(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Whether a line of `restrict` is for all addresses of a family.
bool restricts_all(const std::vector<Word>& line, Family family) {
  const auto word = [&line](std::size_t i) { return i < line.size() ? line[i].text : std::string_view(); };
  const bool names_family = word(1) == "-4" || word(1) == "-6";
  if (word(names_family ? 2 : 1) == "default") return !names_family || (word(1) == "-4") == (family == Family::Inet4);
  if (family == Family::Inet6) return word(1) == "::/0" || (word(1) == "::" && word(2) == "mask" && word(3) == "::");
  return word(1) == "0.0.0.0/0" || (word(1) == "0.0.0.0" && word(2) == "mask" && word(3) == "0.0.0.0");
}

}  // namespace

std::string_view why_no_ntp_word(std::string_view word) {
  return find(kWithoutEqual, word, "not understood");
}

std::string_view why_not_disabled(std::string_view word) {
  return find(kDisabled, word, "it cannot be turned off, or is not there");
}

std::string_view log_of_statistics(std::string_view word) {
  return find(kStreams, word, {});
}

std::string_view directive_of_nts(std::string_view word) {
  return find(kNts, word, {});
}

bool has_port_flag(const std::vector<Word>& line) {
  return std::any_of(line.begin(), line.end(), [](const Word& word) { return contains(kPortFlags, word.text); });
}

bool is_refused_flag(std::string_view word) {
  return contains(kRefusedFlags, word);
}

void RestrictedByNtp::note(const std::vector<Word>& line) {
  any_ = true;
  all_v4_ = all_v4_ || restricts_all(line, Family::Inet4);
  all_v6_ = all_v6_ || restricts_all(line, Family::Inet6);
}

std::string_view RestrictedByNtp::lacking() const {
  if (!any_) return "#allow";
  if (!all_v4_ && !all_v6_) return "#restrict default";
  if (!all_v4_) return "#restrict -4 default";
  return all_v6_ ? "" : "#restrict -6 default";
}

std::optional<int> stratum_of_orphans(std::optional<double> value) {
  constexpr double kNone = 16;
  return value && *value >= 1 && *value < kNone ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

}  // namespace timed::client
