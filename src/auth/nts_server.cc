#include "timed/auth/nts_server.h"

#include <algorithm>

#include "timed/ntp/extension.h"

namespace timed::auth {
namespace {

// Placeholders may be encrypted too.  False where they are malformed or not as long as the cookie.
bool count_encrypted_placeholders(std::span<const std::byte> text, std::size_t cookie, std::size_t& placeholders) {
  ntp::ExtensionWalk walk(text, ntp::kMinEncryptedExtension);
  while (const auto field = walk.next()) {
    if (field->type != kPlaceholderType) continue;
    if (field->body.size() != cookie) return false;
    ++placeholders;
  }
  return walk.well_formed();
}

NtsVerdict refused(CookieFault fault) {
  return fault == CookieFault::UnknownKey ? NtsVerdict::UnknownKey : NtsVerdict::BadCookie;
}

}  // namespace

std::optional<NtsServer> NtsServer::make() {
  auto siv = Aead::make(AeadId::SivCmac256), gcm_siv = Aead::make(AeadId::GcmSiv128);
  if (!siv || !gcm_siv) return std::nullopt;
  return NtsServer(std::move(*siv), std::move(*gcm_siv));
}

NtsVerdict NtsServer::open(const ntp::PacketView& request, NtsAnswer& into) {
  NtsFields fields;
  const bool whole = read_nts_fields(request, fields);
  if (whole && !fields.any()) return NtsVerdict::Plain;
  const bool complete = whole && fields.has_authenticator && !fields.unique_id.empty() && fields.cookies == 1 &&
                        fields.equal_placeholders && request.header().mode == ntp::Mode::Client;
  if (!complete) return NtsVerdict::Malformed;
  into.unique_id = fields.unique_id;
  into.request_size = request.size();
  into.text_size = 0;
  const CookieFault fault = cookies_.open(fields.cookie, into.keys);
  if (fault != CookieFault::None) return refused(fault);
  Aead& aead = of(into.keys.aead);
  std::array<std::byte, ntp::kMaxExtensions> room;
  std::span<std::byte> text;
  if (!aead.set_key(into.keys.c2s()) || !open_authenticator(aead, fields, room, text)) return NtsVerdict::NotAuthentic;
  std::size_t placeholders = fields.placeholders;
  if (!count_encrypted_placeholders(text, fields.cookie.size(), placeholders)) return NtsVerdict::Malformed;
  // Not refused where there are more, for chronyd answers them; counting costs no more than the octets that came.
  into.cookies = std::min(1 + placeholders, kMaxCookies);
  return NtsVerdict::Authentic;
}

std::size_t NtsServer::prepare(NtsAnswer& answer, EntropyPool& random, std::span<std::byte> packet, std::size_t at) {
  const AeadId client = answer.keys.aead;
  const std::size_t size = write_field(kUniqueIdType, answer.unique_id, packet, at);
  const std::size_t each = kFieldHead + cookies_.size_for(client);
  const std::size_t frame = size + authenticator_size(client, 0);
  if (size == 0 || each == kFieldHead || frame > answer.request_size) return 0;
  // Cookies may have grown since the client got its own: then it gets fewer, for no answer is longer than its request.
  const std::size_t count = std::min(answer.cookies, (answer.request_size - frame) / each);
  if (count == 0) return 0;
  random.bytes(std::span(answer.nonce).first(nonce_size_of(client)));
  answer.text_size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::array<std::byte, Cookies::kMaxSize> cookie;
    const std::size_t made = cookies_.seal(answer.keys, random, cookie);
    if (made == 0) return 0;
    answer.text_size = write_field(kCookieType, std::span(cookie).first(made), answer.text, answer.text_size);
  }
  return size;
}

std::size_t NtsServer::seal(const NtsAnswer& answer, std::span<std::byte> packet, std::size_t at) {
  Aead& aead = of(answer.keys.aead);
  if (answer.text_size == 0 || at > answer.request_size || !aead.set_key(answer.keys.s2c())) return 0;
  return write_authenticator(aead, std::span(answer.nonce).first(nonce_size_of(aead.id())),
                             std::span(answer.text).first(answer.text_size), packet, at, answer.request_size - at);
}

std::size_t NtsServer::write_refusal(const NtsAnswer& answer, std::span<std::byte> packet) {
  return write_field(kUniqueIdType, answer.unique_id, packet, ntp::kHeaderSize);
}

}  // namespace timed::auth
