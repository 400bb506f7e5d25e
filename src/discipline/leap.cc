// A leap second comes at the end of a day of UTC: 23:59:60 is inserted, or 23:59:59 left out.  Everything here is
// counted by the midnight that follows, which is the same in both cases and which a clock that knows nothing of leap
// seconds reads too.
#include "timed/discipline/leap.h"

#include <algorithm>

#include "timed/base/text.h"

namespace timed::discipline {
namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr std::int64_t kHalfDay_s = kDay_s / 2;
constexpr std::int64_t kNtpEpoch_s = -2'208'988'800;  // 1900-01-01
constexpr int kFirstTaiOffset = 10;                   // before the first leap second, of June 1972
constexpr std::int64_t k2012June30 = 1'341'014'400;
constexpr std::int64_t k2012December31 = 1'356'912'000;

std::int64_t floor_to(std::int64_t t, std::int64_t unit) {
  const std::int64_t rest = t % unit;
  return t - rest - (rest < 0 ? unit : 0);
}

std::int64_t midnight_after(std::int64_t t) {
  return floor_to(t, kDay_s) + kDay_s;
}

// June 30 or December 31, from days since 1970-01-01: March 1 begins the years of this count, so that a leap day is
// the last of one.
bool is_last_of_half_year(std::int64_t t) {
  constexpr std::int64_t kDaysTo0000March = 719'468, kDaysOf400Years = 146'097;
  const std::int64_t days = floor_to(t, kDay_s) / kDay_s + kDaysTo0000March;
  const std::int64_t of_era = days - floor_to(days, kDaysOf400Years);
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  constexpr std::int64_t kJune30 = 121, kDecember31 = 305;
  return of_year == kJune30 || of_year == kDecember31;
}

// ---- lists ----

Error bad_line(int line, const char* what) {
  return Error{format("line %d: %s", line, what), ErrorKind::Invalid};
}

// "#$ NUMBER" and the like: the number is glued to the mark or not.
std::optional<std::int64_t> marked_number(std::string_view line) {
  const auto words = split_words(line.substr(2));
  return words.empty() ? std::nullopt : parse_integer(words[0].text);
}

// ---- time zones ----

// A cursor over big-endian numbers of the widths of RFC 8536; reading past the end is remembered.
class ZoneReader {
 public:
  explicit ZoneReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::uint64_t n) {
    if (n > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(n));
    rest_.remove_prefix(static_cast<std::size_t>(n));
    return taken;
  }
  std::int64_t number(std::size_t width) {
    const std::string_view bytes = take(width);
    if (bytes.empty()) return 0;
    std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct ZoneHeader {
  int version = 0;  // 1 …; 0: not a time zone
  std::uint64_t ut_marks = 0, standard_marks = 0, leaps = 0, times = 0, types = 0, characters = 0;
};

ZoneHeader read_zone_header(ZoneReader& from) {
  ZoneHeader h;
  const bool is_zone = from.take(4) == "TZif";
  const std::string_view version = from.take(1);
  static_cast<void>(from.take(15));
  for (std::uint64_t* count : {&h.ut_marks, &h.standard_marks, &h.leaps, &h.times, &h.types, &h.characters}) {
    *count = static_cast<std::uint32_t>(from.number(4));
  }
  if (!is_zone || !from.ok()) return h;
  h.version = version[0] == '\0' ? 1 : version[0] - '0';
  return h;
}

struct ZoneLeap {
  std::int64_t occurs;  // counted with the leap seconds before it
  std::int64_t correction;
};

}  // namespace

Result<LeapTable> LeapTable::parse_list(std::string_view text) {
  LeapTable table;
  bool has_update = false;
  int line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto words = split_words(line);
    if (words.empty()) continue;
    if (line.starts_with("#$")) {
      has_update = marked_number(line).has_value();
      if (!has_update) return bad_line(line_number, "no time of update after #$");
    } else if (line.starts_with("#@")) {
      const auto ntp = marked_number(line);
      if (!ntp) return bad_line(line_number, "no time of expiry after #@");
      table.expires_ = *ntp + kNtpEpoch_s;
    } else if (words[0].text[0] != '#') {
      const auto ntp = parse_integer(words[0].text);
      const auto offset = words.size() < 2 ? std::nullopt : parse_integer(words[1].text);
      if (!ntp || !offset || *offset < -1000 || *offset > 1000) {
        return bad_line(line_number, "no time and offset of TAI");
      }
      const std::int64_t since = *ntp + kNtpEpoch_s;
      if (!table.entries_.empty() && since <= table.entries_.back().since) {
        return bad_line(line_number, "not later than the one before");
      }
      table.entries_.push_back({since, static_cast<int>(*offset)});
    }
  }
  if (!has_update) return Error{"no line with the time of update (#$)", ErrorKind::Invalid};
  if (!table.expires_) return Error{"no line with the time of expiry (#@)", ErrorKind::Invalid};
  return table;
}

