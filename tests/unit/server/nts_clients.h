// Keys of cookies, and clients of NTS that have been given some.
#ifndef TIMED_TESTS_UNIT_SERVER_NTS_CLIENTS_H_
#define TIMED_TESTS_UNIT_SERVER_NTS_CLIENTS_H_

#include <cstdlib>
#include <optional>
#include <utility>

#include "tests/unit/server/fakes.h"
#include "timed/auth/cookie_keys.h"
#include "timed/auth/cookies.h"
#include "timed/auth/nts_client.h"

namespace timed::server {

inline EntropyPool seeded_pool(std::uint64_t seed) {
  return EntropyPool([random = SeededRandom(seed)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(random.next() >> 56);
  });
}

inline auth::SessionKeys session_keys(auth::AeadId aead, std::uint64_t seed) {
  auth::SessionKeys keys;
  keys.aead = aead;
  seeded_pool(seed).bytes(keys.octets);
  return keys;
}

// A client as key establishment leaves it.
inline auth::NtsClient nts_client(const auth::CookieKeys& server, auth::AeadId aead, std::uint64_t seed,
                                  std::size_t cookies = auth::kMaxCookies) {
  const auth::SessionKeys keys = session_keys(aead, seed);
  auto client = auth::NtsClient::make(keys);
  auth::Cookies maker;
  if (!client || !maker.use(server)) std::abort();
  EntropyPool random = seeded_pool(seed + 1);
  for (std::size_t i = 0; i < cookies; ++i) {
    std::array<std::byte, auth::Cookies::kMaxSize> cookie;
    const std::size_t size = maker.seal(keys, random, cookie);
    if (!client->add_cookie(std::span(cookie).first(size))) std::abort();
  }
  return std::move(*client);
}

// Makes the request one of NTS.
inline void add_nts(env::Datagram& request, auth::NtsClient& client, EntropyPool& random) {
  request.size = client.write(request.data, request.size, random);
}

}  // namespace timed::server

#endif  // TIMED_TESTS_UNIT_SERVER_NTS_CLIENTS_H_
