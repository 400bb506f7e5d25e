#include "timed/auth/siv.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

using Associated = std::vector<Bytes>;

std::vector<std::span<const std::byte>> views(const Associated& associated) {
  return {associated.begin(), associated.end()};
}

Siv keyed(const Bytes& key) {
  auto siv = Siv::make();
  EXPECT_TRUE(siv && siv->set_key(std::span(key).first<Siv::kKeySize>()));
  return std::move(*siv);
}

Bytes seal(Siv& siv, const Associated& associated, const Bytes& text) {
  Bytes sealed(text.size() + kAeadTag);
  EXPECT_TRUE(siv.seal(views(associated), text, sealed));
  return sealed;
}

bool opens(Siv& siv, const Associated& associated, const Bytes& sealed, Bytes& text) {
  text.assign(sealed.size() - kAeadTag, std::byte{0x55});
  return siv.open(views(associated), sealed, text);
}

struct Vector {
  const char* name;
  const char* key;
  std::vector<const char*> associated;
  const char* text;
  const char* sealed;
};

// The key of what was sealed with Nettle too.
constexpr const char* kCounted = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> kVectors = {
      {"RFC 5297 A.1",
       "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       {"101112131415161718191a1b1c1d1e1f2021222324252627"},
       "112233445566778899aabbccddee",
       "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"},
      {"RFC 5297 A.2",
       "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
       {"00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100", "102030405060708090a0",
        "09f911029d74e35bd84156c5635688c0"},
       "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
       "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e"
       "9c485b62a3fd5c0d"},
      // From here on what nettle makes.
      {"an empty text", kCounted, {"", "000102030405060708090a0b0c0d0e0f"}, "", "06e1abc9352ed8f58791c3eed0abd197"},
      {"a cookie: one empty string, and a nonce",
       kCounted,
       {"", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"},
       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233343536"
       "3738393a3b3c3d3e3f",
       "da42dade9103cfd85a065957ee0c48b401f442df4bf06690f481432dee6ae0353dba51bd8bf8967f4388cb9c4df9a01c00f434d3c74070"
       "899614a6eec738e81c4ce3d2ee3bf2a610351a721c7657cd25"},
      {"one octet of nonce",
       kCounted,
       {"230006200000000000000000000000000000000000000000000000000000000000000000000000000102030405060708", "7f"},
       "",
       "8b14ae93c9d104a135f5ff1509d9e705"},
  };
  return kVectors;
}

TEST(Siv, makes_the_published_texts_and_opens_them) {
  for (const Vector& vector : vectors()) {
    Siv siv = keyed(from_hex(vector.key));
    Associated associated;
    for (const char* hex : vector.associated) associated.push_back(from_hex(hex));
    const Bytes sealed = seal(siv, associated, from_hex(vector.text));
    EXPECT_EQ(to_hex(sealed), vector.sealed) << vector.name;
    Bytes text;
    EXPECT_TRUE(opens(siv, associated, sealed, text)) << vector.name;
    EXPECT_EQ(to_hex(text), vector.text) << vector.name;
  }
}

// As Nettle seals them: a request and its response.
TEST(Siv, seals_requests_and_responses_of_nts_as_others_do) {
  Siv siv = keyed(counted(0, 32));
  const auto append = [](Bytes& to, std::string_view hex, unsigned first, std::size_t size) {
    const Bytes head = from_hex(hex), body = counted(first, size);
    to.insert(to.end(), head.begin(), head.end());
    to.insert(to.end(), body.begin(), body.end());
  };
  Bytes request = from_hex("23000620" + std::string(72, '0') + "0102030405060708");
  Bytes response = request;
  response[0] = std::byte{0x24};
  response[1] = std::byte{1};
  append(request, "01040024", 0, 32);
  append(request, "02040044", 0x40, 64);
  append(response, "01040024", 0, 32);
  Bytes cookie;
  append(cookie, "02040044", 0x80, 64);
  EXPECT_EQ(to_hex(seal(siv, {request, counted(0xa0, 16)}, {})), "b575eb77613a60b3fe17701f536afbda");
  EXPECT_EQ(
      to_hex(seal(siv, {response, counted(0xb0, 16)}, cookie)),
      "d1150007966f2f6d64f36fd8fca2658ed4c0de63b51962da8dffd98941ff378640f6baa4399d0b76b0ae41512c74bf11ac3ffe131785"
      "e0d518f7db83752e31a24f09ab4c2c257fbd6a0e904f79b6319fbb49ea61");
}

TEST(Siv, an_empty_string_is_not_the_same_as_none) {
  Siv siv = keyed(counted(0, 32));
  const Bytes nonce = counted(0xc0, 16), text = counted(0, 64);
  EXPECT_NE(seal(siv, {Bytes(), nonce}, text), seal(siv, {nonce}, text));
}

