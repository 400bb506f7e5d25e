// A file of ntp says some things in several places: `fudge` gives options to a clock of another line, and orphan mode
// is spread over options of `tos`.  So these are collected in a first pass; the second one writes line by line, and
// the end what ntp does without being told.
#include "import_ntp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "import_ntp_sources.h"
#include "timed/base/address.h"
#include "timed/base/text.h"

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
constexpr Reason kNts[] = {
    {"aead", ""}, {"ca", "ntstrustedcerts"}, {"cert", "ntsservercert"}, {"cookie", ""}, {"key", "ntsserverkey"}};

// Flags of `restrict` that timed refuses.  With the first two a line speaks of ports, which rules here do not.
constexpr auto kPortFlags = std::to_array<std::string_view>({"ntpport", "non-ntpport"});
constexpr auto kOtherFlags = std::to_array<std::string_view>({"epeer", "flake", "serverresponse"});

constexpr int kBroadcastPoll = 6;  // where a broadcast line has no minpoll

template <class Rows>
std::string_view find(const Rows& rows, std::string_view word, std::string_view otherwise = {}) {
  const auto found =
      std::find_if(std::begin(rows), std::end(rows), [word](const Reason& row) { return row.word == word; });
  return found == std::end(rows) ? otherwise : found->why;
}
template <class Words>
bool contains(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

class NtpImport {
 public:
  NtpImport(std::string_view text, ImportedText& out) : lines_(lines_of(text)), out_(out) {}

  void run() {
    for (const std::string_view line : lines_) collect(split_words(line.substr(0, line.find('#'))));
    for (const std::string_view line : lines_) take_line(line);
    finish();
  }

 private:
  using Words = std::vector<Word>;
  using Line = void (NtpImport::*)(std::string_view, const Words&);
  struct Row {
    std::string_view word;
    Line take;
  };
  static const Row kRows[];

  void collect(const Words& words);
  void take_line(std::string_view line);
  void finish();

  void source(std::string_view line, const Words& words);
  void ntpsec_clock(std::string_view line, const Words& words);
  void fudge(std::string_view line, const Words& words);
  void broadcast(std::string_view line, const Words& words);
  void renamed(std::string_view line, const Words& words);
  void driftfile(std::string_view line, const Words& words);
  void keys(std::string_view line, const Words& words);
  void restrict_line(std::string_view line, const Words& words);
  void disable(std::string_view line, const Words& words);
  void interface(std::string_view line, const Words& words);
  void tos(std::string_view line, const Words& words);
  void tinker(std::string_view line, const Words& words);
  void statsdir(std::string_view line, const Words& words);
  void statistics(std::string_view line, const Words& words);
  void nts(std::string_view line, const Words& words);
  void mru(std::string_view line, const Words& words);
  void rlimit(std::string_view line, const Words& words);

  void put(std::string_view line, const ImportedSource& made);
  static std::optional<double> number(const Words& words, std::size_t at);

  std::vector<std::string_view> lines_;
  ImportedText& out_;
  std::map<std::string, std::vector<std::string_view>, std::less<>> fudges_;  // by address
  std::string orphan_;                                                        // stratum
  std::string orphan_wait_;
  bool has_step_ = false;
  bool has_panic_ = false;
  bool has_restrict_ = false;
};

const NtpImport::Row NtpImport::kRows[] = {
    {"broadcast", &NtpImport::broadcast},
    {"disable", &NtpImport::disable},
    {"driftfile", &NtpImport::driftfile},
    {"dscp", &NtpImport::renamed},
    {"fudge", &NtpImport::fudge},
    {"interface", &NtpImport::interface},
    {"keys", &NtpImport::keys},
    {"leapfile", &NtpImport::renamed},
    {"mru", &NtpImport::mru},
    {"nic", &NtpImport::interface},
    {"nts", &NtpImport::nts},
    {"peer", &NtpImport::source},
    {"pool", &NtpImport::source},
    {"refclock", &NtpImport::ntpsec_clock},
    {"restrict", &NtpImport::restrict_line},
    {"rlimit", &NtpImport::rlimit},
    {"server", &NtpImport::source},
    {"statistics", &NtpImport::statistics},
    {"statsdir", &NtpImport::statsdir},
    {"tinker", &NtpImport::tinker},
    {"tos", &NtpImport::tos},
};

std::optional<double> NtpImport::number(const Words& words, std::size_t at) {
  if (at >= words.size()) return std::nullopt;
  const auto real = parse_real_prefix(words[at].text);
  if (!real || real->length != words[at].text.size() || !std::isfinite(real->value)) return std::nullopt;
  return real->value;
}

void NtpImport::collect(const Words& words) {
  if (words.size() < 2) return;
  const std::string_view word = words[0].text;
  if (word == "restrict") has_restrict_ = true;
  if (word == "fudge") {
    for (std::size_t i = 2; i < words.size(); ++i) fudges_[std::string(words[1].text)].push_back(words[i].text);
  }
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    if (word == "tos" && words[i].text == "orphan") orphan_ = words[i + 1].text;
    if (word == "tos" && words[i].text == "orphanwait") orphan_wait_ = words[i + 1].text;
    if (word == "tinker" && words[i].text == "step") has_step_ = true;
    if (word == "tinker" && words[i].text == "panic") has_panic_ = true;
  }
}

