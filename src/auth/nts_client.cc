#include "timed/auth/nts_client.h"

#include <algorithm>
#include <utility>

#include "timed/base/check.h"
#include "timed/ntp/extension.h"

namespace timed::auth {
namespace {

// Octets of cookies and placeholders in a request: with all else in it, it stays within what any server takes.
constexpr std::size_t kMaxCookieFields = 864;

}  // namespace

std::optional<NtsClient> NtsClient::make(const SessionKeys& keys) {
  auto aead = Aead::make(keys.aead);
  if (!aead) return std::nullopt;
  return NtsClient(keys, std::move(*aead));
}

bool NtsClient::is_usable(std::span<const std::byte> cookie) {
  return cookie.size() + kFieldHead >= ntp::kMinExtension && cookie.size() <= kMaxCookie && cookie.size() % 4 == 0;
}

bool NtsClient::add_cookie(std::span<const std::byte> cookie) {
  if (!is_usable(cookie) || count_ == kMaxCookies) return false;
  Cookie& place = ring_[(first_ + count_++) % kMaxCookies];
  place.size = cookie.size();
  std::copy(cookie.begin(), cookie.end(), place.octets.begin());
  return true;
}

std::span<const std::byte> NtsClient::cookie(std::size_t index) const {
  const Cookie& place = ring_[(first_ + index) % kMaxCookies];
  return std::span(place.octets).first(place.size);
}

void NtsClient::use_keys(const SessionKeys& keys) {
  TIMED_ASSERT(keys.aead == keys_.aead);
  keys_ = keys;
  waits_ = false;
}

std::size_t NtsClient::write(std::span<std::byte> packet, std::size_t at, EntropyPool& random) {
  waits_ = false;
  if (count_ == 0) return 0;
  const Cookie& cookie = ring_[first_];
  first_ = (first_ + 1) % kMaxCookies;
  --count_;
  random.bytes(unique_id_);
  const auto octets = std::span(cookie.octets).first(cookie.size);
  at = write_field(kUniqueIdType, unique_id_, packet, at);
  if (at != 0) at = write_field(kCookieType, octets, packet, at);
  // One answer brings one cookie in place of the one that is spent; more are asked for after losses.
  const std::size_t wanted = std::min(kMaxCookies - count_, kMaxCookieFields / (cookie.size + kFieldHead));
  constexpr std::array<std::byte, kMaxCookie> kZeros{};
  for (std::size_t i = 1; i < wanted && at != 0; ++i) {
    at = write_field(kPlaceholderType, std::span(kZeros).first(cookie.size), packet, at);
  }
  std::array<std::byte, kMaxAeadNonce> nonce;
  const auto used = std::span(nonce).first(nonce_size_of(keys_.aead));
  random.bytes(used);
  if (at == 0 || !aead_.set_key(keys_.c2s())) return 0;
  at = write_authenticator(aead_, used, {}, packet, at, authenticator_size(keys_.aead, 0));
  waits_ = at != 0;
  return at;
}

bool NtsClient::is_for_last_request(const NtsFields& fields) const {
  return waits_ && std::equal(fields.unique_id.begin(), fields.unique_id.end(), unique_id_.begin(), unique_id_.end());
}

// All fields are looked at before a cookie is kept.
bool NtsClient::take_cookies(std::span<const std::byte> text) {
  std::array<std::span<const std::byte>, kMaxCookies> found;
  std::size_t count = 0;
  ntp::ExtensionWalk walk(text, ntp::kMinEncryptedExtension);
  while (const auto field = walk.next()) {
    if (field->type == kCookieType && is_usable(field->body) && count < found.size()) found[count++] = field->body;
  }
  if (!walk.well_formed() || count == 0) return false;
  for (const auto& cookie : std::span(found).first(count)) add_cookie(cookie);
  return true;
}

NtsReply NtsClient::check(const ntp::PacketView& response) {
  NtsFields fields;
  if (response.header().mode != ntp::Mode::Server || !read_nts_fields(response, fields) ||
      !is_for_last_request(fields)) {
    return NtsReply::Refused;
  }
  std::array<std::byte, ntp::kMaxExtensions> room;
  std::span<std::byte> text;
  if (fields.has_authenticator && aead_.set_key(keys_.s2c()) && open_authenticator(aead_, fields, room, text)) {
    if (!take_cookies(text)) return NtsReply::Refused;
    waits_ = false;
    return NtsReply::Authentic;
  }
  const bool nak = response.header().stratum == 0 && response.header().ref_id.value == kNtsNak;
  return nak ? NtsReply::Nak : NtsReply::Refused;
}

}  // namespace timed::auth
