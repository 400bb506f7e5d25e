// What follows the header is ambiguous on the wire: a MAC has no type or length of its own.  In version 4 the rule of
// RFC 7822 decides by size alone: what is left is a MAC exactly when it is 20 to 24 octets (key id and 16 to 20 of
// digest), and a field otherwise.  Hence a last field without a MAC has to be at least 28 octets long, and any
// shorter rest is an error.  Earlier versions know no fields: their whole rest is the MAC.
#include "timed/ntp/packet.h"

#include "timed/base/bytes.h"
#include "timed/ntp/extension.h"

namespace timed::ntp {
namespace {

constexpr std::size_t kMinMac = 20;          // key id and 16 octets of digest
constexpr std::size_t kMaxMacVersion4 = 24;  // RFC 7822: longer digests are cut to 20 octets
constexpr std::size_t kCryptoNakSize = 4;

// Into its place: a returned one is copied in larger pieces than it was written in, which makes the processor wait.
void read_header(const std::byte* from, Header& header) {
  header.leap = static_cast<Leap>(static_cast<unsigned>(from[0]) >> 6);
  header.version = version_of(from[0]);
  header.mode = mode_of(from[0]);
  header.stratum = static_cast<Stratum>(from[1]);
  header.poll = static_cast<std::int8_t>(from[2]);
  header.precision = static_cast<std::int8_t>(from[3]);
  header.root_delay.bits = load_be<std::uint32_t>(from + 4);
  header.root_dispersion.bits = load_be<std::uint32_t>(from + 8);
  header.ref_id.value = load_be<std::uint32_t>(from + 12);
  header.reference.bits = load_be<std::uint64_t>(from + 16);
  header.origin.bits = load_be<std::uint64_t>(from + 24);
  header.receive.bits = load_be<std::uint64_t>(from + 32);
  header.transmit.bits = load_be<std::uint64_t>(from + 40);
}

// The length that the field at the front claims, or 0 where no field can be there.
std::size_t field_length(std::span<const std::byte> rest) {
  if (rest.size() < kMinExtension) return 0;
  const std::size_t length = load_be<std::uint16_t>(rest.data() + 2);
  return length >= kMinExtension && length % 4 == 0 && length <= rest.size() ? length : 0;
}

}  // namespace

PacketView::PacketView(std::span<const std::byte> datagram) : bytes_(datagram) {
  if (datagram.size() < kHeaderSize || datagram.size() > kMaxPacket || datagram.size() % 4 != 0) {
    fault_ = PacketFault::Length;
    return;
  }
  read_header(datagram.data(), header_);
  if (header_.version < 1 || header_.version > 4) {
    fault_ = PacketFault::Version;
  } else if (datagram.size() > kHeaderSize) {
    fault_ = parse_trailer();
  }
}

PacketFault PacketView::parse_trailer() {
  const auto all = bytes_.subspan(kHeaderSize);
  if (header_.version < 4) {
    mac_ = all;
    trailer_ = Trailer::Mac;
    return PacketFault::None;
  }
  if (all.size() == kCryptoNakSize && load_be<std::uint32_t>(all.data()) == 0) {
    mac_ = all;
    trailer_ = Trailer::CryptoNak;
    return PacketFault::None;
  }
  std::size_t at = 0;
  while (at < all.size()) {
    const auto rest = all.subspan(at);
    if (rest.size() >= kMinMac && rest.size() <= kMaxMacVersion4) {
      mac_ = rest;
      trailer_ = Trailer::Mac;
      break;
    }
    const std::size_t length = rest.size() > kMaxMacVersion4 ? field_length(rest) : 0;
    if (length == 0) {
      return PacketFault::Extensions;
    }
    at += length;
  }
  extensions_ = all.first(at);
  return extensions_.size() <= kMaxExtensions ? PacketFault::None : PacketFault::Extensions;
}

void write_header(const Header& header, std::span<std::byte, kHeaderSize> into) {
  std::byte* to = into.data();
  to[0] = static_cast<std::byte>(static_cast<unsigned>(header.leap) << 6 | (header.version & 7u) << 3 |
                                 static_cast<unsigned>(header.mode));
  to[1] = static_cast<std::byte>(header.stratum);
  to[2] = static_cast<std::byte>(header.poll);
  to[3] = static_cast<std::byte>(header.precision);
  store_be(to + 4, header.root_delay.bits);
  store_be(to + 8, header.root_dispersion.bits);
  store_be(to + 12, header.ref_id.value);
  store_be(to + 16, header.reference.bits);
  store_be(to + 24, header.origin.bits);
  store_be(to + 32, header.receive.bits);
  store_be(to + 40, header.transmit.bits);
}

}  // namespace timed::ntp
