// A file of ntp says some things in several places: `fudge` gives options to a clock of another line, and orphan mode
// is spread over options of `tos`.  So these are collected in a first pass; the second one writes line by line, and
// the end what ntp does without being told.
#include "import_ntp.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "import_ntp_sources.h"
#include "import_ntp_words.h"
#include "timed/base/address.h"
#include "timed/base/text.h"

namespace timed::client {
namespace {

constexpr int kBroadcastPoll = 6;  // where a broadcast line has no minpoll

// What a remark says of several words.
std::string& add(std::string& list, std::string_view words) {
  return list.append(list.empty() ? "" : ", ").append(words);
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
  template <class Take>
  void each_pair(std::string_view line, const Words& words, Take take);

  std::vector<std::string_view> lines_;
  ImportedText& out_;
  std::map<std::string, std::vector<std::string_view>, std::less<>> fudges_;  // by address
  std::set<std::string_view> clocks_;                                         // addresses of server lines
  std::optional<int> orphan_;                                                 // stratum
  std::string orphan_wait_;
  std::string_view device_;  // of the line binddevice
  bool has_address_ = false;
  bool has_step_ = false;
  bool has_panic_ = false;
  RestrictedByNtp restricted_;
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

// Of a line of options and values: take(option, its value as a number, both as they shall be shown).
template <class Take>
void NtpImport::each_pair(std::string_view line, const Words& words, Take take) {
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    std::string shown(words[0].text);
    shown.append(" ").append(words[i].text).append(" ").append(words[i + 1].text);
    take(words[i].text, number(words, i + 1), shown);
  }
  if (words.size() % 2 == 0 || words.size() == 1) out_.without_equal(line, "an option without a value");
}

void NtpImport::collect(const Words& words) {
  if (words.size() < 2) return;
  const std::string_view word = words[0].text;
  if (word == "restrict" && !has_port_flag(words)) restricted_.note(words);
  if (word == "fudge") {
    for (std::size_t i = 2; i < words.size(); ++i) fudges_[std::string(words[1].text)].push_back(words[i].text);
  }
  if (word == "server") clocks_.insert(words[1].text);
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    if (word == "tos" && words[i].text == "orphan") orphan_ = stratum_of_orphans(number(words, i + 1));
    const bool waits = word == "tos" && words[i].text == "orphanwait";
    if (waits && number(words, i + 1).value_or(-1.0) >= 0.0) orphan_wait_ = words[i + 1].text;
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
  out_.without_equal(code, why_no_ntp_word(words[0].text));
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

void NtpImport::fudge(std::string_view line, const Words& words) {
  if (words.size() < 2 || !clocks_.contains(words[1].text)) return out_.without_equal(line, "no line names this clock");
  out_.remark(std::string("in the line of its clock: ").append(line));
}

void NtpImport::broadcast(std::string_view line, const Words& words) {
  int poll = kBroadcastPoll;
  bool has_key = false;
  std::string left_out;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string_view option = words[i].text;
    if (option == "minpoll") {
      poll = static_cast<int>(std::clamp(number(words, ++i).value_or(poll), 1.0, 24.0));
    } else if (option == "key" || option == "autokey") {
      has_key = true;
    } else {
      const bool has_value = number(words, i + 1).has_value();
      add(left_out, option);
      i += has_value ? 1 : 0;
    }
  }
  if (words.size() < 2 || has_key) return out_.without_equal(line, "broadcasts are sent without authentication");
  if (!IpAddress::parse(words[1].text)) return out_.without_equal(line, "broadcasts go to an address, not to a name");
  out_.changed(line, format("broadcast %d ", 1 << poll).append(words[1].text),
               left_out.empty() ? left_out : "without equal: " + left_out);
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
  bool after_response = false;
  if (has_port_flag(words)) return out_.without_equal(line, "rules are for addresses, whatever the port");
  for (const Word& word : words) {
    const bool dropped = is_refused_flag(word.text) || (after_response && word.text == "fuzz");
    after_response = word.text == "serverresponse";
    if (dropped) add(left_out, word.text);
    if (!dropped) kept.append(kept.empty() ? "" : " ").append(word.text);
  }
  if (left_out.empty()) return out_.line(line);
  out_.changed(line, kept, left_out + ": asks for what is not done here");
}

void NtpImport::disable(std::string_view line, const Words& words) {
  if (words.size() < 2) return out_.without_equal(line, "without a value");
  for (std::size_t i = 1; i < words.size(); ++i) {
    out_.without_equal(std::string("disable ").append(words[i].text), why_not_disabled(words[i].text));
  }
}

void NtpImport::interface(std::string_view line, const Words& words) {
  const bool listens = words.size() > 2 && words[1].text == "listen";
  const std::string_view what = words.size() > 2 ? words[2].text : std::string_view();
  if (!listens || what == "all" || what == "ipv4" || what == "ipv6" || what == "wildcard" ||
      what.find('/') != what.npos) {
    return out_.without_equal(line, "bindaddress and binddevice say where to listen, not where not to");
  }
  // ntpd listens where any of its lines says, and here an address counts only on the one device.
  if (IpAddress::parse(what)) {
    if (!device_.empty()) return out_.without_equal(line, "binddevice is there already, and would hold for it too");
    has_address_ = true;
    return out_.changed(line, std::string("bindaddress ").append(what));
  }
  if (has_address_ || !device_.empty()) {
    return out_.without_equal(line, "there is one binddevice, for all addresses: name each address by bindaddress");
  }
  device_ = what;
  out_.changed(line, std::string("binddevice ").append(what));
}

void NtpImport::tos(std::string_view line, const Words& words) {
  each_pair(line, words, [this](std::string_view option, std::optional<double> value, const std::string& shown) {
    const int whole = static_cast<int>(std::clamp(value.value_or(0.0), 0.0, 1e6));
    if (option == "minsane" && whole > 0) {
      out_.changed(shown, format("minsources %d", whole));
    } else if (option == "maxdist" && value) {
      out_.changed(shown, format("maxdistance %g", *value));
    } else if (option == "floor" && value) {
      out_.changed(shown, format("minstratum %d", std::min(whole, 15)));
    } else if (option == "ceiling" && whole > 0) {
      out_.changed(shown, format("maxstratum %d", std::min(whole - 1, 15)));
    } else if (option == "orphanwait" ? value.value_or(-1.0) >= 0.0 : option == "orphan" && stratum_of_orphans(value)) {
      out_.remark(shown + (orphan_ ? ": in the line local at the end" : ": no orphan mode without tos orphan"));
    } else if (option == "orphan" && whole > 15) {
      out_.remark(shown + ": from 16 on there is no orphan mode, as without a line local");
    } else if (option == "orphan" || option == "orphanwait") {
      out_.without_equal(shown, option == "orphan" ? "not a stratum" : "not a time to wait");
    } else if (option == "maxclock") {
      out_.without_equal(shown, "each pool line has its number of servers, the option maxsources");
    } else if (option == "minclock") {
      out_.without_equal(shown, "combinelimit says which sources are combined");
    } else {
      out_.without_equal(shown, "the selection has no such number");
    }
  });
}

void NtpImport::tinker(std::string_view line, const Words& words) {
  each_pair(line, words, [this](std::string_view option, std::optional<double> value, const std::string& shown) {
    if (option == "step" && value) {
      if (*value > 0.0) out_.changed(shown, format("makestep %g -1", *value));
      if (*value <= 0.0) out_.remark(shown + ": without a line makestep there are no steps");
    } else if (option == "panic" && value) {
      if (*value > 0.0) out_.changed(shown, format("maxchange %g 1 0", *value));
      if (*value <= 0.0) out_.remark(shown + ": without a line maxchange every offset is corrected");
    } else {
      out_.without_equal(shown, "of the clock discipline of ntp; there is another one here");
    }
  });
}

void NtpImport::statsdir(std::string_view line, const Words&) {
  out_.changed(line, "logdir /var/log/timed", "the account timed has a directory of its own");
}

void NtpImport::statistics(std::string_view line, const Words& words) {
  std::string streams;
  std::string left_out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view stream = log_of_statistics(words[i].text);
    if (stream.empty()) left_out.append(left_out.empty() ? "" : " ").append(words[i].text);
    if (!stream.empty()) streams.append(" ").append(stream);
  }
  if (streams.empty()) return out_.without_equal(line, "no such log");
  out_.changed(line, "log" + streams,
               left_out.empty() ? "other columns" : "other columns, and no log like " + left_out);
}

void NtpImport::nts(std::string_view line, const Words& words) {
  if (words.size() < 2) return out_.without_equal(line, "without a value");
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view option = words[i].text;
    if (option == "enable") {
      out_.remark("nts enable: the certificate and its key are enough");
      continue;
    }
    const bool has_value = option != "disable" && i + 1 < words.size();
    const std::string_view value = has_value ? words[++i].text : std::string_view();
    const std::string shown = std::string("nts ").append(option).append(has_value ? " " : "").append(value);
    const std::string_view ours = directive_of_nts(option);
    if (option == "cookie") {
      out_.changed(shown, "ntsdumpdir /var/lib/timed", "the keys are begun anew");
    } else if (ours.empty() || value.empty()) {
      out_.without_equal(shown, "of the TLS library here, or not there");
    } else {
      out_.changed(shown, std::string(ours).append(" ").append(value));
    }
  }
}

