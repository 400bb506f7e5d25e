#include "timed/auth/cookies.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

constexpr AeadId kBoth[] = {AeadId::SivCmac256, AeadId::GcmSiv128};

EntropyPool pool(std::uint64_t seed) {
  return EntropyPool([random = SeededRandom(seed)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(random.next() >> 56);
  });
}

SessionKeys session(AeadId aead) {
  SessionKeys keys;
  keys.aead = aead;
  const Bytes octets = counted(0x11, 2 * key_size_of(aead));
  std::copy(octets.begin(), octets.end(), keys.octets.begin());
  return keys;
}

Bytes seal(Cookies& cookies, const SessionKeys& keys, EntropyPool& random) {
  Bytes cookie(Cookies::kMaxSize);
  cookie.resize(cookies.seal(keys, random, cookie));
  return cookie;
}

// chronyd 4.3 gave it away, and wrote its key into the file `ntskeys`.
TEST(Cookies, a_cookie_of_chronyd_is_opened_with_its_key) {
  const auto reading = CookieKeys::read(
      "NKS0\n15 4.0\n"
      "4F70B9E1 E29C4E613F1DF605A837F0B59FAD269191112B3E9313A33ECBD7B87ED9DED27F\n"
      "751B4276 68EFDD924DA680A55C5F4E39B715976F9A631CA45B8540544EE7FA823A378B66\n"
      "67B6B9EB 7244785F30BEA9222658C270E951FCABABDD9591D1E27490CF71916CEEE5D4AA\n"
      "F9920B8C EC2CAA55037AE76BB12C01F59C3AAB6C208CAE5ED7C04006967042744BE2F264\n");
  ASSERT_TRUE(reading);
  Cookies cookies;
  ASSERT_TRUE(cookies.use(reading->keys));
  SessionKeys keys;
  const Bytes cookie = from_hex(
      "67b6b9eb74fc88cbdf4bef590208a822c194c65a2eebd40aa0afd571e007990f8c07ccd4ac73afdc4d23f937f2038a900ee670ea19ec1d79"
      "b71cbb4cd9578add288475d31bdb1c852cdc8b67ec185e2aa6148a3e69d52b97ecb04fb226d30a7f6a316ef2");
  ASSERT_EQ(cookies.open(cookie, keys), CookieFault::None);
  EXPECT_EQ(keys.aead, AeadId::SivCmac256);
  EXPECT_EQ(to_hex(keys.c2s()), "4e085920c99e2edd6b78c9a6f491c6b687cceb10bbe2e87c5a86d3ac29b99e3d");
  EXPECT_EQ(to_hex(keys.s2c()), "7357e7e45043820c4f84956f884ce90fb7f725e3715a41b2919891a8be046149");
}

TEST(Cookies, have_the_lengths_of_those_of_chrony) {
  const std::size_t lengths[2][2] = {{100, 68}, {96, 64}};
  for (int server = 0; server < 2; ++server) {
    auto random = pool(1);
    Cookies cookies;
    ASSERT_TRUE(cookies.use(CookieKeys::generate(kBoth[server], random)));
    for (int client = 0; client < 2; ++client) {
      EXPECT_EQ(cookies.size_for(kBoth[client]), lengths[server][client]);
      EXPECT_EQ(seal(cookies, session(kBoth[client]), random).size(), lengths[server][client]);
    }
  }
}

TEST(Cookies, bring_back_the_keys_and_are_never_the_same_twice) {
  for (const AeadId server : kBoth) {
    for (const AeadId client : kBoth) {
      auto random = pool(2);
      const auto server_keys = CookieKeys::generate(server, random);
      Cookies cookies, elsewhere;
      ASSERT_TRUE(cookies.use(server_keys) && elsewhere.use(server_keys));
      std::set<Bytes> seen;
      for (int i = 0; i < 20; ++i) {
        const Bytes cookie = seal(cookies, session(client), random);
        EXPECT_TRUE(seen.insert(cookie).second);
        SessionKeys keys;
        ASSERT_EQ(elsewhere.open(cookie, keys), CookieFault::None);
        EXPECT_EQ(keys.aead, client);
        EXPECT_EQ(to_hex(keys.both()), to_hex(session(client).both()));
      }
    }
  }
}

TEST(Cookies, live_until_the_third_rotation) {
  auto random = pool(3);
  auto server_keys = CookieKeys::generate(AeadId::SivCmac256, random);
  Cookies cookies;
  ASSERT_TRUE(cookies.use(server_keys));
  const Bytes cookie = seal(cookies, session(AeadId::SivCmac256), random);
  SessionKeys keys;
  for (int rotations = 0; rotations < 6; ++rotations) {
    EXPECT_EQ(cookies.open(cookie, keys), rotations < 3 ? CookieFault::None : CookieFault::UnknownKey) << rotations;
    server_keys.rotate(AeadId::GcmSiv128, random);
    ASSERT_TRUE(cookies.use(server_keys));
  }
}

TEST(Cookies, every_bit_and_the_length_count) {
  for (const AeadId server : kBoth) {
    auto random = pool(4);
    Cookies cookies;
    ASSERT_TRUE(cookies.use(CookieKeys::generate(server, random)));
    const Bytes cookie = seal(cookies, session(AeadId::GcmSiv128), random);
    SessionKeys keys;
    for (std::size_t bit = 0; bit < cookie.size() * 8; ++bit) {
      Bytes wrong = cookie;
      wrong[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      ASSERT_EQ(cookies.open(wrong, keys), bit < 32 ? CookieFault::UnknownKey : CookieFault::NotAuthentic) << bit;
      ASSERT_EQ(keys.octets, SessionKeys().octets);
    }
    Bytes other = cookie;
    other.resize(1200);
    for (std::size_t size = 0; size <= other.size(); ++size) {
      const auto fault = cookies.open(std::span(other).first(size), keys);
      if (size == cookie.size()) {
        EXPECT_EQ(fault, CookieFault::None);
      } else if (size == Cookies::size_of(server, AeadId::SivCmac256)) {
        EXPECT_EQ(fault, CookieFault::NotAuthentic);
      } else {
        EXPECT_EQ(fault, CookieFault::Length) << size;
      }
    }
  }
}

TEST(Cookies, without_server_keys_none_is_made_or_opened) {
  auto random = pool(5);
  Cookies cookies;
  Bytes cookie(100);
  SessionKeys keys;
  EXPECT_EQ(cookies.size_for(AeadId::SivCmac256), 0u);
  EXPECT_EQ(cookies.seal(session(AeadId::SivCmac256), random, cookie), 0u);
  EXPECT_EQ(cookies.open(cookie, keys), CookieFault::UnknownKey);
}

TEST(Cookies, none_is_made_where_there_is_no_room) {
  auto random = pool(6);
  Cookies cookies;
  ASSERT_TRUE(cookies.use(CookieKeys::generate(AeadId::SivCmac256, random)));
  Bytes cookie(99);
  EXPECT_EQ(cookies.seal(session(AeadId::SivCmac256), random, cookie), 0u);
  EXPECT_EQ(cookies.seal(session(AeadId::GcmSiv128), random, cookie), 68u);
}

}  // namespace
}  // namespace timed::auth
