#include "timed/auth/cookie_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

EntropyPool pool(std::uint64_t seed) {
  return EntropyPool([random = SeededRandom(seed)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(random.next() >> 56);
  });
}

// As chronyd 4.3 wrote it.
constexpr const char* kOfChronyd =
    "NKS0\n"
    "15 4.0\n"
    "4F70B9E1 E29C4E613F1DF605A837F0B59FAD269191112B3E9313A33ECBD7B87ED9DED27F\n"
    "751B4276 68EFDD924DA680A55C5F4E39B715976F9A631CA45B8540544EE7FA823A378B66\n"
    "67B6B9EB 7244785F30BEA9222658C270E951FCABABDD9591D1E27490CF71916CEEE5D4AA\n"
    "F9920B8C EC2CAA55037AE76BB12C01F59C3AAB6C208CAE5ED7C04006967042744BE2F264\n";
// The form that chrony has had since, with keys of both ciphers.
constexpr const char* kMixed =
    "NKS1\n"
    "86400.5\n"
    "4F70B9E1 E29C4E613F1DF605A837F0B59FAD269191112B3E9313A33ECBD7B87ED9DED27F 15\n"
    "00000002 68EFDD924DA680A55C5F4E39B715976F9A631CA45B8540544EE7FA823A378B66 15\n"
    "67B6B9EB 7244785F30BEA9222658C270E951FCAB 30\n"
    "F9920B8C EC2CAA55037AE76BB12C01F59C3AAB6C 30\n";

void expect_in_their_places(const CookieKeys& keys) {
  for (std::size_t place = 0; place < CookieKeys::kKeys; ++place) {
    EXPECT_EQ(keys.all()[place].id % 4, place);
    EXPECT_EQ(keys.find(keys.all()[place].id), &keys.all()[place]);
  }
  EXPECT_EQ(keys.next().id % 4, (keys.current().id + 1) % 4);
}

TEST(CookieKeys, the_file_of_chronyd_is_read_and_written_again) {
  for (const char* const text : {kOfChronyd, kMixed}) {
    const auto reading = CookieKeys::read(text);
    ASSERT_TRUE(reading) << reading.error().message;
    const CookieKeys& keys = reading->keys;
    EXPECT_EQ(keys.current().id, 0x67b6b9ebu);
    EXPECT_EQ(keys.next().id, 0xf9920b8cu);
    ASSERT_NE(keys.find(0x4f70b9e1), nullptr);
    EXPECT_EQ(to_hex(keys.find(0x4f70b9e1)->secret()),
              "e29c4e613f1df605a837f0b59fad269191112b3e9313a33ecbd7b87ed9ded27f");
    expect_in_their_places(keys);
    EXPECT_EQ(keys.to_text(reading->age), text);
  }
  EXPECT_EQ(CookieKeys::read(kMixed)->age, Duration::seconds(86400.5));
  EXPECT_EQ(CookieKeys::read(kMixed)->keys.current().aead, AeadId::GcmSiv128);
  EXPECT_EQ(CookieKeys::read(kOfChronyd)->keys.current().aead, AeadId::SivCmac256);
}

TEST(CookieKeys, an_id_that_is_not_known_is_not_found) {
  const auto reading = CookieKeys::read(kOfChronyd);
  for (const std::uint32_t id : {0u, 1u, 2u, 3u, 0x67b6b9efu, 0xe7b6b9ebu}) {
    EXPECT_EQ(reading->keys.find(id), nullptr) << id;
  }
}

