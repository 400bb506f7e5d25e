// Addresses of hosts and sockets, and subnets: parse, print, compare, hash.  No socket structures here (src/os).
#ifndef TIMED_BASE_ADDRESS_H_
#define TIMED_BASE_ADDRESS_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "timed/base/bytes.h"

namespace timed {

// Which addresses are wanted or meant.
enum class Family : std::uint8_t { Unspecified = 0, Inet4 = 1, Inet6 = 2 };

// An IPv4 or IPv6 address, or none.  Ordered by family, then by bytes.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  static constexpr IpAddress v4(std::uint32_t host_order) {
    IpAddress a;
    a.family_ = Family::Inet4;
    for (std::size_t i = 0; i < 4; ++i) a.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return a;
  }
  // The same in place.  One that is made and then copied is copied in larger pieces than it was written in, and the
  // processor waits for each.
  void become_v4(std::uint32_t host_order) {
    family_ = Family::Inet4;
    store_be(reinterpret_cast<std::byte*>(bytes_.data()), std::uint64_t{host_order} << 32);
    store_be(reinterpret_cast<std::byte*>(bytes_.data()) + 8, std::uint64_t{0});
  }
  static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress a;
    a.family_ = Family::Inet6;
    a.bytes_ = bytes;
    return a;
  }
  static constexpr IpAddress any(Family family) {
    IpAddress a;
    a.family_ = family;
    return a;
  }
  static constexpr IpAddress loopback(Family family) {
    IpAddress a = any(family);
    if (family == Family::Inet4) return v4(0x7f000001);
    a.bytes_[15] = 1;
    return a;
  }
  // Dotted quad or IPv6 text, without port, brackets or scope.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr Family family() const { return family_; }
  constexpr bool is_set() const { return family_ != Family::Unspecified; }
  constexpr bool is_v4() const { return family_ == Family::Inet4; }
  constexpr bool is_v6() const { return family_ == Family::Inet6; }
  // 0.0.0.0 or ::
  constexpr bool is_any() const {
    return is_v4() ? v4_value() == 0 : is_v6() && bytes_ == std::array<std::uint8_t, 16>{};
  }
  // Exactly 127.0.0.1 or ::1, what chrony takes as "this host".
  constexpr bool is_localhost() const { return is_set() && *this == loopback(family_); }
  // 169.254/16 or fe80::/10
  bool is_link_local() const;
  constexpr std::uint32_t v4_value() const {
    return static_cast<std::uint32_t>(bytes_[0]) << 24 | static_cast<std::uint32_t>(bytes_[1]) << 16 |
           static_cast<std::uint32_t>(bytes_[2]) << 8 | bytes_[3];
  }
  // Always 16: those of IPv4 are followed by zeroes.
  constexpr const std::array<std::uint8_t, 16>& octets() const { return bytes_; }
  // 4 or 16 bytes in network order; empty for no address.
  std::span<const std::uint8_t> bytes() const;
  // Bits in an address of its family: 32, 128 or 0.
  constexpr int width() const { return is_v4() ? 32 : is_v6() ? 128 : 0; }

  std::string to_string() const;  // RFC 5952; "[UNSPEC]" for none
  std::size_t hash() const;
  constexpr auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::Unspecified;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four, the rest zero
};

// An address and a UDP or TCP port, and for link-local addresses the interface (0 = none).
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;

  std::string to_string() const;  // 127.0.0.1:123, [::1]:123
  constexpr auto operator<=>(const Endpoint&) const = default;
};

// A prefix of addresses.  Bits of the address beyond the prefix are zero.
class Subnet {
 public:
  constexpr Subnet() = default;
  // Empty where bits is outside 0 to the width of the address.
  static std::optional<Subnet> make(IpAddress address, int bits);

  const IpAddress& address() const { return address_; }
  int bits() const { return bits_; }
  bool contains(const IpAddress& address) const;
  std::string to_string() const;  // 10.0.0.0/8
  constexpr auto operator<=>(const Subnet&) const = default;

 private:
  IpAddress address_;
  int bits_ = 0;
};

}  // namespace timed

#endif  // TIMED_BASE_ADDRESS_H_
