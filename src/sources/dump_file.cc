#include "timed/sources/dump_file.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "timed/base/characters.h"
#include "timed/base/text.h"
#include "timed/discipline/sample_history.h"
#include "timed/discipline/source_stats.h"

namespace timed::sources {
namespace {

constexpr std::string_view kIdentifier = "SRC0";
constexpr std::string_view kSuffix = ".dat";
constexpr std::string_view kClockPrefix = "refid:";
constexpr int kMaxStratum = 15;
constexpr int kReachabilityBits = 8;
constexpr double kMaxDelay_s = 1e6;            // of delays and dispersions
constexpr double kMaxOffset_s = 4294967296.0;  // what the seconds of NTP count
constexpr std::int64_t kMaxTime_s = 9'000'000'000;
constexpr std::size_t kNanosecondDigits = 9;
// The line of ours: the word, what the clock read when the monotonic one began, and in ppm how much faster the kernel
// makes it, or nothing where another steers.
constexpr std::string_view kClock = "clock", kNotSteered = "-";
constexpr double kMaxKernel_ppm = 1e6;

// The lines of a text one after the other, in words.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  // The words of the next line if there are so many of them.
  bool next(std::size_t count) {
    const std::size_t end = text_.find('\n');
    words_ = split_words(text_.substr(0, end));
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    return words_.size() == count;
  }
  bool ended() const { return text_.empty(); }
  std::string_view word(std::size_t i) const { return words_[i].text; }
  // A whole word as a number within limits; else the line is no good.
  std::int64_t integer(std::size_t i, std::int64_t min, std::int64_t max) {
    const auto value = parse_integer(word(i));
    if (value && *value >= min && *value <= max) return *value;
    good_ = false;
    return min;
  }
  double real(std::size_t i, double limit) {
    const auto real = parse_real_prefix(word(i));
    if (real && real->length == word(i).size() && std::fabs(real->value) < limit) return real->value;
    good_ = false;
    return 0.0;
  }
  Duration duration(std::size_t i, double limit_s) { return Duration::seconds(real(i, limit_s)); }
  bool good() const { return good_; }
  void refuse() { good_ = false; }

 private:
  std::string_view text_;
  std::vector<Word> words_;
  bool good_ = true;
};

std::optional<std::uint8_t> parse_octal(std::string_view word) {
  unsigned value = 0;
  for (const char c : word) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<unsigned>(c - '0');
    if (value > 0377) return std::nullopt;
  }
  return word.empty() ? std::nullopt : std::optional(static_cast<std::uint8_t>(value));
}

// Seconds, a point, nine digits.
template <class Time>
std::optional<Time> parse_time(std::string_view word) {
  const std::size_t point = word.find('.');
  if (point == std::string_view::npos || word.size() - point - 1 != kNanosecondDigits) return std::nullopt;
  const auto seconds = parse_integer(word.substr(0, point));
  const std::string_view fraction = word.substr(point + 1);
  if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::nullopt;
  if (!seconds || *seconds < 0 || *seconds > kMaxTime_s) return std::nullopt;
  return Time::from_seconds(*seconds, *parse_integer(fraction));
}

template <class Time>
std::string write_time(Time time) {
  return format("%lld.%09lld", static_cast<long long>(time.whole_seconds()),
                static_cast<long long>(time.subsecond_nanos()));
}

DumpedSample read_sample(Lines& lines) {
  DumpedSample sample;
  const auto when = parse_time<LocalTime>(lines.word(0));
  if (!when) lines.refuse();
  sample.when = when.value_or(LocalTime());
  sample.offset = -lines.duration(1, kMaxOffset_s);
  sample.measured = -lines.duration(2, kMaxOffset_s);
  sample.peer_delay = lines.duration(3, kMaxDelay_s);
  sample.peer_dispersion = lines.duration(4, kMaxDelay_s);
  sample.root_delay = lines.duration(5, kMaxDelay_s);
  sample.root_dispersion = lines.duration(6, kMaxDelay_s);
  return sample;
}