void NtpImport::take_line(std::string_view line) {
  const std::size_t mark = std::min(line.find('#'), line.size());
  const Words words = split_words(line.substr(0, mark));
  if (words.empty()) return out_.line(line);
  if (mark < line.size()) out_.line(line.substr(mark));
  const std::size_t end = words.back().column + words.back().text.size();
  const std::string_view code = line.substr(0, end);
  const auto* const row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& known) { return known.word == words[0].text; });
  if (row != std::end(kRows)) return (this->*row->take)(code, words);
  out_.without_equal(code, find(kWithoutEqual, words[0].text, "not understood"));
}

void NtpImport::put(std::string_view line, const ImportedSource& made) {
  if (made.line.empty()) return out_.without_equal(line, made.why);
  if (!made.why.empty()) return out_.changed(line, made.line, made.why);
  out_.line(made.line);
}

void NtpImport::source(std::string_view line, const Words& words) {
  const auto clock = words.size() > 1 ? ntp_clock_at(words[1].text) : std::nullopt;
  if (!clock) return put(line, import_ntp_server(words));
  std::vector<std::string_view> options;
  for (std::size_t i = 2; i < words.size(); ++i) options.push_back(words[i].text);
  const auto fudged = fudges_.find(words[1].text);
  if (fudged != fudges_.end()) options.insert(options.end(), fudged->second.begin(), fudged->second.end());
  const ImportedSource made = import_ntp_clock(*clock, options);
  if (made.line.empty() || !made.why.empty()) return put(line, made);
  out_.changed(line, made.line);
}

void NtpImport::ntpsec_clock(std::string_view line, const Words& words) {
  const ImportedSource made = import_ntpsec_clock(words);
  if (made.line.empty() || !made.why.empty()) return put(line, made);
  out_.changed(line, made.line);
}

void NtpImport::fudge(std::string_view line, const Words&) {
  out_.remark(std::string("in the line of its clock: ").append(line));
}

void NtpImport::broadcast(std::string_view line, const Words& words) {
  int poll = kBroadcastPoll;
  bool has_key = false;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i].text == "minpoll") poll = static_cast<int>(std::clamp(number(words, i + 1).value_or(poll), 1.0, 24.0));
    has_key = has_key || words[i].text == "key" || words[i].text == "autokey";
  }
  if (words.size() < 2 || has_key) return out_.without_equal(line, "broadcasts are sent without authentication");
  out_.changed(line, format("broadcast %d ", 1 << poll).append(words[1].text));
}

void NtpImport::renamed(std::string_view line, const Words& words) {
  if (words.size() < 2) return out_.without_equal(line, "without a value");
  const bool is_leap_file = words[0].text == "leapfile";
  out_.line(std::string(is_leap_file ? "leapseclist " : "dscp ").append(words[1].text));
}

void NtpImport::driftfile(std::string_view line, const Words&) {
  out_.changed(line, "driftfile /var/lib/timed/drift", "the file has another form and is begun anew");
}

void NtpImport::keys(std::string_view line, const Words& words) {
  if (words.size() < 2) return out_.without_equal(line, "without a value");
  out_.changed(line, std::string("keyfile ").append(words[1].text),
               "in it type M is called MD5 and AES is called AES128; the account timed must be able to read it");
}

void NtpImport::restrict_line(std::string_view line, const Words& words) {
  std::string kept;
  std::string left_out;
  for (const Word& word : words) {
    if (contains(kPortFlags, word.text)) return out_.without_equal(line, "rules are for addresses, whatever the port");
    const bool dropped = contains(kOtherFlags, word.text) || (left_out == "serverresponse" && word.text == "fuzz");
    if (dropped && word.text != "fuzz") left_out = word.text;
    if (!dropped) kept.append(kept.empty() ? "" : " ").append(word.text);
  }
  if (left_out.empty()) return out_.line(line);
  out_.changed(line, kept, left_out + " asks for what is not done here");
}

void NtpImport::disable(std::string_view line, const Words& words) {
  out_.without_equal(
      line, find(kDisabled, words.size() > 1 ? words[1].text : "", "it cannot be turned off, or is not there"));
}

void NtpImport::interface(std::string_view line, const Words& words) {
  const bool listens = words.size() > 2 && words[1].text == "listen";
  const std::string_view what = words.size() > 2 ? words[2].text : std::string_view();
  if (!listens || what == "all" || what == "ipv4" || what == "ipv6" || what == "wildcard" ||
      what.find('/') != what.npos) {
    return out_.without_equal(line, "bindaddress and binddevice say where to listen, not where not to");
  }
  out_.changed(line, std::string(IpAddress::parse(what) ? "bindaddress " : "binddevice ").append(what));
}

