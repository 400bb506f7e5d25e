// The number formats of an NTP packet and the small types of its fields (RFC 5905 sections 6 and 7.3).
#ifndef TIMED_NTP_TYPES_H_
#define TIMED_NTP_TYPES_H_

#include <cmath>
#include <compare>
#include <cstdint>
#include <string>

#include "timed/base/units.h"

namespace timed::ntp {

// Leap indicator: what the last minute of the current month will be, or "clock not synchronised".
enum class Leap : std::uint8_t { Normal = 0, Insert = 1, Delete = 2, Unsynchronised = 3 };

enum class Mode : std::uint8_t {
  Reserved = 0,
  SymmetricActive = 1,
  SymmetricPassive = 2,
  Client = 3,
  Server = 4,
  Broadcast = 5,
  Control = 6,
  Private = 7
};

// Distance from a primary reference: 0 unspecified or kiss of death, 1 primary, 2 … 15, 16 and above unusable.
using Stratum = std::uint8_t;
inline constexpr Stratum kUnsynchronisedStratum = 16;

// A power of two of seconds.
using PollLog2 = std::int8_t;
inline Duration poll_interval(int log2) {
  return Duration::seconds(std::ldexp(1.0, log2 < -31 ? -31 : log2 > 31 ? 31 : log2));
}

// Reference identifier: an IPv4 address, a hash of an IPv6 address, or four characters.
struct RefId {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const RefId&) const = default;
  static constexpr RefId text(const char (&four)[5]) {
    std::uint32_t v = 0;
    for (int i = 0; i < 4; ++i) v = v << 8 | static_cast<std::uint8_t>(four[i]);
    return {v};
  }
};
inline constexpr RefId kLocalRefId{0x7f7f0101};     // 127.127.1.1: local reference mode
inline constexpr RefId kSmoothedRefId{0x7f7f01ff};  // 127.127.1.255: served time is being smoothed
inline constexpr RefId kRateRefId = RefId::text("RATE");

// A 64-bit NTP timestamp: seconds since 1900 modulo 2^32 and a binary fraction.  All zero means "unknown".
// Comparisons of stamps as keys use the 64 bits as they are; times are compared after conversion.
struct NtpTimestamp {
  std::uint64_t bits = 0;
  constexpr bool operator==(const NtpTimestamp&) const = default;
  constexpr bool is_zero() const { return bits == 0; }

  static constexpr std::int64_t kUnixEpoch = 2'208'988'800;  // 1970-01-01 in seconds since 1900

  // Nanoseconds become the smallest fraction that converts back to the same nanosecond.
  template <class Scale>
  static NtpTimestamp from(TimePoint<Scale> t) {
    const auto seconds = static_cast<std::uint32_t>(t.whole_seconds() + kUnixEpoch);
    const auto fraction = ((static_cast<std::uint64_t>(t.subsecond_nanos()) << 32) + 999'999'999u) / 1'000'000'000u;
    return {(static_cast<std::uint64_t>(seconds) << 32) + fraction};
  }
  // The point with this stamp that lies nearest to a given one (RFC 5905: era by proximity).
  template <class Scale>
  TimePoint<Scale> near(TimePoint<Scale> pivot) const {
    const auto pivot_ntp = static_cast<std::uint32_t>(pivot.whole_seconds() + kUnixEpoch);
    const auto ahead = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits >> 32) - pivot_ntp);
    const auto ns = static_cast<std::int64_t>(((bits & 0xffffffffu) * 1'000'000'000u) >> 32);
    return TimePoint<Scale>::from_seconds(pivot.whole_seconds() + ahead, ns);
  }
  // this - other modulo 2^32 seconds, in -2^31 … 2^31 s, to the full resolution of the fraction.
  Duration minus(NtpTimestamp other) const {
    const auto difference = static_cast<std::int64_t>(bits - other.bits);
    return Duration::seconds(std::ldexp(static_cast<double>(difference), -32));
  }
};

// A 32-bit length of time with 16 bits of fraction.  Rounds up; clamps to 0 … 65535.99998 s.
struct NtpShort {
  std::uint32_t bits = 0;
  constexpr bool operator==(const NtpShort&) const = default;

  static NtpShort from(Duration d) {
    const double scaled = d.to_seconds() * 65536.0;
    if (!(scaled > 0.0)) return {0};
    if (scaled >= 4294967295.0) return {0xffffffffu};
    const auto whole = static_cast<std::uint32_t>(scaled);
    return {static_cast<double>(whole) < scaled ? whole + 1 : whole};
  }
  Duration to_duration() const { return Duration::seconds(static_cast<double>(bits) / 65536.0); }
};

}  // namespace timed::ntp

#endif  // TIMED_NTP_TYPES_H_
