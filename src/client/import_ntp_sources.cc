#include "import_ntp_sources.h"

#include <algorithm>
#include <array>
#include <span>

#include "timed/base/address.h"

namespace timed::client {
namespace {

// What becomes of an option.
enum class Fate : std::uint8_t {
  Kept,     // under the word of `as`
  LeftOut,  // `as` says why
  Refused,  // the line cannot be without it; `as` says why
};
struct OptionRow {
  std::string_view word;
  bool has_value;
  Fate fate;
  std::string_view as;
};

constexpr OptionRow kServerOptions[] = {
    {"burst", false, Fate::Kept, "burst"},
    {"iburst", false, Fate::Kept, "iburst"},
    {"key", true, Fate::Kept, "key"},
    {"maxpoll", true, Fate::Kept, "maxpoll"},
    {"minpoll", true, Fate::Kept, "minpoll"},
    {"noselect", false, Fate::Kept, "noselect"},
    {"nts", false, Fate::Kept, "nts"},
    {"prefer", false, Fate::Kept, "prefer"},
    {"true", false, Fate::Kept, "trust"},
    {"version", true, Fate::Kept, "version"},
    {"xleave", false, Fate::Kept, "xleave"},
    {"aead", true, Fate::LeftOut, "see ntsaeads"},
    {"ask", true, Fate::LeftOut, "the server of NTS names the server of NTP"},
    {"autokey", false, Fate::Refused, "there is no Autokey: ask a server with the option nts or key"},
    {"bias", true, Fate::LeftOut, "see the option offset"},
    {"ca", true, Fate::LeftOut, "see ntstrustedcerts and the option certset"},
    {"cert", true, Fate::LeftOut, "clients need no certificate"},
    {"dynamic", false, Fate::LeftOut, "addresses may always come later"},
    {"expire", true, Fate::LeftOut, "cookies are renewed by themselves"},
    {"mode", true, Fate::LeftOut, "of reference clocks only"},
    {"noval", false, Fate::LeftOut, "certificates are always checked"},
    {"preempt", false, Fate::LeftOut, "bad sources of a name are replaced by themselves"},
    {"require", true, Fate::LeftOut, "the server of NTS names the server of NTP"},
    {"subtype", true, Fate::LeftOut, "of reference clocks only"},
    {"ttl", true, Fate::LeftOut, "nothing is sent to groups here"},
};

constexpr OptionRow kClockOptions[] = {
    {"minpoll", true, Fate::Kept, "poll"},
    {"noselect", false, Fate::Kept, "noselect"},
    {"prefer", false, Fate::Kept, "prefer"},
    {"refid", true, Fate::Kept, "refid"},
    {"stratum", true, Fate::Kept, "stratum"},
    {"time1", true, Fate::Kept, "offset"},
    {"true", false, Fate::Kept, "trust"},
    {"baud", true, Fate::LeftOut, "serial lines are not read here"},
    {"flag1", true, Fate::LeftOut, "of the driver of ntp"},
    {"flag2", true, Fate::LeftOut, "of the driver of ntp"},
    {"flag3", true, Fate::LeftOut, "of the driver of ntp"},
    {"flag4", true, Fate::LeftOut, "of the driver of ntp"},
    {"iburst", false, Fate::LeftOut, "a clock is read all the time"},
    {"maxpoll", true, Fate::LeftOut, "a clock has one interval, poll"},
    {"mode", true, Fate::LeftOut, "of the driver of ntp"},
    {"path", true, Fate::LeftOut, "of the driver of ntp"},
    {"ppspath", true, Fate::LeftOut, "see the option lock"},
    {"subtype", true, Fate::LeftOut, "of the driver of ntp"},
    {"time2", true, Fate::LeftOut, "of the driver of ntp"},
    {"unit", true, Fate::LeftOut, "part of the driver's name here"},
};

constexpr int kLocalType = 1;
constexpr int kPpsType = 22;
constexpr int kShmType = 28;
// The stratum of ntp's local clock without a fudge line, and the largest that can be served.
constexpr int kLocalStratum = 5;
constexpr int kMaxStratum = 15;

void note(std::string& why, std::string_view word, std::string_view reason) {
  why.append(why.empty() ? "left out " : ", ").append(word).append(" (").append(reason).append(")");
}

// Goes through options and their values: what is kept is added to the line, what is not to why.
void add_options(std::span<const OptionRow> table, std::span<const std::string_view> options, ImportedSource& made) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const OptionRow& known) { return known.word == options[i]; });
    if (row == table.end()) {
      note(made.why, options[i], "not understood");
      continue;
    }
    const std::string_view value = row->has_value && i + 1 < options.size() ? options[++i] : std::string_view();
    if (row->fate == Fate::Refused) {
      made = {.line = {}, .why = std::string(row->as)};
      return;
    }
    if (row->fate == Fate::LeftOut) note(made.why, row->word, row->as);
    if (row->fate == Fate::Kept) made.line.append(" ").append(row->as);
    if (row->fate == Fate::Kept && !value.empty()) made.line.append(" ").append(value);
  }
}

