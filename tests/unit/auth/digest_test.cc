#include "timed/auth/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

std::string digest_of(const Digester& digester, std::span<const std::byte> message) {
  std::array<std::byte, kMaxDigest> out{};
  EXPECT_TRUE(digester.digest(message, out));
  return to_hex(std::span(out).first(digester.size()));
}

TEST(RefIdOf, ipv4_is_the_address_itself) {
  EXPECT_EQ(ref_id_of(*IpAddress::parse("192.0.2.1")).value, 0xc0000201u);
}

TEST(RefIdOf, ipv6_is_the_beginning_of_its_md5) {
  EXPECT_EQ(ref_id_of(IpAddress::loopback(Family::Inet6)).value, 0xcf404dc8u);
  EXPECT_EQ(ref_id_of(*IpAddress::parse("::")).value, 0x4ae71336u);  // md5 of 16 zero octets
  EXPECT_EQ(ref_id_of(*IpAddress::parse("2001:db8::1")).value, 0x39ab9b37u);
}

TEST(RefIdOf, no_address_is_zero) {
  EXPECT_EQ(ref_id_of(IpAddress()).value, 0u);
}

TEST(KeyType, names_are_those_of_key_files_with_regard_to_case) {
  EXPECT_EQ(key_type_named("SHA3-256"), KeyType::Sha3_256);
  EXPECT_EQ(key_type_named("AES128"), KeyType::Aes128);
  EXPECT_FALSE(key_type_named("md5"));
  EXPECT_FALSE(key_type_named(""));
  EXPECT_STREQ(name_of(KeyType::Sha512), "SHA512");
}

// The key comes first, then the message: with "a" and "bc" these are the published digests of "abc" (RFC 1321,
// FIPS 180-4, FIPS 202).
TEST(Digester, hashes_the_secret_and_then_the_message) {
  const struct {
    KeyType type;
    const char* digest;
  } kVectors[] = {
      {KeyType::Md5, "900150983cd24fb0d6963f7d28e17f72"},
      {KeyType::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {KeyType::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {KeyType::Sha384,
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
      {KeyType::Sha512,
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce8"
       "0e2a9ac94fa54ca49f"},
      {KeyType::Sha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
      {KeyType::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
      {KeyType::Sha3_384,
       "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"},
      {KeyType::Sha3_512,
       "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5"
       "a56592f8274eec53f0"},
  };
  const auto secret = from_hex("61"), message = from_hex("6263");
  for (const auto& vector : kVectors) {
    const auto digester = Digester::make(vector.type, secret);
    ASSERT_TRUE(digester) << name_of(vector.type);
    EXPECT_EQ(digest_of(*digester, message), vector.digest) << name_of(vector.type);
    EXPECT_EQ(digest_of(*digester, message), vector.digest) << "a second time, " << name_of(vector.type);
  }
}

// RFC 4493 section 4 and NIST SP 800-38B appendix D; RFC 8573 uses the same for NTP.
TEST(Digester, makes_the_published_cmacs) {
  const std::string text =
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17"
      "ad2b417be66c3710";
  const auto message = from_hex(text);
  const struct {
    KeyType type;
    const char* key;
    const char* codes[4];  // of 0, 16, 40 and 64 octets
  } kVectors[] = {
      {KeyType::Aes128,
       "2b7e151628aed2a6abf7158809cf4f3c",
       {"bb1d6929e95937287fa37d129b756746", "070a16b46b4d4144f79bdd9dd04a287c", "dfa66747de9ae63030ca32611497c827",
        "51f0bebf7e3b9d92fc49741779363cfe"}},
      {KeyType::Aes256,
       "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
       {"028962f61b7bf89efc6b551f4667d983", "28a7023f452e8f82bd4bf28d8c37c35c", "aaf3d8f1de5640c232f5b169b9c911e6",
        "e1992190549f6ed5696a2c056c315410"}},
  };
  for (const auto& vector : kVectors) {
    const auto digester = Digester::make(vector.type, from_hex(vector.key));
    ASSERT_TRUE(digester);
    EXPECT_EQ(digester->size(), 16u);
    const std::size_t lengths[] = {0, 16, 40, 64};
    for (int i = 0; i < 4; ++i) EXPECT_EQ(digest_of(*digester, std::span(message).first(lengths[i])), vector.codes[i]);
  }
}

TEST(Digester, there_is_none_for_a_cipher_with_a_key_of_another_length) {
  const std::vector<std::byte> secret(33);
  for (std::size_t n = 0; n <= secret.size(); ++n) {
    EXPECT_EQ(Digester::make(KeyType::Aes128, std::span(secret).first(n)).has_value(), n == 16) << n;
    EXPECT_EQ(Digester::make(KeyType::Aes256, std::span(secret).first(n)).has_value(), n == 32) << n;
  }
}

TEST(Digester, there_is_none_for_a_hash_that_libcrypto_does_not_have) {
  EXPECT_FALSE(Digester::make(KeyType::Tiger, from_hex("61")));
}

TEST(Wipe, overwrites) {
  auto secret = from_hex("0102030405");
  wipe(secret);
  EXPECT_EQ(secret, std::vector<std::byte>(5));
}

}  // namespace
}  // namespace timed::auth
