// Cookies of NTS as chrony makes them: the id of a server key, a nonce, and sealed with that key those of the client.
// The server remembers no client: each request brings what is needed to answer it.
#ifndef TIMED_AUTH_COOKIES_H_
#define TIMED_AUTH_COOKIES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "timed/auth/aead.h"
#include "timed/auth/cookie_keys.h"
#include "timed/auth/digest.h"
#include "timed/base/random.h"

namespace timed::auth {

// What client and server have agreed on: a key for requests (C2S) and one for responses (S2C).
struct SessionKeys {
  AeadId aead = AeadId::SivCmac256;
  std::array<std::byte, 2 * kMaxAeadKey> octets{};  // C2S, and then at once S2C

  SessionKeys() = default;
  SessionKeys(const SessionKeys&) = default;
  SessionKeys& operator=(const SessionKeys&) = default;
  ~SessionKeys() { wipe(octets); }

  std::span<const std::byte> both() const { return std::span(octets).first(2 * key_size_of(aead)); }
  std::span<const std::byte> c2s() const { return both().first(key_size_of(aead)); }
  std::span<const std::byte> s2c() const { return both().last(key_size_of(aead)); }
};

enum class CookieFault : std::uint8_t {
  None,
  UnknownKey,    // made with a key that is forgotten, or by somebody else
  Length,        // of no cookie that we make
  NotAuthentic,  // forged or spoilt
};

// Makes and opens cookies.  Allocates in use() only.  Not for two threads at once.
class Cookies {
 public:
  // Octets, for keys of either cipher.
  static constexpr std::size_t size_of(AeadId server, AeadId client) {
    return 4 + nonce_size_of(server) + kAeadTag + 2 * key_size_of(client);
  }
  static constexpr std::size_t kMaxSize = 100;

  // From now on these keys.  False where libcrypto failed, and then the ones of before are forgotten.
  bool use(const CookieKeys& keys);

  // Octets of the cookies that are made now.
  std::size_t size_for(AeadId client) const;
  // Octets that were written; 0 where libcrypto failed, nothing is in use, or there is no room.
  std::size_t seal(const SessionKeys& keys, EntropyPool& random, std::span<std::byte> into);
  CookieFault open(std::span<const std::byte> cookie, SessionKeys& into);

 private:
  struct Keyed {
    std::uint32_t id = 0;
    std::optional<Aead> aead;
  };
  std::array<Keyed, CookieKeys::kKeys> keyed_;
  std::size_t current_ = 0;
};
static_assert(Cookies::size_of(AeadId::SivCmac256, AeadId::SivCmac256) == Cookies::kMaxSize);

}  // namespace timed::auth

#endif  // TIMED_AUTH_COOKIES_H_