TEST(Siv, every_bit_of_what_was_sealed_and_associated_counts) {
  Siv siv = keyed(counted(7, 32));
  const Associated associated = {counted(0, 21), counted(0xa0, 16)};
  const Bytes text = counted(0x40, 19), sealed = seal(siv, associated, text);
  Bytes out;
  const auto flip = [](Bytes& bytes, std::size_t bit) { bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8); };
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes wrong = sealed;
    flip(wrong, bit);
    ASSERT_FALSE(opens(siv, associated, wrong, out)) << bit;
    ASSERT_EQ(out, Bytes(text.size())) << "what is not authentic is not shown, bit " << bit;
  }
  for (std::size_t which = 0; which < 2; ++which) {
    for (std::size_t bit = 0; bit < associated[which].size() * 8; ++bit) {
      Associated wrong = associated;
      flip(wrong[which], bit);
      ASSERT_FALSE(opens(siv, wrong, sealed, out)) << which << ' ' << bit;
    }
  }
  for (std::size_t bit = 0; bit < Siv::kKeySize * 8; ++bit) {
    Bytes key = counted(7, 32);
    flip(key, bit);
    Siv other = keyed(key);
    ASSERT_FALSE(opens(other, associated, sealed, out)) << bit;
  }
  EXPECT_TRUE(opens(siv, associated, sealed, out));
}

TEST(Siv, sizes_that_do_not_fit_are_refused) {
  Siv siv = keyed(counted(0, 32));
  const Associated associated = {counted(0, 5)};
  const Bytes text = counted(0, 10), sealed = seal(siv, associated, text);
  Bytes small(25), large(27), out(11);
  EXPECT_FALSE(siv.seal(views(associated), text, small));
  EXPECT_FALSE(siv.seal(views(associated), text, large));
  EXPECT_FALSE(siv.open(views(associated), sealed, out));
  EXPECT_FALSE(siv.open(views(associated), std::span(sealed).first(15), std::span(out).first(0)));
  EXPECT_FALSE(siv.open(views(associated), std::span(sealed).first(0), std::span(out).first(0)));
  Bytes huge(kMaxAeadText + 1), huge_sealed(huge.size() + kAeadTag);
  EXPECT_FALSE(siv.seal(views(associated), huge, huge_sealed));
  EXPECT_FALSE(siv.open(views(associated), huge_sealed, huge));
  EXPECT_FALSE(siv.seal(views({huge}), text, std::span(huge_sealed).first(26)));
}

// libcrypto's own, where it works: with a text.
struct LibraryCipher {
  LibraryCipher() : cipher(EVP_CIPHER_fetch(nullptr, "AES-128-SIV", nullptr)), context(EVP_CIPHER_CTX_new()) {}
  ~LibraryCipher() {
    EVP_CIPHER_free(cipher);
    EVP_CIPHER_CTX_free(context);
  }
  Bytes seal(const Bytes& key, const Associated& associated, const Bytes& text) {
    const auto octets = [](const Bytes& b) { return reinterpret_cast<const unsigned char*>(b.data()); };
    Bytes sealed(text.size() + kAeadTag);
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    int n = 0;
    bool done = EVP_EncryptInit_ex2(context, cipher, octets(key), nullptr, nullptr) == 1;
    for (const Bytes& a : associated) {
      done = done && EVP_EncryptUpdate(context, nullptr, &n, octets(a), static_cast<int>(a.size())) == 1;
    }
    done = done && EVP_EncryptUpdate(context, out + kAeadTag, &n, octets(text), static_cast<int>(text.size())) == 1 &&
           EVP_EncryptFinal_ex(context, out + sealed.size(), &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTag, out) == 1;
    EXPECT_TRUE(done);
    return sealed;
  }
  EVP_CIPHER* cipher;
  EVP_CIPHER_CTX* context;
};

// Around each border of a block and of what is encrypted with one call.
TEST(Siv, is_what_libcrypto_makes_for_texts_of_any_length) {
  LibraryCipher library;
  if (library.cipher == nullptr) GTEST_SKIP() << "libcrypto has no AES-128-SIV";
  SeededRandom random(1);
  std::vector<std::size_t> sizes;
  for (std::size_t n = 1; n < 600; ++n) sizes.push_back(n);
  for (std::size_t n = 1000; n < 1120; ++n) sizes.push_back(n);
  Siv siv = keyed(counted(0, 32));
  for (const std::size_t size : sizes) {
    const Bytes key = random_bytes(random, 32), text = random_bytes(random, size);
    const Associated associated = {random_bytes(random, 1 + random.below(1200)),
                                   random_bytes(random, 1 + random.below(40))};
    ASSERT_TRUE(siv.set_key(std::span(key).first<32>()));
    const Bytes sealed = seal(siv, associated, text);
    ASSERT_EQ(sealed, library.seal(key, associated, text)) << size << ' ' << associated[0].size();
    Bytes out;
    ASSERT_TRUE(opens(siv, associated, sealed, out));
    ASSERT_EQ(out, text);
  }
}

TEST(Siv, a_message_leaves_nothing_to_the_next_one) {
  SeededRandom random(2);
  Siv used = keyed(counted(3, 32));
  for (int i = 0; i < 200; ++i) {
    Siv fresh = keyed(counted(3, 32));
    const Associated associated = {random_bytes(random, random.below(600)), random_bytes(random, 16)};
    const Bytes text = random_bytes(random, random.below(600));
    Bytes sealed = seal(used, associated, text), out;
    ASSERT_EQ(sealed, seal(fresh, associated, text)) << i;
    sealed[random.below(sealed.size())] ^= std::byte{1};
    ASSERT_FALSE(opens(used, associated, sealed, out));
  }
}

}  // namespace
}  // namespace timed::auth
