#include "timed/sources/authentication.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/sources/exchange_fixture.h"
#include "timed/auth/nts_fields.h"
#include "timed/base/bytes.h"
#include "timed/base/random.h"
#include "timed/ntp/extension.h"

namespace timed::sources {
namespace {

using Bytes = std::vector<std::byte>;

struct TypeRow {
  auth::KeyId id;
  auth::KeyType type;
  std::size_t code;  // octets in versions before 4
};
constexpr TypeRow kTypes[] = {
    {1, auth::KeyType::Md5, 16},
    {2, auth::KeyType::Sha1, 20},
    {3, auth::KeyType::Sha256, 32},
    {4, auth::KeyType::Sha384, 48},
    {5, auth::KeyType::Sha512, 64},
    {6, auth::KeyType::Sha3_224, 28},
    {7, auth::KeyType::Sha3_256, 32},
    {8, auth::KeyType::Sha3_384, 48},
    {9, auth::KeyType::Sha3_512, 64},
    {13, auth::KeyType::Aes128, 16},
    {0xfffffffe, auth::KeyType::Aes256, 16},
};

// One key of each type, all of 256 bits but that of AES128.
auth::KeyStore all_keys(const std::string& secret = "00112233445566778899aabbccddeeff") {
  std::string text;
  for (const TypeRow& row : kTypes) {
    const std::string full = row.type == auth::KeyType::Aes128 ? secret : secret + secret;
    text += std::to_string(row.id) + " " + auth::name_of(row.type) + " HEX:" + full + "\n";
  }
  auto reading = auth::KeyStore::read(text, "keys");
  EXPECT_TRUE(reading.warnings.empty());
  return std::move(reading.keys);
}

Bytes packet(int version, bool with_field = false) {
  ntp::Header header = server_header({0x0123456789abcdefu}, test_time(0.1), test_time(0.2));
  header.version = static_cast<std::uint8_t>(version);
  Bytes bytes = bytes_of(header);
  if (with_field) {
    bytes.resize(ntp::kHeaderSize + ntp::kMonoRootSize);
    ntp::write_mono_root({}, std::span(bytes).subspan<ntp::kHeaderSize, ntp::kMonoRootSize>());
  }
  return bytes;
}

EntropyPool& random() {
  static EntropyPool pool([](std::span<std::byte> into) { std::fill(into.begin(), into.end(), std::byte{7}); });
  return pool;
}

class KeyedAuthentication : public testing::Test {
 protected:
  Authentication of(auth::KeyId id) const { return MacAuth{id, &keys}; }
  static Bytes sign(Authentication authentication, Bytes bytes) {
    const std::size_t size = bytes.size();
    bytes.resize(ntp::kMaxPacket);
    const auto signed_size = authenticate(authentication, bytes, size, random());
    EXPECT_TRUE(signed_size.has_value());
    bytes.resize(signed_size.value_or(size));
    return bytes;
  }
  // Well formed and authentic.
  static bool passes(Authentication authentication, const Bytes& bytes) {
    const auto view = ntp::PacketView::parse(bytes);
    return view.ok() && is_authentic(authentication, view);
  }

