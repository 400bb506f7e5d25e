#include "timed/auth/nts_fields.h"

#include <algorithm>

#include "timed/base/bytes.h"
#include "timed/ntp/extension.h"

namespace timed::auth {
namespace {

constexpr std::size_t kLengths = 4;  // octets of the lengths of nonce and ciphertext

constexpr std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

bool read_authenticator(std::span<const std::byte> body, NtsFields& into) {
  ByteReader reader(body);
  const std::size_t nonce = reader.u16(), sealed = reader.u16();
  if (!reader.ok() || nonce == 0 || sealed < kAeadTag) return false;
  if (padded(nonce) + padded(sealed) > reader.left()) return false;
  into.has_authenticator = true;
  into.nonce_room = reader.left() - padded(sealed);
  into.nonce = body.subspan(kLengths, nonce);
  into.sealed = body.subspan(kLengths + padded(nonce), sealed);
  return true;
}

bool read_unique_id(std::span<const std::byte> body, NtsFields& into) {
  if (!into.unique_id.empty() || body.size() < kUniqueIdSize) return false;
  into.unique_id = body;
  return true;
}

}  // namespace

bool has_nts_fields(const ntp::PacketView& packet) {
  ntp::ExtensionWalk walk(packet.extensions());
  while (const auto field = walk.next()) {
    if (field->type == kUniqueIdType || field->type == kCookieType || field->type == kPlaceholderType ||
        field->type == kAuthenticatorType) {
      return true;
    }
  }
  return false;
}

bool read_nts_fields(const ntp::PacketView& packet, NtsFields& into) {
  into = {};
  const auto all = packet.authenticated();
  std::size_t first_placeholder = 0;  // octets
  ntp::ExtensionWalk walk(packet.extensions());
  while (const auto field = walk.next()) {
    if (into.has_authenticator) return false;
    switch (field->type) {
      case kUniqueIdType:
        if (!read_unique_id(field->body, into)) return false;
        break;
      case kCookieType:
        if (into.cookies++ == 0) into.cookie = field->body;
        break;
      case kPlaceholderType:
        if (into.placeholders++ == 0) first_placeholder = field->body.size();
        if (field->body.size() != first_placeholder) into.equal_placeholders = false;
        break;
      case kAuthenticatorType:
        if (!read_authenticator(field->body, into)) return false;
        into.associated = all.first(static_cast<std::size_t>(field->body.data() - all.data()) - kFieldHead);
        break;
      default:
        break;
    }
  }
  if (into.placeholders > 0 && first_placeholder != into.cookie.size()) into.equal_placeholders = false;
  return !into.has_authenticator || packet.trailer() == ntp::Trailer::None;
}

bool open_authenticator(Aead& aead, const NtsFields& fields, std::span<std::byte> into, std::span<std::byte>& text) {
  text = {};
  if (!fields.has_authenticator || fields.sealed.size() - kAeadTag > into.size()) return false;
  // Who answers must have had room for the nonce that it wants (RFC 8915 section 5.6).
  if (fields.nonce_room < nonce_size_of(aead.id())) return false;
  const auto opened = into.first(fields.sealed.size() - kAeadTag);
  if (!aead.open(fields.nonce, fields.associated, fields.sealed, opened)) return false;
  text = opened;
  return true;
}

std::size_t write_field(std::uint16_t type, std::span<const std::byte> body, std::span<std::byte> packet,
                        std::size_t at) {
  if (at > packet.size()) return 0;
  ByteWriter writer(packet.subspan(at));
  writer.u16(type);
  writer.u16(static_cast<std::uint16_t>(kFieldHead + body.size()));
  writer.bytes(body);
  return writer.ok() ? at + writer.size() : 0;
}

std::size_t authenticator_size(AeadId aead, std::size_t text) {
  return kFieldHead + kLengths + padded(nonce_size_of(aead)) + padded(text + kAeadTag);
}

std::size_t write_authenticator(Aead& aead, std::span<const std::byte> nonce, std::span<const std::byte> text,
                                std::span<std::byte> packet, std::size_t at, std::size_t size) {
  if (at > packet.size() || size > packet.size() - at || size < authenticator_size(aead.id(), text.size())) return 0;
  const std::size_t sealed = text.size() + kAeadTag;
  const auto field = packet.subspan(at, size);
  std::fill(field.begin(), field.end(), std::byte{0});
  ByteWriter writer(field);
  writer.u16(kAuthenticatorType);
  writer.u16(static_cast<std::uint16_t>(size));
  writer.u16(static_cast<std::uint16_t>(nonce.size()));
  writer.u16(static_cast<std::uint16_t>(sealed));
  writer.bytes(nonce);
  const auto into = field.subspan(kFieldHead + kLengths + padded(nonce.size()), sealed);
  return aead.seal(nonce, packet.first(at), text, into) ? at + size : 0;
}

}  // namespace timed::auth
