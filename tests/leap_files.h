// Files that tell of leap seconds: those that there were up to 2012 June, and more.
#ifndef TIMED_TESTS_LEAP_FILES_H_
#define TIMED_TESTS_LEAP_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "timed/base/text.h"

namespace timed::leap_files {

constexpr std::int64_t kNtpEpoch = 2'208'988'800;  // 1970, counted from 1900
constexpr std::int64_t kJuly2012 = 1'341'100'800;  // midnights after leap seconds
constexpr std::int64_t kJuly2015 = 1'435'708'800;
constexpr std::int64_t kJanuary2017 = 1'483'228'800;

// ---- lists ----

// TAI - UTC from a midnight on.
struct Offset {
  std::int64_t since;
  int tai_offset;
};

// With the offsets of 1972, 2009, 2012 and 2015.
inline std::string list(const std::vector<Offset>& more = {}, std::int64_t expires = 1'893'456'000) {
  std::string text = format("#$\t3676924800\n#@\t%lld\n", static_cast<long long>(expires + kNtpEpoch));
  text += "2272060800\t10\t# 1 Jan 1972\n3439756800\t34\n3550089600\t35\n3644697600\t36\n";
  for (const Offset& offset : more) {
    text += format("%lld\t%d\n", static_cast<long long>(offset.since + kNtpEpoch), offset.tai_offset);
  }
  return text;
}

// ---- compiled time zones (RFC 8536) ----

struct ZoneLeap {
  std::int64_t occurs;  // counted with the leap seconds before it
  int correction;
};

inline void put(std::string& to, std::int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) to += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

// One type of local time named UTC, no transitions; times are `width` bytes wide.
inline std::string zone_part(char version, int width, const std::vector<ZoneLeap>& leaps) {
  std::string text = "TZif";
  text += version;
  text.append(15, '\0');
  for (const std::int64_t count : {0L, 0L, static_cast<long>(leaps.size()), 0L, 1L, 4L}) put(text, count, 4);
  text.append(6, '\0');
  text += std::string("UTC\0", 4);
  for (const ZoneLeap& leap : leaps) {
    put(text, leap.occurs, width);
    put(text, leap.correction, 4);
  }
  return text;
}

// As many leap seconds as there were up to 2012, so that TAI - UTC is right; of those before it only the number is.
inline std::vector<ZoneLeap> zone_history() {
  std::vector<ZoneLeap> leaps;
  for (int i = 1; i <= 24; ++i) leaps.push_back({86'400LL * 400 * i + i - 1, i});
  leaps.push_back({kJuly2012 + 24, 25});
  return leaps;
}

inline std::string zone(const std::vector<ZoneLeap>& leaps) {
  return zone_part('2', 4, {}) + zone_part('2', 8, leaps) + "\nUTC0\n";
}

}  // namespace timed::leap_files

#endif  // TIMED_TESTS_LEAP_FILES_H_