TEST(CookieKeys, a_file_that_is_wrong_says_where) {
  const auto changed = [](std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const struct {
    std::string text;
    const char* error;
  } kWrong[] = {
      {"", "Unknown format in line 1"},
      {changed(kMixed, "NKS1", "NKS2"), "Unknown format in line 1"},
      {changed(kMixed, "NKS1", "NKS1 x"), "Unknown format in line 1"},
      {"NKS1\n", "Missing age in line 2"},
      {changed(kMixed, "86400.5", "-1"), "Invalid age in line 2"},
      {changed(kMixed, "86400.5", "1x"), "Invalid age in line 2"},
      {changed(kMixed, "86400.5", "inf"), "Invalid age in line 2"},
      {changed(kMixed, "86400.5", "nan"), "Invalid age in line 2"},
      {changed(kOfChronyd, "15 4.0", "4.0"), "Missing age in line 2"},
      {changed(kOfChronyd, "15 4.0", "17 4.0"), "Unsupported algorithm in line 2"},
      {changed(kMixed, "7F 15\n", "7F 16\n"), "Unsupported algorithm in line 3"},
      {changed(kMixed, "7F 15\n", "7F 65551\n"), "Unsupported algorithm in line 3"},
      {changed(kMixed, "7F 15\n", "7F 30\n"), "Invalid key in line 3"},
      {changed(kMixed, "7F 15\n", "7 15\n"), "Invalid key in line 3"},
      {changed(kMixed, "7F 15\n", "7G 15\n"), "Invalid key in line 3"},
      {changed(kMixed, "7F 15\n", "7F\n"), "Missing key in line 3"},
      {changed(kMixed, "7F 15\n", "7F 15 1\n"), "Missing key in line 3"},
      {changed(kMixed, "4F70B9E1", "4F70B9E1F"), "Invalid id in line 3"},
      {changed(kMixed, "4F70B9E1", "4F70B9Ex"), "Invalid id in line 3"},
      {changed(kMixed, "00000002", "00000003"), "Unexpected id in line 4"},
      {changed(kMixed, "4F70B9E1", "4F70B9E0"), "Unexpected id in line 4"},
      {std::string(kMixed, 0, std::string(kMixed).find("F9920B8C")), "Missing key in line 6"},
      {std::string(kMixed) + "x", "More than four keys, after the one in line 6"},
  };
  for (const auto& wrong : kWrong) {
    const auto reading = CookieKeys::read(wrong.text);
    ASSERT_FALSE(reading) << wrong.text;
    EXPECT_EQ(reading.error().message, wrong.error) << wrong.text;
  }
  EXPECT_TRUE(CookieKeys::read(std::string(kMixed) + " \n\n"));
}

TEST(CookieKeys, generated_keys_are_all_different) {
  auto random = pool(1);
  std::set<std::string> seen;
  for (const AeadId aead : {AeadId::SivCmac256, AeadId::GcmSiv128}) {
    const auto keys = CookieKeys::generate(aead, random);
    expect_in_their_places(keys);
    for (const auto& key : keys.all()) {
      EXPECT_EQ(key.aead, aead);
      EXPECT_EQ(key.secret().size(), key_size_of(aead));
      EXPECT_TRUE(seen.insert(to_hex(key.secret())).second);
      EXPECT_TRUE(seen.insert(to_hex(std::as_bytes(std::span(&key.id, 1)))).second);
    }
  }
}

TEST(CookieKeys, rotation_brings_the_next_key_into_use_and_forgets_the_oldest) {
  auto random = pool(2);
  auto keys = CookieKeys::generate(AeadId::SivCmac256, random);
  for (int i = 0; i < 9; ++i) {
    const CookieKeys before = keys;
    const std::size_t oldest = (before.next().id + 1) % 4;
    keys.rotate(AeadId::GcmSiv128, random);
    EXPECT_EQ(keys.current().id, before.next().id);
    EXPECT_EQ(keys.find(before.all()[oldest].id), nullptr);
    std::size_t known = 0;
    for (const auto& key : before.all()) known += keys.find(key.id) != nullptr ? 1 : 0;
    EXPECT_EQ(known, 3u);
    EXPECT_EQ(keys.next().aead, AeadId::GcmSiv128);
    expect_in_their_places(keys);
  }
}

// Made with another implementation of HKDF: whoever has the secret has these keys, now and in later versions.
TEST(CookieKeys, a_sequence_is_derived_from_the_secret_and_the_number_of_the_period) {
  const struct {
    AeadId aead;
    std::uint64_t number;
    std::uint32_t id;
    const char* key;
  } kDerived[] = {
      {AeadId::SivCmac256, 2949, 0x489b1321, "d36714c1436ac3425e67d281b25dfd7803303bbe4489e72f3decb8be621cf139"},
      {AeadId::SivCmac256, 2950, 0x02ecf666, "549befa3db6fe2a48b2f404780fc462626fe165369e059227b716ddbd7d7102a"},
      {AeadId::SivCmac256, 2951, 0x31685023, "d69be4e284dc20ea835166279d32035a28b3e5d476cf5a56cb115327e227a78d"},
      {AeadId::SivCmac256, 2952, 0x5ec1a7a4, "09ee234d20f0437c9a9f0fdf0fe6e2ec474a3e7d16fe1884b697f55114d5a4cd"},
      {AeadId::GcmSiv128, 2949, 0xe07e4225, "7b96456bfe3cd9f182a4f3cad57fb5dd"},
      {AeadId::GcmSiv128, 2951, 0x669bdac3, "0268a8abb8c55a01d60a17c7b418a5bb"},
  };
  for (const auto& derived : kDerived) {
    const auto keys = CookieKeys::derive(counted(0, 32), derived.aead, 2951);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->current().id % 4, 2951u % 4);
    const auto* key = keys->find(derived.id);
    ASSERT_NE(key, nullptr) << derived.number;
    EXPECT_EQ(key->id % 4, derived.number % 4);
    EXPECT_EQ(to_hex(key->secret()), derived.key);
    expect_in_their_places(*keys);
  }
}

TEST(CookieKeys, servers_with_one_secret_have_three_keys_in_common_a_period_apart) {
  const auto secret = counted(0, 16);
  for (const std::uint64_t period : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2951}}) {
    const auto now = CookieKeys::derive(secret, AeadId::GcmSiv128, period);
    const auto later = CookieKeys::derive(secret, AeadId::GcmSiv128, period + 1);
    ASSERT_TRUE(now && later);
    EXPECT_EQ(now->next().id, later->current().id);
    std::size_t common = 0;
    for (const auto& key : now->all()) {
      const auto* other = later->find(key.id);
      common += other != nullptr && other->octets == key.octets ? 1 : 0;
    }
    EXPECT_EQ(common, 3u) << period;
  }
  const auto other = CookieKeys::derive(counted(1, 16), AeadId::GcmSiv128, 2951);
  EXPECT_EQ(CookieKeys::derive(secret, AeadId::GcmSiv128, 2951)->find(other->current().id), nullptr);
}

TEST(CookieKeys, nothing_is_derived_from_a_short_secret) {
  for (std::size_t n = 0; n < 40; ++n) {
    EXPECT_EQ(CookieKeys::derive(counted(0, n), AeadId::SivCmac256, 5).has_value(), n >= 16) << n;
  }
}

TEST(CookieKeys, periods_are_counted_from_1970) {
  EXPECT_EQ(CookieKeys::period_at(LocalTime::from_seconds(0), 604800), 0u);
  EXPECT_EQ(CookieKeys::period_at(LocalTime::from_seconds(604800) - Duration::nanos(1), 604800), 0u);
  EXPECT_EQ(CookieKeys::period_at(LocalTime::from_seconds(604800), 604800), 1u);
  EXPECT_EQ(CookieKeys::period_at(LocalTime::from_seconds(1785000000), 604800), 2951u);
  EXPECT_EQ(CookieKeys::period_at(LocalTime::from_seconds(-5), 1), 0u);
}

}  // namespace
}  // namespace timed::auth