discipline::ClockMarks read_clock_marks(Lines& lines) {
  discipline::ClockMarks marks;
  const auto mono_zero = parse_time<RawTime>(lines.word(1));
  if (!mono_zero) lines.refuse();
  marks.mono_zero = mono_zero.value_or(RawTime());
  if (lines.word(2) != kNotSteered) marks.kernel = Frequency::ppm(lines.real(2, kMaxKernel_ppm));
  return marks;
}

std::string write_clock_marks(const discipline::ClockMarks& marks) {
  const std::string kernel = marks.kernel ? format("%.9f", marks.kernel->to_ppm()) : std::string(kNotSteered);
  return format("%s %s %s\n", kClock.data(), write_time(marks.mono_zero).c_str(), kernel.c_str());
}

}  // namespace

std::string write_dump(const DumpedSource& source) {
  std::string text =
      format("%s\n%s\n%d %o %d %d %d\n%zu %d\n", kIdentifier.data(), source.name.c_str(), source.authenticated ? 1 : 0,
             static_cast<unsigned>(source.reachability), source.reachability_size, static_cast<int>(source.stratum),
             static_cast<int>(source.leap), source.samples.size(), source.asymmetry_run);
  for (const DumpedSample& s : source.samples) {
    text += format("%s %.6e %.6e %.6e %.6e %.6e %.6e\n", write_time(s.when).c_str(), 0.0 - s.offset.to_seconds(),
                   0.0 - s.measured.to_seconds(), s.peer_delay.to_seconds(), s.peer_dispersion.to_seconds(),
                   s.root_delay.to_seconds(), s.root_dispersion.to_seconds());
  }
  // A board without a clock of its own may begin at 1970: what it read at zero then lies before that, and no time of
  // the file does.  Without the line the file is believed as chronyd's are.
  if (source.clock && source.clock->mono_zero >= RawTime()) text += write_clock_marks(*source.clock);
  return text;
}

std::optional<DumpedSource> parse_dump(std::string_view text) {
  DumpedSource source;
  Lines lines(text.substr(0, text.find('\0')));
  if (!lines.next(1) || lines.word(0) != kIdentifier || !lines.next(1)) return std::nullopt;
  source.name = std::string(lines.word(0));
  if (!lines.next(5)) return std::nullopt;
  source.authenticated = lines.integer(0, 0, 1) != 0;
  const auto reachability = parse_octal(lines.word(1));
  source.reachability_size = static_cast<int>(lines.integer(2, 0, kReachabilityBits));
  source.stratum = static_cast<ntp::Stratum>(lines.integer(3, 0, kMaxStratum));
  source.leap = static_cast<ntp::Leap>(lines.integer(4, 0, 2));
  if (!reachability || *reachability >> source.reachability_size != 0) return std::nullopt;
  source.reachability = *reachability;
  if (!lines.good() || !lines.next(2)) return std::nullopt;
  const auto count = lines.integer(0, 1, static_cast<std::int64_t>(discipline::SampleHistory::kMaxSamples));
  source.asymmetry_run =
      static_cast<int>(lines.integer(1, -discipline::kMaxAsymmetryRun, discipline::kMaxAsymmetryRun));
  for (std::int64_t i = 0; i < count && lines.good(); ++i) {
    if (!lines.next(7)) return std::nullopt;
    const DumpedSample sample = read_sample(lines);
    if (!source.samples.empty() && sample.when <= source.samples.back().when) return std::nullopt;
    source.samples.push_back(sample);
  }
  if (!lines.ended()) {
    if (!lines.next(3) || lines.word(0) != kClock) return std::nullopt;
    source.clock = read_clock_marks(lines);
  }
  return lines.good() ? std::optional(std::move(source)) : std::nullopt;
}

std::string dump_file_name(const IpAddress& address) {
  return address.to_string() + std::string(kSuffix);
}

bool is_dump_file_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return false;
  name.remove_suffix(kSuffix.size());
  if (!name.starts_with(kClockPrefix)) return IpAddress::parse(name).has_value();
  name.remove_prefix(kClockPrefix.size());
  return name.size() == 8 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace timed::sources
