// The keys that a server of NTS seals its cookies with (RFC 8915 section 6): the one in use, two that were before it
// and the one that will be next, so that servers which share them need not change at the same moment.  Pure: the file's
// text, random numbers and the date come from outside.
#ifndef TIMED_AUTH_COOKIE_KEYS_H_
#define TIMED_AUTH_COOKIE_KEYS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "timed/auth/aead.h"
#include "timed/base/random.h"
#include "timed/base/result.h"
#include "timed/base/units.h"

namespace timed::auth {

class CookieKeys {
 public:
  static constexpr std::size_t kKeys = 4;
  static constexpr std::size_t kMinSecret = 16;  // octets that a sequence may be derived from

  // The two lowest bits of an id are the key's place, so a look-up is one comparison.
  struct Key {
    std::uint32_t id = 0;
    AeadId aead = AeadId::SivCmac256;
    std::array<std::byte, kMaxAeadKey> octets{};

    std::span<const std::byte> secret() const { return std::span(octets).first(key_size_of(aead)); }
  };

  ~CookieKeys();
  CookieKeys(const CookieKeys&) = default;
  CookieKeys& operator=(const CookieKeys&) = default;

  static CookieKeys generate(AeadId aead, EntropyPool& random);
  // The next key comes into use, and the oldest one is forgotten for a new next one.
  void rotate(AeadId aead, EntropyPool& random);

  // The keys of a period that whoever has the secret can make: number n of a sequence, and those around it.  Servers
  // that share the secret open each other's cookies without exchanging keys.  Whoever learns the secret can open all
  // cookies of the past too, which is not so with generated keys.  Empty where the secret is shorter than kMinSecret
  // or libcrypto failed.
  static std::optional<CookieKeys> derive(std::span<const std::byte> secret, AeadId aead, std::uint64_t period);
  // The secret that a file holds: hexadecimal digits, two for each of its octets.  Wipes the text.
  static Result<std::vector<std::byte>> read_secret(std::string text);
  // The number of the period in which `now` is: those of `length` seconds since 1970; 0 before.
  static std::uint64_t period_at(LocalTime now, std::int64_t length);

  // Chrony's file `ntskeys`: its text, which is as secret as the keys, with the age of the newest one; and back.  Where
  // all keys are of SIV it is the older form, which every chrony reads.  read() wipes the text, and an error says what
  // is wrong in which line.
  std::string to_text(Duration age) const;
  struct Reading;
  static Result<Reading> read(std::string text);

  const Key& current() const { return keys_[current_]; }
  const Key& next() const { return keys_[(current_ + 1) % kKeys]; }
  // nullptr for one that is not, or no longer, known.
  const Key* find(std::uint32_t id) const {
    const Key& key = keys_[id % kKeys];
    return key.id == id ? &key : nullptr;
  }
  // By place.
  std::span<const Key, kKeys> all() const { return keys_; }

 private:
  CookieKeys() = default;

  std::array<Key, kKeys> keys_{};
  std::size_t current_ = 0;
};

struct CookieKeys::Reading {
  CookieKeys keys;
  Duration age;  // of the newest key, when the file was written
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_COOKIE_KEYS_H_
