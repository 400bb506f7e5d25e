#include "timed/auth/cookies.h"

#include "timed/base/bytes.h"

namespace timed::auth {
namespace {

constexpr std::size_t kIdSize = 4;

}  // namespace

bool Cookies::use(const CookieKeys& keys) {
  current_ = keys.current().id % CookieKeys::kKeys;
  for (std::size_t place = 0; place < CookieKeys::kKeys; ++place) {
    const CookieKeys::Key& key = keys.all()[place];
    Keyed& keyed = keyed_[place];
    keyed.id = key.id;
    if (!keyed.aead || keyed.aead->id() != key.aead) keyed.aead = Aead::make(key.aead);
    if (!keyed.aead || !keyed.aead->set_key(key.secret())) {
      keyed_ = {};
      return false;
    }
  }
  return true;
}

std::size_t Cookies::size_for(AeadId client) const {
  const auto& aead = keyed_[current_].aead;
  return aead ? size_of(aead->id(), client) : 0;
}

std::size_t Cookies::seal(const SessionKeys& keys, EntropyPool& random, std::span<std::byte> into) {
  const std::size_t size = size_for(keys.aead);
  if (size == 0 || into.size() < size) return 0;
  Keyed& keyed = keyed_[current_];
  store_be(into.data(), keyed.id);
  const auto nonce = into.subspan(kIdSize, nonce_size_of(keyed.aead->id()));
  random.bytes(nonce);
  const auto sealed = into.first(size).subspan(kIdSize + nonce.size());
  return keyed.aead->seal(nonce, {}, keys.both(), sealed) ? size : 0;
}

CookieFault Cookies::open(std::span<const std::byte> cookie, SessionKeys& into) {
  if (cookie.size() < kIdSize) return CookieFault::Length;
  const auto id = load_be<std::uint32_t>(cookie.data());
  Keyed& keyed = keyed_[id % CookieKeys::kKeys];
  if (!keyed.aead || keyed.id != id) return CookieFault::UnknownKey;
  // Which cipher the client has only the length says.
  const AeadId server = keyed.aead->id();
  if (cookie.size() == size_of(server, AeadId::SivCmac256)) {
    into.aead = AeadId::SivCmac256;
  } else if (cookie.size() == size_of(server, AeadId::GcmSiv128)) {
    into.aead = AeadId::GcmSiv128;
  } else {
    return CookieFault::Length;
  }
  const auto nonce = cookie.subspan(kIdSize, nonce_size_of(server));
  const auto sealed = cookie.subspan(kIdSize + nonce.size());
  const auto text = std::span(into.octets).first(sealed.size() - kAeadTag);
  return keyed.aead->open(nonce, {}, sealed, text) ? CookieFault::None : CookieFault::NotAuthentic;
}

}  // namespace timed::auth