void NtpImport::tos(std::string_view line, const Words& words) {
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    const std::string_view option = words[i].text;
    const std::string shown = std::string("tos ").append(option).append(" ").append(words[i + 1].text);
    const auto value = number(words, i + 1);
    const int whole = static_cast<int>(std::clamp(value.value_or(0.0), 0.0, 1e6));
    if (option == "minsane" && whole > 0) {
      out_.changed(shown, format("minsources %d", whole));
    } else if (option == "maxdist" && value) {
      out_.changed(shown, format("maxdistance %g", *value));
    } else if (option == "floor" && value) {
      out_.changed(shown, format("minstratum %d", std::min(whole, 15)));
    } else if (option == "ceiling" && whole > 0) {
      out_.changed(shown, format("maxstratum %d", std::min(whole - 1, 15)));
    } else if (option == "orphan" || option == "orphanwait") {
      out_.remark(shown + ": in the line local at the end");
    } else if (option == "maxclock") {
      out_.without_equal(shown, "each pool line has its number of servers, the option maxsources");
    } else if (option == "minclock") {
      out_.without_equal(shown, "combinelimit says which sources are combined");
    } else {
      out_.without_equal(shown, "the selection has no such number");
    }
  }
  if (words.size() % 2 == 0) out_.without_equal(line, "an option without a value");
}

void NtpImport::tinker(std::string_view line, const Words& words) {
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    const std::string_view option = words[i].text;
    const std::string shown = std::string("tinker ").append(option).append(" ").append(words[i + 1].text);
    const auto value = number(words, i + 1);
    if (option == "step" && value) {
      if (*value > 0.0) out_.changed(shown, format("makestep %g -1", *value));
      if (*value <= 0.0) out_.remark(shown + ": without a line makestep there are no steps");
    } else if (option == "panic" && value) {
      if (*value > 0.0) out_.changed(shown, format("maxchange %g 1 0", *value));
      if (*value <= 0.0) out_.remark(shown + ": without a line maxchange every offset is corrected");
    } else {
      out_.without_equal(shown, "of the clock discipline of ntp; there is another one here");
    }
  }
  if (words.size() % 2 == 0) out_.without_equal(line, "an option without a value");
}

void NtpImport::statsdir(std::string_view line, const Words&) {
  out_.changed(line, "logdir /var/log/timed", "the account timed has a directory of its own");
}

void NtpImport::statistics(std::string_view line, const Words& words) {
  std::string streams;
  std::string left_out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view stream = find(kStreams, words[i].text);
    if (stream.empty()) left_out.append(left_out.empty() ? "" : " ").append(words[i].text);
    if (!stream.empty()) streams.append(" ").append(stream);
  }
  if (streams.empty()) return out_.without_equal(line, "no such log");
  out_.changed(line, "log" + streams,
               left_out.empty() ? "other columns" : "other columns, and no log like " + left_out);
}

void NtpImport::nts(std::string_view line, const Words& words) {
  const std::string_view option = words.size() > 1 ? words[1].text : std::string_view();
  const std::string_view value = words.size() > 2 ? words[2].text : std::string_view();
  if (option == "enable") return out_.remark("nts enable: the certificate and its key are enough");
  if (option == "cookie") return out_.changed(line, "ntsdumpdir /var/lib/timed", "the keys are begun anew");
  const std::string_view ours = find(kNts, option);
  if (ours.empty() || value.empty()) return out_.without_equal(line, "of the TLS library here, or not there");
  out_.changed(line, std::string(ours).append(" ").append(value));
}

void NtpImport::mru(std::string_view line, const Words& words) {
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    const auto kilobytes = number(words, i + 1);
    if (words[i].text == "maxmem" && kilobytes && *kilobytes > 0 && *kilobytes < 2e6) {
      return out_.changed(line, format("clientloglimit %.0f", *kilobytes * 1024));
    }
  }
  out_.without_equal(line, "clientloglimit bounds the memory for clients; there is no other limit");
}

void NtpImport::rlimit(std::string_view line, const Words& words) {
  const bool locks = words.size() > 2 && words[1].text == "memlock" && number(words, 2).value_or(-1.0) > 0.0;
  if (locks) return out_.changed(line, "lock_all");
  out_.without_equal(line, "limits are for the service manager to set");
}

void NtpImport::finish() {
  if (!orphan_.empty()) {
    std::string line = "local stratum " + orphan_ + " orphan";
    if (!orphan_wait_.empty()) line += " waitunsynced " + orphan_wait_;
    out_.line(line);
  }
  if (!has_step_) {
    out_.remark("ntpd steps more than 0.128 s whenever that lasts for minutes; here only at the start");
    out_.line("makestep 0.128 3");
  }
  if (!has_panic_) {
    out_.remark("ntpd ends where, after the start, the time is wrong by more than 1000 s");
    out_.line("maxchange 1000 1 0");
  }
  out_.remark("as ntpd does: the kernel copies the time to the real-time clock");
  out_.line("rtcsync");
  if (has_restrict_) return;
  out_.remark("without a line restrict ntpd answers everybody; timed answers nobody unless told to");
  out_.line("#allow");
}

}  // namespace

void import_ntp(std::string_view text, ImportedText& out) {
  NtpImport(text, out).run();
}

}  // namespace timed::client
