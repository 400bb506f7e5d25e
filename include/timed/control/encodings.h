// The encodings that the fields of the protocol are made of.
#ifndef TIMED_CONTROL_ENCODINGS_H_
#define TIMED_CONTROL_ENCODINGS_H_

#include <cstdint>
#include <optional>

#include "timed/base/address.h"
#include "timed/base/bytes.h"
#include "timed/base/units.h"

namespace timed::control {

// A number in 7 bits of exponent and 25 of coefficient.  NaN becomes 0, huge values saturate.
std::uint32_t encode_float(double value);
double decode_float(std::uint32_t word);
double read_float(ByteReader& from);
void write_float(ByteWriter& into, double value);
// In seconds.
Duration read_duration(ByteReader& from);
void write_duration(ByteWriter& into, Duration value);

// The address of a source, or the number that stands for it while its name is not resolved, or neither.
struct SourceAddress {
  IpAddress ip;
  std::optional<std::uint32_t> unresolved_id;  // only where ip is not set

  SourceAddress() = default;
  SourceAddress(const IpAddress& address) : ip(address) {}
  static SourceAddress unresolved(std::uint32_t id);
  bool is_unspecified() const { return !ip.is_set() && !unresolved_id; }
  bool operator==(const SourceAddress&) const = default;
};
SourceAddress read_address(ByteReader& from);
void write_address(ByteWriter& into, const SourceAddress& address);

// Seconds since 1970 and nanoseconds, 0 … 999 999 999.  Zero stands for "no time".
struct WireTime {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;

  template <class Scale>
  static WireTime from(TimePoint<Scale> t) {
    return {t.whole_seconds(), static_cast<std::uint32_t>(t.subsecond_nanos())};
  }
  bool operator==(const WireTime&) const = default;
};
WireTime read_time(ByteReader& from);
void write_time(ByteWriter& into, const WireTime& time);

}  // namespace timed::control

#endif  // TIMED_CONTROL_ENCODINGS_H_
