// One table says everything about the option words: what argument each takes, within which limits, and where it goes.
// What has no function yet is understood, checked and stored all the same.
#include "timed/sources/options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "timed/discipline/sample_history.h"

namespace timed::sources {
namespace {

constexpr std::int64_t kAnyInt = std::numeric_limits<int>::max();
constexpr double kMostSeconds = 0x1p31;
constexpr double kMostUnsigned = 0xffffffff;

enum class Argument : std::uint8_t { None, Integer, Real, Unsigned, Extension };

struct Value {
  std::int64_t integer = 0;
  double real = 0.0;

  int as_int() const { return static_cast<int>(integer); }
  // As strtoul has it: what is negative or too large wraps, what does not fit 64 bits is the largest.
  std::uint32_t as_unsigned() const {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    return integer >= kMost || integer <= -kMost ? ~std::uint32_t{0} : static_cast<std::uint32_t>(integer);
  }
  // Within what arithmetic with times can bear: an infinity is no duration.
  Duration as_duration() const { return Duration::seconds(std::clamp(real, -kMostSeconds, kMostSeconds)); }
};

struct OptionRow {
  std::string_view word;
  Argument argument = Argument::None;
  std::int64_t min = 0;
  std::int64_t max = 0;
  void (*store)(SourceLine&, const Value&) = nullptr;
};

// A NaN gives the upper limit.
double clamp(double low, double x, double high) {
  const double below = x < high ? x : high;
  return low > below ? low : below;
}

// Zero is off; else within 5 % to 95 %, in whole percents.
double quantile_share(double value) {
  return value == 0.0 ? 0.0 : std::round(clamp(0.05, value, 0.95) * 100.0) / 100.0;
}

constexpr std::int64_t kMonoRoot = 0xf323;

using Line = SourceLine;
using Arg = Value;
constexpr auto kOptions = std::to_array<OptionRow>({
    {"asymmetry", Argument::Real, 0, 0, [](Line& l, const Arg& v) { l.stats.asymmetry = v.real; }},
    {"auto_offline", Argument::None, 0, 0, [](Line& l, const Arg&) { l.auto_offline = true; }},
    {"burst", Argument::None, 0, 0, [](Line& l, const Arg&) { l.poll.burst = true; }},
    {"certset", Argument::Unsigned, 0, 0, [](Line& l, const Arg& v) { l.cert_set = v.as_unsigned(); }},
    {"copy", Argument::None, 0, 0, [](Line& l, const Arg&) { l.copy = true; }},
    {"extfield", Argument::Extension, 0, 0,
     [](Line& l, const Arg& v) { (v.integer == kMonoRoot ? l.mono_root : l.net_correction) = true; }},
    {"filter", Argument::Integer, 0, kAnyInt, [](Line& l, const Arg& v) { l.filter = std::min(v.as_int(), 256); }},
    {"iburst", Argument::None, 0, 0, [](Line& l, const Arg&) { l.poll.iburst = true; }},
    {"ipv4", Argument::None, 0, 0, [](Line& l, const Arg&) { l.family = Family::Inet4; }},
    {"ipv6", Argument::None, 0, 0, [](Line& l, const Arg&) { l.family = Family::Inet6; }},
    {"key", Argument::Unsigned, 1, 0, [](Line& l, const Arg& v) { l.key = v.as_unsigned(); }},
    {"maxdelay", Argument::Real, 0, 0,
     [](Line& l, const Arg& v) { l.check.max_delay = Duration::seconds(clamp(0.0, v.real, 1e3)); }},
    {"maxdelaydevratio", Argument::Real, 0, 0,
     [](Line& l, const Arg& v) { l.check.max_delay_dev_ratio = clamp(0.0, v.real, 1e6); }},
    {"maxdelayquant", Argument::Real, 0, 0,
     [](Line& l, const Arg& v) { l.check.max_delay_quantile = quantile_share(v.real); }},
    {"maxdelayratio", Argument::Real, 0, 0,
     [](Line& l, const Arg& v) { l.check.max_delay_ratio = clamp(0.0, v.real, 1e6); }},
    {"maxpoll", Argument::Integer, -32, 32, [](Line& l, const Arg& v) { l.poll.max_poll = v.as_int(); }},
    {"maxsamples", Argument::Integer, 0, kAnyInt, [](Line& l, const Arg& v) { l.max_samples = v.as_int(); }},
    {"maxsources", Argument::Integer, 1, kAnyInt,
     [](Line& l, const Arg& v) { l.max_sources = std::min(v.as_int(), 16); }},
    {"maxunreach", Argument::Integer, 0, kAnyInt,
     [](Line& l, const Arg& v) { l.max_unreach = static_cast<unsigned>(v.integer); }},
    {"mindelay", Argument::Real, 0, 0, [](Line& l, const Arg& v) { l.stats.min_delay = v.as_duration(); }},
    {"minpoll", Argument::Integer, -kAnyInt, kAnyInt, [](Line& l, const Arg& v) { l.poll.min_poll = v.as_int(); }},
    {"minsamples", Argument::Integer, 0, kAnyInt, [](Line& l, const Arg& v) { l.min_samples = v.as_int(); }},
    {"minstratum", Argument::Integer, 0, 16,
     [](Line& l, const Arg& v) { l.check.min_stratum = std::min(v.as_int(), 15); }},
    {"noselect", Argument::None, 0, 0, [](Line& l, const Arg&) { l.marks.noselect = true; }},
    {"nts", Argument::None, 0, 0, [](Line& l, const Arg&) { l.nts = true; }},
    {"ntsport", Argument::Integer, 0, 65535,
     [](Line& l, const Arg& v) { l.nts_port = static_cast<std::uint16_t>(v.integer); }},
    {"offline", Argument::None, 0, 0, [](Line& l, const Arg&) { l.offline = true; }},
    {"offset", Argument::Real, 0, 0, [](Line& l, const Arg& v) { l.check.offset = v.as_duration(); }},
    {"polltarget", Argument::Integer, 1, kAnyInt, [](Line& l, const Arg& v) { l.poll.poll_target = v.as_int(); }},
    {"port", Argument::Integer, 0, 65535,
     [](Line& l, const Arg& v) { l.port = static_cast<std::uint16_t>(v.integer); }},
    {"prefer", Argument::None, 0, 0, [](Line& l, const Arg&) { l.marks.prefer = true; }},
    {"presend", Argument::Integer, -32, 32, [](Line& l, const Arg& v) { l.poll.presend = v.as_int(); }},
    {"require", Argument::None, 0, 0, [](Line& l, const Arg&) { l.marks.require = true; }},
    {"trust", Argument::None, 0, 0, [](Line& l, const Arg&) { l.marks.trust = true; }},
    {"version", Argument::Integer, 1, 4, [](Line& l, const Arg& v) { l.version = v.as_int(); }},
    {"xleave", Argument::None, 0, 0, [](Line& l, const Arg&) { l.xleave = true; }},
});

// What an option takes although it makes no sense; chrony tells nothing, and brings it into these limits.
struct UsualRange {
  std::string_view word;
  double low = 0.0;
  double high = 0.0;
};
constexpr auto kUsual = std::to_array<UsualRange>({
    {"certset", 0, kMostUnsigned},
    {"filter", 0, 256},
    {"key", 1, kMostUnsigned},
    {"maxdelay", 0, 1e3},
    {"maxdelaydevratio", 0, 1e6},
    {"maxdelayquant", 0.05, 0.95},
    {"maxdelayratio", 0, 1e6},
    {"maxpoll", kLowestPoll, kHighestPoll},
    {"maxsamples", 0, discipline::SampleHistory::kMaxSamples},
    {"maxsources", 1, 16},
    {"minpoll", kLowestPoll, kHighestPoll},
    {"minsamples", 0, discipline::SampleHistory::kMaxSamples},
    {"minstratum", 0, 15},
    {"mindelay", 0, 1e3},
    {"offset", -kMostSeconds, kMostSeconds},
});

bool is_usual(const OptionRow& row, const Value& value) {
  const bool is_real = row.argument == Argument::Real;
  const double number = is_real ? value.real : static_cast<double>(value.integer);
  for (const UsualRange& range : kUsual) {
    // Zero stands for off where it is outside.
    if (range.word == row.word) return number == 0.0 || (number >= range.low && number <= range.high);
  }
  return !is_real || std::isfinite(number);
}

constexpr auto kOptionWords = [] {
  std::array<std::string_view, kOptions.size()> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kOptions[i].word;
  return words;
}();

const OptionRow* find_option(std::string_view word) {
  for (const OptionRow& row : kOptions) {
    if (equals_ignoring_case(row.word, word)) return &row;
  }
  return nullptr;
}

bool is_known_extension(std::int64_t type) {
  return type == 0x10a || type == kMonoRoot || type == 0xf324;
}

// Network correction needs what only hardware time stamping gives.
bool is_without_function(const OptionRow& row, const Value& value) {
  return row.argument == Argument::Extension && value.integer != kMonoRoot;
}

struct ParsedValue {
  Value value;
  std::size_t length = 0;
};

// The value at the begin of a text, or nothing where it is none or outside the limits.
std::optional<ParsedValue> parse_value(const OptionRow& row, std::string_view text) {
  if (row.argument == Argument::Real) {
    const auto real = parse_real_prefix(text);
    if (!real || std::isnan(real->value)) return std::nullopt;
    return ParsedValue{{0, real->value}, real->length};
  }
  std::size_t prefix = 0;
  if (row.argument == Argument::Extension && equals_ignoring_case(text.substr(0, 2), "0x")) prefix = 2;
  const auto number = parse_saturated_prefix(text.substr(prefix), row.argument == Argument::Extension ? 16 : 10);
  if (!number) return std::nullopt;
  const ParsedValue parsed{{number->value, 0.0}, prefix + number->length};
  bool good = true;
  if (row.argument == Argument::Integer) {
    // minpoll takes any number and is brought into range later; the others are refused.
    const bool unlimited = row.min == -kAnyInt;
    if (unlimited) return ParsedValue{{std::clamp(number->value, row.min, row.max), 0.0}, parsed.length};
    good = number->value >= row.min && number->value <= row.max;
  } else if (row.argument == Argument::Unsigned) {
    good = parsed.value.as_unsigned() >= static_cast<std::uint32_t>(row.min);
  } else {
    good = is_known_extension(number->value);
  }
  return good ? std::optional(parsed) : std::nullopt;
}

std::string describe_value(const OptionRow& row) {
  switch (row.argument) {
    case Argument::None:
      break;
    case Argument::Real:
      return "a number";
    case Argument::Unsigned:
      return row.min > 0 ? "a number above 0" : "a number";
    case Argument::Extension:
      return "10A, F323 or F324";
    case Argument::Integer:
      if (row.min == -kAnyInt) return "a whole number";
      if (row.max == kAnyInt) return format("a whole number of at least %lld", static_cast<long long>(row.min));
      return format("a whole number from %lld to %lld", static_cast<long long>(row.min),
                    static_cast<long long>(row.max));
  }
  return "";
}

// The parser's place: a word, and how much of it an earlier number has used up.
class OptionCursor {
 public:
  explicit OptionCursor(std::span<const Word> words) : words_(words) {}

