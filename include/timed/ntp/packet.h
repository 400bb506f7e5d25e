// The NTP packet: 48 octets of header, then extension fields and a message authentication code (RFC 5905 section
// 7.3, RFC 7822).  Nothing is copied out of a received packet but the header's numbers.
#ifndef TIMED_NTP_PACKET_H_
#define TIMED_NTP_PACKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "timed/ntp/types.h"

namespace timed::ntp {

inline constexpr std::size_t kHeaderSize = 48;
inline constexpr std::size_t kMaxExtensions = 1024;  // octets of extension fields accepted
inline constexpr std::size_t kMaxMac = 68;           // key id and a 64-octet digest
inline constexpr std::size_t kMaxPacket = kHeaderSize + kMaxExtensions + kMaxMac;

struct Header {
  Leap leap = Leap::Normal;
  std::uint8_t version = 4;
  Mode mode = Mode::Client;
  Stratum stratum = 0;
  std::int8_t poll = 0;
  std::int8_t precision = 0;
  NtpShort root_delay;
  NtpShort root_dispersion;
  RefId ref_id;
  NtpTimestamp reference;
  NtpTimestamp origin;
  NtpTimestamp receive;
  NtpTimestamp transmit;

  bool operator==(const Header&) const = default;
};

// Why a datagram is not an NTP packet.
enum class PacketFault : std::uint8_t {
  None,
  Length,      // shorter than 48, longer than 1140, or not a multiple of 4
  Version,     // not 1 … 4
  Extensions,  // what follows the header is neither fields nor a MAC (RFC 7822)
};

// What follows the header.
enum class Trailer : std::uint8_t { None, Mac, CryptoNak };

// A received packet, parsed in place; the bytes must outlive it.
class PacketView {
 public:
  // The fault is in fault(); the accessors below need None.
  static PacketView parse(std::span<const std::byte> datagram) { return PacketView(datagram); }

  PacketFault fault() const { return fault_; }
  bool ok() const { return fault_ == PacketFault::None; }
  const Header& header() const { return header_; }
  std::size_t size() const { return bytes_.size(); }
  // The extension fields as they lie in the packet; see extension.h.  Empty for versions below 4.
  std::span<const std::byte> extensions() const { return extensions_; }
  Trailer trailer() const { return trailer_; }
  // Key id and digest; empty without.
  std::span<const std::byte> mac() const { return mac_; }
  // What a MAC covers: everything before it.
  std::span<const std::byte> authenticated() const { return bytes_.first(bytes_.size() - mac_.size()); }

 private:
  explicit PacketView(std::span<const std::byte> datagram);
  PacketFault parse_trailer();

  std::span<const std::byte> bytes_;
  Header header_;
  std::span<const std::byte> extensions_;
  std::span<const std::byte> mac_;
  Trailer trailer_ = Trailer::None;
  PacketFault fault_ = PacketFault::None;
};

// What the first octet of a packet holds besides its leap bits.
constexpr std::uint8_t version_of(std::byte first) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(first) >> 3 & 7);
}
constexpr Mode mode_of(std::byte first) {
  return static_cast<Mode>(static_cast<unsigned>(first) & 7);
}

// The 48 octets of a header.
void write_header(const Header& header, std::span<std::byte, kHeaderSize> into);

}  // namespace timed::ntp

#endif  // TIMED_NTP_PACKET_H_