// A host as timed names it, and what else it says; without a host where it is none that can be asked.
struct Host {
  std::string_view name;
  std::string_view port;  // of key establishment, which ntpsec puts behind the host
};
Host host_of(std::string_view text) {
  if (IpAddress::parse(text)) return {text, {}};
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (bracket != std::string_view::npos) {
    const std::string_view rest = text.substr(bracket + 1);
    if (!rest.empty() && !rest.starts_with(':')) return {};
    return {text.substr(1, bracket - 1), rest.substr(rest.empty() ? 0 : 1)};
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {text, {}};
  if (text.find(':', colon + 1) != std::string_view::npos) return {};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string_view value_of(const std::vector<std::string_view>& options, std::string_view word) {
  std::string_view value;
  for (std::size_t i = 0; i + 1 < options.size(); ++i) {
    if (options[i] == word) value = options[i + 1];
  }
  return value;
}

// ntp's local clock is a source of that stratum: what is served is one more.
ImportedSource local_reference(const std::vector<std::string_view>& options) {
  const std::int64_t stratum = parse_integer(value_of(options, "stratum")).value_or(kLocalStratum);
  return {.line = format("local stratum %d", static_cast<int>(std::clamp<std::int64_t>(stratum + 1, 1, kMaxStratum))),
          .why = {}};
}

}  // namespace

std::optional<NtpClock> ntp_clock_at(std::string_view address) {
  constexpr std::string_view kNetwork = "127.127.";
  if (!address.starts_with(kNetwork)) return std::nullopt;
  const std::string_view rest = address.substr(kNetwork.size());
  const std::size_t point = rest.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const auto type = parse_integer(rest.substr(0, point));
  const auto unit = parse_integer(rest.substr(point + 1));
  if (!type || !unit || *type < 0 || *type > 255 || *unit < 0 || *unit > 255) return std::nullopt;
  return NtpClock{static_cast<int>(*type), static_cast<int>(*unit)};
}

ImportedSource import_ntp_server(const std::vector<Word>& words) {
  std::string family;
  std::size_t at = 1;
  if (at < words.size() && (words[at].text == "-4" || words[at].text == "-6")) {
    family = words[at++].text == "-4" ? " ipv4" : " ipv6";
  }
  if (at >= words.size()) return {.line = {}, .why = "no host"};
  const Host host = host_of(words[at].text);
  if (words[at].text.find('%') != std::string_view::npos) {
    return {.line = {}, .why = "an address with a zone cannot be asked here: name one that is valid everywhere"};
  }
  if (host.name.empty()) return {.line = {}, .why = "neither a name nor an address"};
  ImportedSource made{.line = std::string(words[0].text).append(" ").append(host.name), .why = {}};
  if (!host.port.empty()) made.line.append(" ntsport ").append(host.port);
  made.line += family;
  std::vector<std::string_view> options;
  for (++at; at < words.size(); ++at) options.push_back(words[at].text);
  add_options(kServerOptions, options, made);
  return made;
}

ImportedSource import_ntp_clock(const NtpClock& clock, const std::vector<std::string_view>& options) {
  if (clock.type == kLocalType) return local_reference(options);
  ImportedSource made;
  if (clock.type == kShmType) made.line = format("refclock SHM %d", clock.unit);
  if (clock.type == kPpsType) made.line = format("refclock PPS /dev/pps%d", clock.unit);
  if (made.line.empty()) {
    return {.line = {},
            .why = format("no driver for clocks of type %d; gpsd can hand the time on as SHM or SOCK", clock.type)};
  }
  add_options(kClockOptions, options, made);
  return made;
}

ImportedSource import_ntpsec_clock(const std::vector<Word>& words) {
  const std::string_view name = words.size() > 1 ? words[1].text : std::string_view();
  std::vector<std::string_view> options;
  std::vector<std::string_view> without_unit;
  for (std::size_t i = 2; i < words.size(); ++i) options.push_back(words[i].text);
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i] == "unit")
      ++i;
    else
      without_unit.push_back(options[i]);
  }
  const std::int64_t unit = std::clamp<std::int64_t>(parse_integer(value_of(options, "unit")).value_or(0), 0, 255);
  for (const auto& [word, type] : {std::pair{"shm", kShmType}, {"pps", kPpsType}, {"local", kLocalType}}) {
    if (name == word) return import_ntp_clock({type, static_cast<int>(unit)}, without_unit);
  }
  return {.line = {}, .why = "no driver for this clock; gpsd can hand the time on as SHM or SOCK"};
}

}  // namespace timed::client