  bool at_end() const { return index_ >= words_.size(); }
  std::size_t index() const { return index_; }
  std::string_view text() const { return words_[index_].text.substr(used_); }
  void use(std::size_t length) {
    used_ += length;
    if (used_ >= words_[index_].text.size()) {
      ++index_;
      used_ = 0;
    }
  }

 private:
  std::span<const Word> words_;
  std::size_t index_ = 1;
  std::size_t used_ = 0;
};

// What a line said, option by option, for what two of them say together.
using OptionTexts = std::array<std::string_view, kOptions.size()>;

std::string_view text_of(const OptionTexts& texts, std::string_view word) {
  return texts[static_cast<std::size_t>(find_option(word) - kOptions.data())];
}

// A bad value is left out; an option in its place is no value.
void skip_bad_value(OptionCursor& at) {
  if (find_option(at.text()) == nullptr) at.use(at.text().size());
}

std::optional<LineError> parse_option(OptionCursor& at, ParsedLine& parsed, OptionTexts& texts) {
  const std::size_t option_index = at.index();
  const std::string_view option = at.text();
  const OptionRow* row = find_option(option);
  if (row == nullptr) {
    const std::string_view nearest = nearest_word(option, kOptionWords);
    at.use(option.size());
    // What may be the value of an option that nobody knows.
    if (!at.at_end() && begins_like_number(at.text())) at.use(at.text().size());
    return LineError{LineError::Kind::UnknownOption, option_index, std::string(nearest)};
  }
  at.use(option.size());
  Value value;
  std::string_view text = option;
  if (row->argument != Argument::None) {
    if (at.at_end()) return LineError{LineError::Kind::BadValue, option_index, describe_value(*row)};
    const auto argument = parse_value(*row, at.text());
    if (!argument) {
      const std::size_t value_index = at.index();
      skip_bad_value(at);
      return LineError{LineError::Kind::BadValue, value_index, describe_value(*row)};
    }
    text = at.text().substr(0, argument->length);
    if (!is_usual(*row, argument->value)) parsed.unusual.push_back(text);
    at.use(argument->length);
    value = argument->value;
  }
  texts[static_cast<std::size_t>(row - kOptions.data())] = text;
  row->store(parsed.line, value);
  if (is_without_function(*row, value)) parsed.not_available.push_back(option_index);
  return std::nullopt;
}

// What two options say that cannot both be meant.
void note_contradictions(ParsedLine& parsed, const OptionTexts& texts) {
  const SourceLine& line = parsed.line;
  const auto note = [&](std::string_view word) {
    const std::string_view text = text_of(texts, word);
    const bool told = std::any_of(parsed.unusual.begin(), parsed.unusual.end(),
                                  [text](std::string_view other) { return other.data() == text.data(); });
    if (!text.empty() && !told) parsed.unusual.push_back(text);
  };
  if (line.poll.max_poll >= kLowestPoll && line.poll.max_poll < line.poll.min_poll) note("maxpoll");
  if (line.max_samples.value_or(0) > 0 && line.min_samples.value_or(0) > *line.max_samples) note("minsamples");
}

// Hosts that cannot be meant: an address with brackets or a port, or one that is nobody's.
void note_odd_host(std::string_view host, ParsedLine& parsed, const OptionTexts& texts) {
  const auto address = IpAddress::parse(host);
  const bool odd = address ? address->is_any() : host.find_first_of(":[]/") != std::string_view::npos;
  if (odd) parsed.unusual.push_back(host);
  const Family wanted = parsed.line.family;
  if (!address || wanted == Family::Unspecified || wanted == address->family()) return;
  parsed.unusual.push_back(text_of(texts, wanted == Family::Inet4 ? "ipv4" : "ipv6"));
}

void settle_polls(PollOptions& poll) {
  const PollOptions defaults;
  if (poll.min_poll < kLowestPoll) poll.min_poll = defaults.min_poll;
  if (poll.max_poll < kLowestPoll) poll.max_poll = defaults.max_poll;
  poll.min_poll = std::min(poll.min_poll, kHighestPoll);
  poll.max_poll = std::clamp(poll.max_poll, poll.min_poll, kHighestPoll);
}

}  // namespace

std::optional<SourceKind> source_kind_of(std::string_view word) {
  for (std::size_t i = 0; i < kSourceKindWords.size(); ++i) {
    if (equals_ignoring_case(word, kSourceKindWords[i])) return static_cast<SourceKind>(i);
  }
  return std::nullopt;
}

std::variant<ParsedLine, LineErrors> parse_source_line(std::span<const Word> words, SourceKind kind) {
  const LineError no_host{LineError::Kind::MissingHost, 0, "a host name or an address"};
  if (words.empty()) return LineErrors{no_host};
  const std::string_view host = words[0].text;
  LineErrors errors;
  if (host.empty() || !all_visible(host)) errors.push_back({LineError::Kind::BadValue, 0, no_host.expected});
  ParsedLine parsed;
  parsed.line.kind = kind;
  parsed.line.name = std::string(host);
  OptionTexts texts;
  for (OptionCursor at(words); !at.at_end();) {
    if (auto error = parse_option(at, parsed, texts)) errors.push_back(std::move(*error));
  }
  if (!errors.empty()) return errors;
  note_contradictions(parsed, texts);
  note_odd_host(host, parsed, texts);
  settle_polls(parsed.line.poll);
  return parsed;
}

discipline::StatsOptions effective_stats(const SourceLine& line, const discipline::StatsOptions& defaults) {
  constexpr int kRoom = static_cast<int>(discipline::SampleHistory::kMaxSamples);
  discipline::StatsOptions stats = line.stats;
  stats.max_samples = std::clamp(line.max_samples.value_or(defaults.max_samples), 0, kRoom);
  const int most = stats.max_samples == 0 ? kRoom : stats.max_samples;
  stats.estimator = defaults.estimator;
  stats.averaged = line.filter > 0;
  stats.min_samples = std::clamp(line.min_samples.value_or(defaults.min_samples), 1, most);
  return stats;
}

std::span<const std::string_view> source_option_words() {
  return kOptionWords;
}

}  // namespace timed::sources