void NtpImport::mru(std::string_view line, const Words& words) {
  each_pair(line, words, [this](std::string_view option, std::optional<double> kilobytes, const std::string& shown) {
    if (option == "maxmem" && kilobytes && *kilobytes > 0 && *kilobytes < 2e6) {
      out_.changed(shown, format("clientloglimit %.0f", *kilobytes * 1024));
    } else {
      out_.without_equal(shown, "clientloglimit bounds the memory for clients; there is no other limit");
    }
  });
}

void NtpImport::rlimit(std::string_view line, const Words& words) {
  each_pair(line, words, [this](std::string_view option, std::optional<double> value, const std::string& shown) {
    if (option == "memlock" && value.value_or(-1.0) > 0.0) {
      out_.changed(shown, "lock_all");
    } else {
      out_.without_equal(shown, "limits are for the service manager to set");
    }
  });
}

void NtpImport::finish() {
  if (orphan_) {
    std::string line = format("local stratum %d orphan", *orphan_);
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
  if (restricted_.lacking().empty()) return;
  out_.remark("ntpd answers everybody whom no line restrict names; timed answers nobody unless told to");
  out_.line(restricted_.lacking());
}

}  // namespace

void import_ntp(std::string_view text, ImportedText& out) {
  NtpImport(text, out).run();
}

}  // namespace timed::client
