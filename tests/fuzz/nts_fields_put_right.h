// Makes what is random in a packet of NTS what it should be, so that inputs reach what is behind cookie and seal.
#ifndef TIMED_TESTS_FUZZ_NTS_FIELDS_PUT_RIGHT_H_
#define TIMED_TESTS_FUZZ_NTS_FIELDS_PUT_RIGHT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "timed/auth/cookies.h"
#include "timed/auth/nts_fields.h"
#include "timed/base/check.h"

namespace timed::fuzz {

inline auth::SessionKeys session(auth::AeadId aead) {
  auth::SessionKeys keys;
  keys.aead = aead;
  for (std::size_t i = 0; i < 2 * auth::key_size_of(aead); ++i) keys.octets[i] = static_cast<std::byte>(i);
  return keys;
}

// `place` lies in the packet.
inline void put(std::span<std::byte> packet, std::span<const std::byte> place, std::span<const std::byte> octets) {
  std::copy(octets.begin(), octets.end(), packet.begin() + (place.data() - packet.data()));
}

// A cookie of the right length becomes one of ours, with the keys of session(), and the authenticator is made for what
// is in the packet.  The cipher is that of the session.
inline void put_right(std::span<std::byte> packet, auth::AeadId aead, bool response, auth::Cookies& cookies,
                      auth::Aead& cipher, EntropyPool& random) {
  auth::NtsFields fields;
  const auto view = ntp::PacketView::parse(packet);
  if (!view.ok() || !auth::read_nts_fields(view, fields) || !fields.has_authenticator) return;
  const auto keys = session(aead);
  std::array<std::byte, auth::Cookies::kMaxSize> cookie;
  const std::size_t made = cookies.seal(keys, random, cookie);
  if (fields.cookie.size() == made) put(packet, fields.cookie, std::span(cookie).first(made));
  TIMED_ASSERT(cipher.set_key(response ? keys.s2c() : keys.c2s()));
  const std::vector<std::byte> text(fields.sealed.begin(), fields.sealed.end() - auth::kAeadTag);
  std::vector<std::byte> sealed(fields.sealed.size());
  if (cipher.seal(fields.nonce, fields.associated, text, sealed)) put(packet, fields.sealed, sealed);
}

}  // namespace timed::fuzz

#endif  // TIMED_TESTS_FUZZ_NTS_FIELDS_PUT_RIGHT_H_