  auth::KeyStore keys = all_keys();
};

TEST_F(KeyedAuthentication, what_a_key_signs_it_verifies) {
  for (const TypeRow& row : kTypes) {
    for (int version = 1; version <= 4; ++version) {
      for (const bool with_field : {false, true}) {
        if (with_field && version < 4) continue;
        const Bytes plain = packet(version, with_field);
        const Bytes bytes = sign(of(row.id), plain);
        const std::size_t code = version == 4 ? std::min<std::size_t>(row.code, 20) : row.code;
        EXPECT_EQ(bytes.size(), plain.size() + 4 + code) << row.id << " version " << version;
        EXPECT_TRUE(std::equal(plain.begin(), plain.end(), bytes.begin()));
        EXPECT_EQ(load_be<std::uint32_t>(&bytes[plain.size()]), row.id);
        EXPECT_TRUE(passes(of(row.id), bytes)) << row.id << " version " << version;
      }
    }
  }
}

TEST_F(KeyedAuthentication, any_bit_changed_is_not_authentic) {
  for (const TypeRow& row : kTypes) {
    for (const bool with_field : {false, true}) {
      const Bytes good = sign(of(row.id), packet(4, with_field));
      for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bytes = good;
        bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        EXPECT_FALSE(passes(of(row.id), bytes)) << row.id << " bit " << bit;
      }
    }
  }
}

TEST_F(KeyedAuthentication, another_key_of_the_same_file_proves_nothing) {
  for (const TypeRow& signing : kTypes) {
    for (int version = 3; version <= 4; ++version) {
      const Bytes good = sign(of(signing.id), packet(version));
      for (const TypeRow& wanted : kTypes) {
        Bytes bytes = good;
        EXPECT_EQ(passes(of(wanted.id), bytes), signing.id == wanted.id) << signing.id << " for " << wanted.id;
        // Under the wanted one's name as well.
        if (signing.id == wanted.id) continue;
        store_be(&bytes[ntp::kHeaderSize], wanted.id);
        EXPECT_FALSE(passes(of(wanted.id), bytes)) << signing.id << " as " << wanted.id;
      }
    }
  }
}

TEST_F(KeyedAuthentication, the_same_id_with_another_secret_is_another_key) {
  const auth::KeyStore others = all_keys("00112233445566778899aabbccddeefe");
  for (const TypeRow& row : kTypes) {
    EXPECT_FALSE(passes(of(row.id), sign(MacAuth{row.id, &others}, packet(4)))) << row.id;
    EXPECT_FALSE(passes(of(row.id), sign(MacAuth{row.id, &others}, packet(3)))) << row.id;
  }
}

TEST_F(KeyedAuthentication, nothing_is_signed_or_believed_without_the_key) {
  Bytes bytes(ntp::kMaxPacket);
  for (const MacAuth missing : {MacAuth{99, &keys}, MacAuth{1, nullptr}}) {
    Authentication authentication = missing;
    EXPECT_FALSE(authenticate(authentication, bytes, ntp::kHeaderSize, random()).has_value());
    EXPECT_TRUE(is_authenticated(missing));
    EXPECT_FALSE(passes(missing, packet(4)));
    EXPECT_FALSE(passes(missing, sign(of(1), packet(4))));
  }
}

// The rest after the header is what a key has made, cut or filled up to each length there is.
TEST_F(KeyedAuthentication, a_code_of_any_wrong_length_is_not_authentic) {
  for (const TypeRow& row : kTypes) {
    for (int version = 1; version <= 4; ++version) {
      for (const bool with_field : {false, true}) {
        if (with_field && version < 4) continue;
        const std::size_t front = packet(version, with_field).size();
        const Bytes good = sign(of(row.id), packet(version, with_field));
        // Of version 3, so that codes that must be cut in version 4 are there whole.
        Bytes whole = sign(of(row.id), packet(3));
        whole.erase(whole.begin(), whole.begin() + ntp::kHeaderSize);
        for (std::size_t length = 1; length <= 255; ++length) {
          if (front + length == good.size()) continue;
          Bytes bytes = good;
          bytes.resize(front + length);
          EXPECT_FALSE(passes(of(row.id), bytes)) << row.id << " version " << version << " length " << length;
          bytes.resize(front);
          for (std::size_t i = 0; i < length; ++i) bytes.push_back(i < whole.size() ? whole[i] : std::byte{0});
          EXPECT_FALSE(passes(of(row.id), bytes)) << row.id << " version " << version << " length " << length;
        }
      }
    }
  }
}

// Read as an extension field, its id says how long it is: then the packet is well formed, and has no code at all.
TEST_F(KeyedAuthentication, a_code_that_looks_like_a_field_is_none) {
  auto reading =
      auth::KeyStore::read("32 SHA3-224 secretsecret\n36 SHA256 secretsecret\n68 SHA512 secretsecret\n", "k");
  for (const auth::KeyId id : {32u, 36u, 68u}) {
    const MacAuth with{id, &reading.keys};
    Bytes bytes = sign(with, packet(3));
    EXPECT_EQ(bytes.size(), ntp::kHeaderSize + id);
    EXPECT_TRUE(passes(with, bytes));
    bytes[0] = packet(4)[0];
    ASSERT_EQ(ntp::PacketView::parse(bytes).trailer(), ntp::Trailer::None);
    EXPECT_FALSE(passes(with, bytes));
  }
}

TEST_F(KeyedAuthentication, a_crypto_nak_is_never_authentic) {
  const auto zero = auth::KeyStore::read("0 MD5 secretsecret\n", "keys");
  for (int version = 1; version <= 4; ++version) {
    Bytes bytes = packet(version);
    bytes.resize(bytes.size() + 4);
    for (const TypeRow& row : kTypes) EXPECT_FALSE(passes(of(row.id), bytes));
    EXPECT_FALSE(passes(MacAuth{0, &zero.keys}, bytes));
    EXPECT_FALSE(passes(NoAuth{}, bytes)) << version;
  }
}

TEST_F(KeyedAuthentication, a_code_is_refused_where_none_is_wanted) {
  EXPECT_TRUE(passes(NoAuth{}, packet(4)));
  EXPECT_TRUE(passes(NoAuth{}, packet(4, true)));
  for (const TypeRow& row : kTypes) {
    for (int version = 1; version <= 4; ++version) EXPECT_FALSE(passes(NoAuth{}, sign(of(row.id), packet(version))));
    EXPECT_FALSE(passes(NoAuth{}, sign(of(row.id), packet(4, true))));
    EXPECT_FALSE(passes(of(row.id), packet(4)));
    EXPECT_FALSE(passes(of(row.id), packet(4, true)));
  }
}

// Nobody has asked for NTS; with a code that was asked for, its fields are some that may be ignored.
TEST_F(KeyedAuthentication, fields_of_nts_are_refused_where_none_are_wanted) {
  constexpr std::size_t kBody = 32;
  const Bytes body(kBody);
  for (const std::uint16_t type : {auth::kUniqueIdType, auth::kCookieType, auth::kPlaceholderType,
                                   auth::kAuthenticatorType, std::uint16_t{0x0002}}) {
    Bytes bytes = packet(4);
    bytes.resize(ntp::kHeaderSize + auth::kFieldHead + kBody);
    ASSERT_EQ(auth::write_field(type, body, bytes, ntp::kHeaderSize), bytes.size());
    EXPECT_EQ(passes(NoAuth{}, bytes), type == 0x0002) << type;
    EXPECT_TRUE(passes(of(kTypes[0].id), sign(of(kTypes[0].id), bytes))) << type;
  }
}

TEST_F(KeyedAuthentication, without_a_key_packets_are_sent_as_they_are) {
  Bytes bytes = packet(4);
  Authentication none = NoAuth{};
  EXPECT_EQ(authenticate(none, bytes, bytes.size(), random()), bytes.size());
  EXPECT_EQ(bytes, packet(4));
  EXPECT_FALSE(is_authenticated(NoAuth{}));
  EXPECT_FALSE(is_authenticated(authentication_of({}, {&keys, {}})));
  SourceLine line;
  line.key = 3;
  EXPECT_TRUE(is_authenticated(authentication_of(line, {&keys, {}})));
  EXPECT_TRUE(passes(of(3), sign(authentication_of(line, {&keys, {}}), packet(4))));
}

// Servers before RFC 7822 know no cut codes.
TEST_F(KeyedAuthentication, requests_are_of_version_3_where_only_that_holds_the_code) {
  for (const TypeRow& row : kTypes) {
    EXPECT_EQ(default_version(of(row.id), false), row.code > 20 ? 3 : 4) << row.id;
    EXPECT_EQ(default_version(of(row.id), true), 4) << row.id;
  }
  EXPECT_EQ(default_version(NoAuth{}, false), 4);
  EXPECT_EQ(default_version(of(99), false), 4);
}

TEST_F(KeyedAuthentication, is_reported_with_the_key_as_it_is_now) {
  const AuthReport none = report_of(NoAuth{}, {});
  EXPECT_FALSE(none.key || none.type);
  const AuthReport known = report_of(of(13), {});
  EXPECT_EQ(known.key, 13u);
  EXPECT_EQ(known.type, auth::KeyType::Aes128);
  EXPECT_EQ(known.bits, 128u);
  const Authentication watched = of(13);
  keys = auth::KeyStore();
  const AuthReport missing = report_of(watched, {});
  EXPECT_EQ(missing.key, 13u);
  EXPECT_FALSE(missing.type.has_value());
  EXPECT_EQ(missing.bits, 0u);
}

TEST_F(KeyedAuthentication, noise_is_never_authentic) {
  const std::uint64_t seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = packet(1 + static_cast<int>(random.next() % 4));
    const std::size_t length = 4 * (random.next() % 40);
    for (std::size_t i = 0; i < length; ++i) bytes.push_back(static_cast<std::byte>(random.next()));
    const TypeRow& row = kTypes[random.next() % std::size(kTypes)];
    if (length >= 4 && random.next() % 2 == 0) store_be(&bytes[ntp::kHeaderSize], row.id);
    EXPECT_FALSE(passes(of(row.id), bytes)) << row.id << " round " << round;
  }
}

}  // namespace
}  // namespace timed::sources