Result<LeapTable> LeapTable::parse_zone(std::string_view bytes) {
  ZoneReader from(bytes);
  ZoneHeader h = read_zone_header(from);
  if (h.version == 0) return Error{"not a compiled time zone", ErrorKind::Invalid};
  std::size_t width = 4;
  const auto skip_to_leaps = [&] { from.take(h.times * (width + 1) + h.types * 6 + h.characters); };
  if (h.version > 1) {  // the same again in 64 bits
    skip_to_leaps();
    from.take(h.leaps * (width + 4) + h.standard_marks + h.ut_marks);
    h = read_zone_header(from);
    width = 8;
  }
  skip_to_leaps();
  if (!from.ok()) return Error{"ends too early", ErrorKind::Invalid};

  LeapTable table;
  std::int64_t before = 0;
  for (std::uint64_t i = 0; i < h.leaps; ++i) {
    const ZoneLeap leap{from.number(width), from.number(4)};
    if (!from.ok()) return Error{"ends too early", ErrorKind::Invalid};
    const std::int64_t change = leap.correction - before;
    if (change == 0) {  // not a leap second but the time up to which they are known
      table.expires_ = leap.occurs - before;
      continue;
    }
    if (change != 1 && change != -1) return Error{"a leap of more than a second", ErrorKind::Invalid};
    // 23:59:60 has the count that midnight would have without it; a second left out stands for itself.
    std::int64_t midnight = leap.occurs - before;
    if (change == -1 && midnight % kDay_s != 0) ++midnight;
    if (!table.entries_.empty() && midnight <= table.entries_.back().since) {
      return Error{"leap seconds out of order", ErrorKind::Invalid};
    }
    table.entries_.push_back({midnight, kFirstTaiOffset + static_cast<int>(leap.correction)});
    before = leap.correction;
  }
  return table;
}

LeapLookup LeapTable::look_up(std::int64_t when) const {
  LeapLookup result{ntp::Leap::Normal, kFirstTaiOffset};
  const std::int64_t midnight = midnight_after(when);
  for (const Entry& entry : entries_) {
    if (entry.since > midnight) break;
    const int change = entry.tai_offset - result.tai_offset;
    if (entry.since == midnight) {
      if (change == 1) result.leap = ntp::Leap::Insert;
      if (change == -1) result.leap = ntp::Leap::Delete;
      break;
    }
    result.tai_offset = entry.tai_offset;
  }
  return result;
}

bool LeapTable::passes_check() const {
  return look_up(k2012June30) == LeapLookup{ntp::Leap::Insert, 34} &&
         look_up(k2012December31) == LeapLookup{ntp::Leap::Normal, 35};
}

std::int64_t leap_look_up_time(RawTime now) {
  return floor_to(now.whole_seconds(), kHalfDay_s);
}

bool LeapSchedule::update(ntp::Leap voted, const LeapLookup& table, RawTime now) {
  const std::int64_t seconds = now.whole_seconds();
  ntp::Leap leap = voted;
  int pending = 0;
  int tai_offset = 0;
  if (voted != ntp::Leap::Unsynchronised) {
    if (leap == ntp::Leap::Normal) leap = table.leap;
    tai_offset = table.tai_offset;
    if (!is_last_of_half_year(seconds)) leap = ntp::Leap::Normal;
    if (leap == ntp::Leap::Insert) pending = 1;
    if (leap == ntp::Leap::Delete) pending = -1;
  }
  leap_ = leap;
  if ((pending == pending_ && tai_offset == tai_offset_) || is_close(seconds)) return false;
  pending_ = pending;
  tai_offset_ = tai_offset;
  if (pending != 0) midnight_ = midnight_after(seconds);
  return true;
}

bool LeapSchedule::pass_over(RawTime now) {
  const auto begin = begins_at();
  if (!begin || now < *begin) return false;
  pending_ = 0;
  if (leap_ != ntp::Leap::Unsynchronised) leap_ = ntp::Leap::Normal;
  return true;
}

void LeapSchedule::end() {
  in_progress_ = false;
  if (tai_offset_ != 0) tai_offset_ += pending_;
  pending_ = 0;
  if (leap_ != ntp::Leap::Unsynchronised) leap_ = ntp::Leap::Normal;
}

std::optional<RawTime> LeapSchedule::begins_at() const {
  if (pending_ == 0 || in_progress_) return std::nullopt;
  const RawTime second = RawTime::from_seconds(*midnight_ - (pending_ < 0 ? 1 : 0));
  return mode_ == LeapSecondMode::System ? second - kKernelLead : second;
}

bool LeapSchedule::is_close(std::int64_t whole_seconds) const {
  return midnight_ && whole_seconds >= *midnight_ - kClose_s && whole_seconds < *midnight_ + kClose_s;
}

}  // namespace timed::discipline
