#include "timed/control/encodings.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace timed::control {
namespace {

constexpr int kCoefficientBits = 25;
constexpr int kMaxExponent = 63;
constexpr int kMinExponent = -64;

enum WireFamily : std::uint16_t { kUnspecified = 0, kInet4 = 1, kInet6 = 2, kId = 3 };

std::uint32_t pack_float(int exponent, std::int64_t coefficient) {
  const auto e = static_cast<std::uint32_t>(exponent) << kCoefficientBits;
  return e | (static_cast<std::uint32_t>(coefficient) & ((1u << kCoefficientBits) - 1));
}

}  // namespace

std::uint32_t encode_float(double value) {
  const bool negative = value < 0.0;
  const double size = std::fabs(value);
  const std::int64_t limit = negative ? 16777216 : 16777215;
  const auto sign = [negative](std::int64_t c) { return negative ? -c : c; };
  if (std::isnan(value) || size < 1e-100) return 0;
  if (size > 1e100) return pack_float(kMaxExponent, sign(limit));

  int exponent = static_cast<int>(std::log2(size) + 1.0);
  auto coefficient = static_cast<std::int64_t>(std::floor(size * std::exp2(kCoefficientBits - exponent) + 0.5));
  for (; coefficient > limit; ++exponent) coefficient >>= 1;
  if (exponent > kMaxExponent) return pack_float(kMaxExponent, sign(limit));
  if (exponent < kMinExponent) {
    if (exponent + kCoefficientBits < kMinExponent) return 0;
    coefficient >>= kMinExponent - exponent;
    exponent = kMinExponent;
  }
  return coefficient == 0 ? 0 : pack_float(exponent, sign(coefficient));
}

double decode_float(std::uint32_t word) {
  const int exponent = static_cast<std::int32_t>(word) >> kCoefficientBits;
  const std::int32_t coefficient = static_cast<std::int32_t>(word << 7) >> 7;
  return std::ldexp(static_cast<double>(coefficient), exponent - kCoefficientBits);
}

double read_float(ByteReader& from) {
  return decode_float(from.u32());
}

void write_float(ByteWriter& into, double value) {
  into.u32(encode_float(value));
}

Duration read_duration(ByteReader& from) {
  return Duration::seconds(read_float(from));
}

void write_duration(ByteWriter& into, Duration value) {
  write_float(into, value.to_seconds());
}

SourceAddress SourceAddress::unresolved(std::uint32_t id) {
  SourceAddress address;
  address.unresolved_id = id;
  return address;
}

SourceAddress read_address(ByteReader& from) {
  const auto bytes = from.bytes(16);
  const std::uint16_t family = from.u16();
  from.skip(2);
  if (!from.ok()) return {};
  switch (family) {
    case kInet4:
      return IpAddress::v4(load_be<std::uint32_t>(bytes.data()));
    case kInet6: {
      std::array<std::uint8_t, 16> v6{};
      std::transform(bytes.begin(), bytes.end(), v6.begin(),
                     [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
      return IpAddress::v6(v6);
    }
    case kId:
      return SourceAddress::unresolved(load_be<std::uint32_t>(bytes.data()));
    default:
      return {};
  }
}

void write_address(ByteWriter& into, const SourceAddress& address) {
  const auto bytes = address.ip.bytes();
  into.bytes(std::as_bytes(bytes));
  if (address.unresolved_id && !address.ip.is_set()) {
    into.u32(*address.unresolved_id);
    into.zeros(12);
    into.u16(kId);
  } else {
    into.zeros(16 - bytes.size());
    into.u16(address.ip.is_v4() ? kInet4 : address.ip.is_v6() ? kInet6 : kUnspecified);
  }
  into.u16(0);
}

WireTime read_time(ByteReader& from) {
  constexpr std::uint32_t kSenderHas32Bits = 0x7fffffff;
  constexpr std::uint32_t kMaxNanoseconds = 999'999'999;
  const std::uint32_t high = from.u32();
  const std::uint32_t low = from.u32();
  const std::uint64_t seconds = static_cast<std::uint64_t>(high == kSenderHas32Bits ? 0 : high) << 32 | low;
  return {static_cast<std::int64_t>(seconds), std::min(from.u32(), kMaxNanoseconds)};
}

void write_time(ByteWriter& into, const WireTime& time) {
  into.u64(static_cast<std::uint64_t>(time.seconds));
  into.u32(time.nanoseconds);
}

}  // namespace timed::control
