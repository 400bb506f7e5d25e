// The extension fields of NTS (RFC 8915 section 5): taken out of a packet before anything is decrypted, and written.
#ifndef TIMED_AUTH_NTS_FIELDS_H_
#define TIMED_AUTH_NTS_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "timed/auth/aead.h"
#include "timed/ntp/packet.h"

namespace timed::auth {

inline constexpr std::uint16_t kUniqueIdType = 0x0104;
inline constexpr std::uint16_t kCookieType = 0x0204;
inline constexpr std::uint16_t kPlaceholderType = 0x0304;
inline constexpr std::uint16_t kAuthenticatorType = 0x0404;

inline constexpr std::size_t kFieldHead = 4;          // octets of type and length
inline constexpr std::size_t kUniqueIdSize = 32;      // the least that RFC 8915 allows, and what we send
inline constexpr std::size_t kMaxCookies = 8;         // that a client keeps, and a server gives at once
inline constexpr std::uint32_t kNtsNak = 0x4e54534e;  // "NTSN", the reference identifier of a refusal

// What a packet has of NTS.  The spans lie in the packet.
struct NtsFields {
  std::span<const std::byte> unique_id;
  std::span<const std::byte> cookie;      // the first
  std::size_t cookies = 0;                // that are not encrypted
  std::size_t placeholders = 0;           // the same
  bool equal_placeholders = true;         // all as long as the cookie
  bool has_authenticator = false;         // the last field of the packet
  std::span<const std::byte> nonce;       // one octet at least
  std::size_t nonce_room = 0;             // octets of the nonce and of what could be one
  std::span<const std::byte> sealed;      // with a tag
  std::span<const std::byte> associated;  // what the tag covers beside: the packet up to the authenticator

  bool any() const { return has_authenticator || cookies > 0 || placeholders > 0 || !unique_id.empty(); }
};

// Whether there is one of the four types.  RFC 8915 section 5: they are a wish for authentication, or an answer to one;
// all others may be ignored.
bool has_nts_fields(const ntp::PacketView& packet);

// False where a field of NTS is not as it has to be: a second unique identifier, or one that is too short, an
// authenticator that is not the last thing in the packet, or whose lengths say what cannot be.
bool read_nts_fields(const ntp::PacketView& packet, NtsFields& into);

// Opens what the authenticator has sealed into the front of `into`, which has sealed.size() - kAeadTag octets at least,
// and makes `text` that.  False where it is not authentic.
bool open_authenticator(Aead& aead, const NtsFields& fields, std::span<std::byte> into, std::span<std::byte>& text);

// Puts a field behind the first `at` octets of a packet; octets of the packet then, or 0 where there is no room.
// Bodies have a multiple of four.
std::size_t write_field(std::uint16_t type, std::span<const std::byte> body, std::span<std::byte> packet,
                        std::size_t at);
// Octets of a whole authenticator field.
std::size_t authenticator_size(AeadId aead, std::size_t text);
// The same for an authenticator that covers the first `at` octets and seals a text, padded to `size` octets,
// authenticator_size() at least.  The nonce has the size that we make.
std::size_t write_authenticator(Aead& aead, std::span<const std::byte> nonce, std::span<const std::byte> text,
                                std::span<std::byte> packet, std::size_t at, std::size_t size);

}  // namespace timed::auth

#endif  // TIMED_AUTH_NTS_FIELDS_H_
