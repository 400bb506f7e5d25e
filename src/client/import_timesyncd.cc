#include "import_timesyncd.h"

#include <algorithm>
#include <cmath>

#include "timed/base/text.h"

namespace timed::client {
namespace {

struct Unit {
  std::string_view name;
  double seconds;
};
constexpr Unit kUnits[] = {
    {"us", 1e-6},    {"usec", 1e-6},   {"ms", 1e-3},        {"msec", 1e-3},       {"s", 1},       {"sec", 1},
    {"second", 1},   {"seconds", 1},   {"m", 60},           {"min", 60},          {"minute", 60}, {"minutes", 60},
    {"h", 3600},     {"hr", 3600},     {"hour", 3600},      {"hours", 3600},      {"d", 86400},   {"day", 86400},
    {"days", 86400}, {"w", 7 * 86400}, {"week", 7 * 86400}, {"weeks", 7 * 86400},
};
constexpr double kLeastPoll_s = 16;
constexpr double kMostPoll_s = 16777216;  // 2^24

// What the file says, before it is known how to say it here.
struct Settings {
  std::vector<std::string> servers;
  std::vector<std::string> fallback;
  std::vector<std::string> compiled_in;  // of the shipped file, which shows its defaults as comments
  std::optional<int> min_poll;
  std::optional<int> max_poll;
  std::optional<double> distance;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

double seconds_of(std::string_view unit) {
  const auto* const found =
      std::find_if(std::begin(kUnits), std::end(kUnits), [unit](const Unit& row) { return row.name == unit; });
  return found == std::end(kUnits) ? 0.0 : found->seconds;
}

// The exponent of the power of two next to that.
std::optional<int> poll_of(std::string_view text) {
  const auto seconds = parse_time_span(text);
  if (!seconds) return std::nullopt;
  return static_cast<int>(std::lround(std::log2(std::clamp(*seconds, kLeastPoll_s, kMostPoll_s))));
}

// As systemd has it: further lines add, an empty one forgets.
void take_list(std::vector<std::string>& list, std::string_view value) {
  if (value.empty()) list.clear();
  for (const Word& word : split_words(value)) list.emplace_back(word.text);
}

void take(Settings& settings, std::string_view line, std::string_view key, std::string_view value, ImportedText& out) {
  if (key == "NTP") {
    take_list(settings.servers, value);
  } else if (key == "FallbackNTP") {
    take_list(settings.fallback, value);
  } else if (key == "PollIntervalMinSec" && poll_of(value)) {
    settings.min_poll = poll_of(value);
  } else if (key == "PollIntervalMaxSec" && poll_of(value)) {
    settings.max_poll = poll_of(value);
  } else if (key == "RootDistanceMaxSec" && parse_time_span(value)) {
    settings.distance = parse_time_span(value);
  } else if (key == "ConnectionRetrySec") {
    out.without_equal(line, "names that cannot be looked up are tried again by themselves, less and less often");
  } else if (key == "SaveIntervalSec") {
    out.without_equal(line, "the time of the last drift file is what the option -s starts from");
  } else {
    out.without_equal(line, "not understood");
  }
}

void read_line(Settings& settings, std::string_view line, bool& in_time, ImportedText& out) {
  constexpr std::string_view kShownDefault = "#FallbackNTP=";
  const std::string_view text = trimmed(line);
  if (text.starts_with(kShownDefault)) take_list(settings.compiled_in, text.substr(kShownDefault.size()));
  if (text.empty() || text[0] == '#' || text[0] == ';') return out.line(line);
  if (text[0] == '[') {
    in_time = text == "[Time]";
    return;
  }
  const std::size_t equals = text.find('=');
  if (!in_time || equals == std::string_view::npos) return out.without_equal(line, "not in the section [Time]");
  take(settings, line, trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1)), out);
}

void write_sources(const Settings& settings, const std::vector<std::string>& names, std::string_view mark,
                   ImportedText& out) {
  std::string options = " iburst";
  if (settings.min_poll) options += format(" minpoll %d", *settings.min_poll);
  if (settings.max_poll) options += format(" maxpoll %d", std::max(*settings.max_poll, settings.min_poll.value_or(0)));
  for (const std::string& name : names) out.line(std::string(mark).append("server ").append(name).append(options));
}

void write(const Settings& settings, ImportedText& out) {
  if (!settings.servers.empty()) {
    out.remark("NTP=; all of them are asked at once and compared, not one after the other");
    write_sources(settings, settings.servers, "", out);
  }
  if (!settings.fallback.empty() && !settings.servers.empty()) {
    out.remark("FallbackNTP= is used only without NTP=");
    write_sources(settings, settings.fallback, "#", out);
  } else if (!settings.fallback.empty()) {
    out.remark("FallbackNTP=, as there is no NTP=");
    write_sources(settings, settings.fallback, "", out);
  } else if (settings.servers.empty() && !settings.compiled_in.empty()) {
    out.remark("no server is named: these are the ones that the file shows as compiled in");
    write_sources(settings, settings.compiled_in, "", out);
  } else if (settings.servers.empty()) {
    out.remark("no server is named, and what timesyncd would ask is compiled into it: name some here");
    out.line("#pool pool.ntp.org iburst");
  }
  if (settings.distance) out.line(format("maxdistance %g", *settings.distance));
  out.remark("timesyncd steps whatever is more than 0.4 s; here only at the start");
  out.line("makestep 0.4 3");
  out.line("driftfile /var/lib/timed/drift");
  out.line("rtcsync");
}

}  // namespace

std::optional<double> parse_time_span(std::string_view text) {
  double sum = 0.0;
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_real_prefix(text.substr(0, digits));
    if (!number || number->length != digits) return std::nullopt;
    text = trimmed(text.substr(digits));
    const std::size_t letters = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
    const double unit = letters == 0 ? 1.0 : seconds_of(text.substr(0, letters));
    if (unit <= 0.0) return std::nullopt;
    sum += number->value * unit;
    text = trimmed(text.substr(letters));
  }
  return sum;
}

void import_timesyncd(std::string_view text, ImportedText& out) {
  Settings settings;
  bool in_time = false;
  for (const std::string_view line : lines_of(text)) read_line(settings, line, in_time, out);
  write(settings, out);
}

}  // namespace timed::client
