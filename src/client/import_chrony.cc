#include "import_chrony.h"

#include <algorithm>

#include "timed/base/characters.h"
#include "timed/base/text.h"

namespace timed::client {
namespace {

struct Reason {
  std::string_view word;
  std::string_view why;
};

constexpr Reason kWithoutEqual[] = {
    {"bindcmdaddress", "the command socket of timed is /run/timed/timed.sock unless this names another place"},
    {"commandkey", "retired by chrony itself: orders are given over the command socket"},
    {"dumponexit", "retired by chrony itself: dumpdir alone is enough"},
    {"generatecommandkey", "retired by chrony itself: orders are given over the command socket"},
    {"linux_freq_scale", "retired by chrony itself"},
    {"linux_hz", "retired by chrony itself"},
    {"pidfile", "timed and chronyd never share a pid file: that of timed is /run/timed/timed.pid"},
    {"user", "the account of timed is called timed; write this line anew if yours is another one"},
};

// All words of a configuration, in alphabetical order; the room `config` knows more of them, but is not for tools.
constexpr std::string_view kRead[] = {"acquisitionport",
                                      "allow",
                                      "authselectmode",
                                      "bindacqaddress",
                                      "bindacqdevice",
                                      "bindaddress",
                                      "bindcmdaddress",
                                      "bindcmddevice",
                                      "binddevice",
                                      "broadcast",
                                      "clientloglimit",
                                      "clockprecision",
                                      "cmdallow",
                                      "cmddeny",
                                      "cmdport",
                                      "cmdratelimit",
                                      "combinelimit",
                                      "commandkey",
                                      "confdir",
                                      "corrtimeratio",
                                      "deny",
                                      "driftfile",
                                      "dscp",
                                      "dumpdir",
                                      "dumponexit",
                                      "estimator",
                                      "fallbackdrift",
                                      "generatecommandkey",
                                      "hwclockfile",
                                      "hwtimestamp",
                                      "hwtstimeout",
                                      "include",
                                      "initstepslew",
                                      "keyfile",
                                      "leapseclist",
                                      "leapsecmode",
                                      "leapsectz",
                                      "linux_freq_scale",
                                      "linux_hz",
                                      "local",
                                      "lock_all",
                                      "log",
                                      "logbanner",
                                      "logchange",
                                      "logdir",
                                      "mailonchange",
                                      "makestep",
                                      "manual",
                                      "maxchange",
                                      "maxclockerror",
                                      "maxdistance",
                                      "maxdrift",
                                      "maxjitter",
                                      "maxntsconnections",
                                      "maxsamples",
                                      "maxslewrate",
                                      "maxstratum",
                                      "maxtxbuffers",
                                      "maxupdateskew",
                                      "minsamples",
                                      "minsources",
                                      "minstratum",
                                      "nocerttimecheck",
                                      "noclientlog",
                                      "nosystemcert",
                                      "ntpsigndsocket",
                                      "ntsaeads",
                                      "ntsbootstrap",
                                      "ntscachedir",
                                      "ntsdumpdir",
                                      "ntskeysecret",
                                      "ntsntpserver",
                                      "ntsport",
                                      "ntsprocesses",
                                      "ntsratelimit",
                                      "ntsrefresh",
                                      "ntsrotate",
                                      "ntsservercert",
                                      "ntsserverkey",
                                      "ntstrustedcerts",
                                      "opencommands",
                                      "peer",
                                      "pidfile",
                                      "pool",
                                      "port",
                                      "ptpdomain",
                                      "ptpport",
                                      "ratelimit",
                                      "refclock",
                                      "refresh",
                                      "reselectdist",
                                      "restrict",
                                      "resumestep",
                                      "rtcautotrim",
                                      "rtcdevice",
                                      "rtcfile",
                                      "rtconutc",
                                      "rtcsync",
                                      "sched_priority",
                                      "server",
                                      "serverthreads",
                                      "smoothtime",
                                      "sourcedir",
                                      "stratumweight",
                                      "tempcomp",
                                      "user"};

// Words whose meaning depends on what the machine and this version can do.
constexpr std::string_view kOfDevices[] = {"hwtimestamp", "hwtstimeout", "maxtxbuffers", "ptpdomain",
                                           "ptpport",     "refclock",    "rtcautotrim",  "rtcfile"};

// What the account of timed could not write to, or what its own hooks fill.
struct Place {
  std::string_view theirs;
  std::string_view ours;
};
constexpr Place kPlaces[] = {
    {"/var/lib/chrony", "/var/lib/timed"},   {"/var/log/chrony", "/var/log/timed"},
    {"/run/chrony-dhcp", "/run/timed-dhcp"}, {"/var/run/chrony-dhcp", "/run/timed-dhcp"},
    {"/run/chrony", "/run/timed"},           {"/var/run/chrony", "/run/timed"},
};

// A path at or below one of those places, below ours; others as they are.
std::string moved(std::string_view path) {
  for (const Place& place : kPlaces) {
    const std::string_view rest = path.substr(std::min(place.theirs.size(), path.size()));
    if (path.starts_with(place.theirs) && (rest.empty() || rest[0] == '/')) {
      return std::string(place.ours).append(rest);
    }
  }
  return std::string(path);
}

// The command socket is ours by default only if the line does not move it out of chrony's directory.
bool binds_elsewhere(std::string_view word, std::string_view argument) {
  return word == "bindcmdaddress" && moved(argument) == argument;
}

const Reason* reason_against(const std::vector<Word>& words) {
  const std::string word = lower_case(words[0].text);
  if (words.size() > 1 && binds_elsewhere(word, words[1].text)) return nullptr;
  const auto* const found = std::find_if(std::begin(kWithoutEqual), std::end(kWithoutEqual),
                                         [&](const Reason& row) { return row.word == word; });
  return found == std::end(kWithoutEqual) ? nullptr : found;
}

bool is_of_devices(std::string_view word) {
  return std::any_of(std::begin(kOfDevices), std::end(kOfDevices),
                     [word](std::string_view known) { return equals_ignoring_case(word, known); });
}

std::string with_moved_paths(const std::vector<Word>& words) {
  std::string text(words[0].text);
  for (std::size_t i = 1; i < words.size(); ++i) text.append(" ").append(moved(words[i].text));
  return text;
}

bool names_a_place_of_chrony(const std::vector<Word>& words) {
  return std::any_of(words.begin() + 1, words.end(), [](const Word& word) { return moved(word.text) != word.text; });
}

bool reads_files_of_chrony(const std::vector<Word>& words) {
  constexpr std::string_view kReading[] = {"include", "confdir", "sourcedir"};
  return std::any_of(std::begin(kReading), std::end(kReading),
                     [&](std::string_view word) { return equals_ignoring_case(words[0].text, word); }) &&
         std::any_of(words.begin() + 1, words.end(),
                     [](const Word& word) { return word.text.starts_with("/etc/chrony/"); });
}

void import_line(std::string_view line, ImportedText& out) {
  const std::vector<Word> words = split_words(line);
  if (words.empty() || marks_comment(words[0].text[0])) return out.line(line);
  if (const Reason* against = reason_against(words)) return out.without_equal(line, against->why);
  if (!is_directive(words[0].text)) return out.without_equal(line, "not understood");
  if (names_a_place_of_chrony(words)) {
    return out.changed(line, with_moved_paths(words),
                       "the account of timed has directories of its own; copy what is kept");
  }
  if (equals_ignoring_case(words[0].text, "keyfile")) {
    out.remark("put a copy that the account timed can read where no other package removes it, and name that");
  }
  if (reads_files_of_chrony(words)) {
    out.remark("what is in there goes when chrony is purged: keep it in /etc/timed, and name that");
  }
  if (is_of_devices(words[0].text)) out.remark("`timed --check` says whether this version makes use of it");
  out.line(line);
}

}  // namespace

bool is_directive(std::string_view word) {
  return std::binary_search(std::begin(kRead), std::end(kRead), std::string_view(lower_case(word)));
}

void import_chrony(std::string_view text, ImportedText& out) {
  for (const std::string_view line : lines_of(text)) import_line(line, out);
}

}  // namespace timed::client
