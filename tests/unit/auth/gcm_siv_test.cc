#include "timed/auth/gcm_siv.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <utility>
#include <vector>

#include "src/auth/polyval.h"
#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

GcmSiv keyed(const Bytes& key) {
  auto gcm = GcmSiv::make();
  EXPECT_TRUE(gcm && gcm->set_key(std::span(key).first<16>()));
  return std::move(*gcm);
}

Bytes seal(GcmSiv& gcm, const Bytes& nonce, const Bytes& associated, const Bytes& text) {
  Bytes sealed(text.size() + kAeadTag);
  EXPECT_TRUE(gcm.seal(std::span(nonce).first<12>(), associated, text, sealed));
  return sealed;
}

bool opens(GcmSiv& gcm, const Bytes& nonce, const Bytes& associated, const Bytes& sealed, Bytes& text) {
  text.assign(sealed.size() - kAeadTag, std::byte{0x55});
  return gcm.open(std::span(nonce).first<12>(), associated, sealed, text);
}

// RFC 8452 appendix A.
TEST(Polyval, is_that_of_the_standard) {
  const Bytes key = from_hex("25629347589242761d31f826ba4b757b");
  Polyval hash{std::span(key).first<16>()};
  hash.update(from_hex("4f4f95668c83dfb6401762bb2d01a262d1a24ddd2721d006bbe45f20d3c9f362"));
  EXPECT_EQ(to_hex(hash.value()), "f7a3b47b846119fae5b7866cf5e5b77e");
}

TEST(Polyval, both_ways_to_multiply_agree) {
  if (!has_fast_dot()) GTEST_SKIP() << "this processor multiplies with carries only";
  SeededRandom random(3);
  const std::uint64_t borders[] = {0, 1, std::uint64_t{1} << 63, ~std::uint64_t{0}};
  for (const auto a : borders) {
    for (const auto b : borders) {
      const FieldElement x{a, b}, y{random.next(), random.next()};
      EXPECT_EQ(dot_fast(x, y), dot_portable(x, y));
      EXPECT_EQ(dot_fast(x, x), dot_portable(x, x));
    }
  }
  for (int i = 0; i < 2000; ++i) {
    const FieldElement x{random.next(), random.next()}, y{random.next(), random.next()};
    ASSERT_EQ(dot_fast(x, y), dot_portable(x, y)) << i;
  }
}

// dot(a, x^128) is a, and x^128 = x^127 + x^126 + x^121 + 1 in this field; and it is linear.
TEST(Polyval, portable_multiplication_is_that_of_the_field) {
  SeededRandom random(4);
  const FieldElement one{1, std::uint64_t{0xc2} << 56};
  for (int i = 0; i < 200; ++i) {
    const FieldElement a{random.next(), random.next()}, b{random.next(), random.next()},
        c{random.next(), random.next()};
    EXPECT_EQ(dot_portable(a, one), a);
    EXPECT_EQ(dot_portable(a, b), dot_portable(b, a));
    EXPECT_EQ(dot_portable(dot_portable(a, b), c), dot_portable(a, dot_portable(b, c)));
    const FieldElement ac = dot_portable(a, c), bc = dot_portable(b, c);
    EXPECT_EQ(dot_portable({a.low ^ b.low, a.high ^ b.high}, c), (FieldElement{ac.low ^ bc.low, ac.high ^ bc.high}));
  }
}

struct Vector {
  const char* key;
  const char* nonce;
  const char* associated;
  const char* text;
  const char* sealed;
};

// RFC 8452 C.1.
const Vector kVectors[] = {
    {"01000000000000000000000000000000", "030000000000000000000000", "", "", "dc20e2d83f25705bb49e439eca56de25"},
    {"01000000000000000000000000000000", "030000000000000000000000", "", "0100000000000000",
     "b5d839330ac7b786578782fff6013b815b287c22493a364c"},
    {"01000000000000000000000000000000", "030000000000000000000000", "", "010000000000000000000000",
     "7323ea61d05932260047d942a4978db357391a0bc4fdec8b0d106639"},
    {"01000000000000000000000000000000", "030000000000000000000000", "", "01000000000000000000000000000000",
     "743f7c8077ab25f8624e2e948579cf77303aaf90f6fe21199c6068577437a0c4"},
    {"01000000000000000000000000000000", "030000000000000000000000", "",
     "0100000000000000000000000000000002000000000000000000000000000000",
     "84e07e62ba83a6585417245d7ec413a9fe427d6315c09b57ce45f2e3936a94451a8e45dcd4578c667cd86847bf6155ff"},
    {"01000000000000000000000000000000", "030000000000000000000000", "",
     "010000000000000000000000000000000200000000000000000000000000000003000000000000000000000000000000",
     "3fd24ce1f5a67b75bf2351f181a475c7b800a5b4d3dcf70106b1eea82fa1d64df42bf7226122fa92e17a40eeaac1201b5e6e"
     "311dbf395d35b0fe39c2714388f8"},
    {"01000000000000000000000000000000", "030000000000000000000000", "",
     "0100000000000000000000000000000002000000000000000000000000000000030000000000000000000000000000000400"
     "0000000000000000000000000000",
     "2433668f1058190f6d43e360f4f35cd8e475127cfca7028ea8ab5c20f7ab2af02516a2bdcbc08d521be37ff28c152bba3669"
     "7f25b4cd169c6590d1dd39566d3f8a263dd317aa88d56bdf3936dba75bb8"},
    {"01000000000000000000000000000000", "030000000000000000000000", "01", "0200000000000000",
     "1e6daba35669f4273b0a1a2560969cdf790d99759abd1508"},
    {"01000000000000000000000000000000", "030000000000000000000000", "01", "020000000000000000000000",
     "296c7889fd99f41917f4462008299c5102745aaa3a0c469fad9e075a"},
    {"01000000000000000000000000000000", "030000000000000000000000", "01", "02000000000000000000000000000000",
     "e2b0c5da79a901c1745f700525cb335b8f8936ec039e4e4bb97ebd8c4457441f"},
    {"01000000000000000000000000000000", "030000000000000000000000", "01",
     "0200000000000000000000000000000003000000000000000000000000000000",
     "620048ef3c1e73e57e02bb8562c416a319e73e4caac8e96a1ecb2933145a1d71e6af6a7f87287da059a71684ed3498e1"},
    {"01000000000000000000000000000000", "030000000000000000000000", "01",
     "020000000000000000000000000000000300000000000000000000000000000004000000000000000000000000000000",
     "50c8303ea93925d64090d07bd109dfd9515a5a33431019c17d93465999a8b0053201d723120a8562b838cdff25bf9d1e6a8c"
     "c3865f76897c2e4b245cf31c51f2"},
    {"01000000000000000000000000000000", "030000000000000000000000", "01",
     "0200000000000000000000000000000003000000000000000000000000000000040000000000000000000000000000000500"
     "0000000000000000000000000000",
     "2f5c64059db55ee0fb847ed513003746aca4e61c711b5de2e7a77ffd02da42feec601910d3467bb8b36ebbaebce5fba30d36"
     "c95f48a3e7980f0e7ac299332a80cdc46ae475563de037001ef84ae21744"},
    {"01000000000000000000000000000000", "030000000000000000000000", "010000000000000000000000", "02000000",
     "a8fe3e8707eb1f84fb28f8cb73de8e99e2f48a14"},
    {"01000000000000000000000000000000", "030000000000000000000000", "010000000000000000000000000000000200",
     "0300000000000000000000000000000004000000",
     "6bb0fecf5ded9b77f902c7d5da236a4391dd029724afc9805e976f451e6d87f6fe106514"},
    {"01000000000000000000000000000000", "030000000000000000000000", "0100000000000000000000000000000002000000",
     "030000000000000000000000000000000400", "44d0aaf6fb2f1f34add5e8064e83e12a2adabff9b2ef00fb47920cc72a0c0f13b9fd"},
    {"e66021d5eb8e4f4066d4adb9c33560e4", "f46e44bb3da0015c94f70887", "", "", "a4194b79071b01a87d65f706e3949578"},
    {"36864200e0eaf5284d884a0e77d31646", "bae8e37fc83441b16034566b", "46bb91c3c5", "7a806c",
     "af60eb711bd85bc1e4d3e0a462e074eea428a8"},
    {"aedb64a6c590bc84d1a5e269e4b47801", "afc0577e34699b9e671fdd4f", "fc880c94a95198874296", "bdc66f146545",
     "bb93a3e34d3cd6a9c45545cfc11f03ad743dba20f966"},
    {"d5cc1fd161320b6920ce07787f86743b", "275d1ab32f6d1f0434d8848c", "046787f3ea22c127aaf195d1894728",
     "1177441f195495860f", "4f37281f7ad12949d01d02fd0cd174c84fc5dae2f60f52fd2b"},
    {"b3fed1473c528b8426a582995929a149", "9e9ad8780c8d63d0ab4149c0", "c9882e5386fd9f92ec489c8fde2be2cf97e74e93",
     "9f572c614b4745914474e7c7", "f54673c5ddf710c745641c8bc1dc2f871fb7561da1286e655e24b7b0"},
    {"2d4ed87da44102952ef94b02b805249b", "ac80e6f61455bfac8308a2d4",
     "2950a70d5a1db2316fd568378da107b52b0da55210cc1c1b0a", "0d8c8451178082355c9e940fea2f58",
     "c9ff545e07b88a015f05b274540aa183b3449b9f39552de99dc214a1190b0b"},
    {"bde3b2f204d1e9f8b06bc47f9745b3d1", "ae06556fb6aa7890bebc18fe",
     "1860f762ebfbd08284e421702de0de18baa9c9596291b08466f37de21c7f", "6b3db4da3d57aa94842b9803a96e07fb6de7",
     "6298b296e24e8cc35dce0bed484b7f30d5803e377094f04709f64d7b985310a4db84"},
    {"f901cfe8a69615a93fdf7a98cad48179", "6245709fb18853f68d833640",
     "7576f7028ec6eb5ea7e298342a94d4b202b370ef9768ec6561c4fe6b7e7296fa859c21",
     "e42a3c02c25b64869e146d7b233987bddfc240871d",
     "391cc328d484a4f46406181bcd62efd9b3ee197d052d15506c84a9edd65e13e9d24a2a6e70"},
};

TEST(GcmSiv, makes_the_published_texts_and_opens_them) {
  for (const Vector& vector : kVectors) {
    GcmSiv gcm = keyed(from_hex(vector.key));
    const Bytes nonce = from_hex(vector.nonce), associated = from_hex(vector.associated);
    const Bytes sealed = seal(gcm, nonce, associated, from_hex(vector.text));
    EXPECT_EQ(to_hex(sealed), vector.sealed);
    Bytes text;
    EXPECT_TRUE(opens(gcm, nonce, associated, sealed, text)) << vector.sealed;
    EXPECT_EQ(to_hex(text), vector.text);
  }
}

// As RFC 8452 C.3 has it for longer keys: the text is chosen so that the tag begins with ffffffff.  Checked with
// libcrypto 3.5.
TEST(GcmSiv, the_counter_goes_around_within_its_32_bits) {
  GcmSiv gcm = keyed(counted(0, 16));
  const Bytes nonce = counted(0x30, 12);
  Bytes text = from_hex("c96bcae7e72ab4173a6021c7507236e4");
  const Bytes rest = counted(0x80, 32);
  text.insert(text.end(), rest.begin(), rest.end());
  const Bytes sealed = seal(gcm, nonce, {}, text);
  EXPECT_EQ(to_hex(sealed),
            "d34ac35f4d65b353ff249106ecf1db946e0434e290f00835ed72d24f8721d4527a754ccf12bb3e90c864e017d2aa37b8"
            "ffffffff000000000000000000000000");
  Bytes out;
  EXPECT_TRUE(opens(gcm, nonce, {}, sealed, out));
  EXPECT_EQ(out, text);
}

TEST(GcmSiv, every_bit_of_what_was_sealed_and_associated_counts) {
  GcmSiv gcm = keyed(counted(7, 16));
  const Bytes nonce = counted(0xa0, 12), associated = counted(0, 21), text = counted(0x40, 19);
  const Bytes sealed = seal(gcm, nonce, associated, text);
  Bytes out;
  const auto flipped = [](Bytes bytes, std::size_t bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    return bytes;
  };
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    ASSERT_FALSE(opens(gcm, nonce, associated, flipped(sealed, bit), out)) << bit;
    ASSERT_EQ(out, Bytes(text.size())) << "what is not authentic is not shown, bit " << bit;
  }
  for (std::size_t bit = 0; bit < associated.size() * 8; ++bit) {
    ASSERT_FALSE(opens(gcm, nonce, flipped(associated, bit), sealed, out)) << bit;
  }
  for (std::size_t bit = 0; bit < nonce.size() * 8; ++bit) {
    ASSERT_FALSE(opens(gcm, flipped(nonce, bit), associated, sealed, out)) << bit;
  }
  for (std::size_t bit = 0; bit < 128; ++bit) {
    GcmSiv other = keyed(flipped(counted(7, 16), bit));
    ASSERT_FALSE(opens(other, nonce, associated, sealed, out)) << bit;
  }
  EXPECT_TRUE(opens(gcm, nonce, associated, sealed, out));
}

TEST(GcmSiv, sizes_that_do_not_fit_are_refused) {
  GcmSiv gcm = keyed(counted(0, 16));
  const Bytes nonce = counted(0, 12), text = counted(0, 10), sealed = seal(gcm, nonce, {}, text);
  const auto n = std::span(nonce).first<12>();
  Bytes small(25), large(27), out(11);
  EXPECT_FALSE(gcm.seal(n, {}, text, small));
  EXPECT_FALSE(gcm.seal(n, {}, text, large));
  EXPECT_FALSE(gcm.open(n, {}, sealed, out));
  EXPECT_FALSE(gcm.open(n, {}, std::span(sealed).first(15), std::span(out).first(0)));
  EXPECT_FALSE(gcm.open(n, {}, std::span(sealed).first(0), std::span(out).first(0)));
  Bytes huge(kMaxAeadText + 1), huge_sealed(huge.size() + kAeadTag);
  EXPECT_FALSE(gcm.seal(n, {}, huge, huge_sealed));
  EXPECT_FALSE(gcm.open(n, {}, huge_sealed, huge));
  EXPECT_FALSE(gcm.seal(n, huge, text, std::span(huge_sealed).first(26)));
}

TEST(GcmSiv, texts_of_any_length_come_back) {
  SeededRandom random(5);
  GcmSiv gcm = keyed(counted(3, 16));
  for (std::size_t size = 0; size < 1100; ++size) {
    const Bytes nonce = random_bytes(random, 12), associated = random_bytes(random, random.below(300)),
                text = random_bytes(random, size);
    const Bytes sealed = seal(gcm, nonce, associated, text);
    Bytes out;
    ASSERT_TRUE(opens(gcm, nonce, associated, sealed, out)) << size;
    ASSERT_EQ(out, text);
  }
}

// Around the ends of what is encrypted with one call.
TEST(GcmSiv, long_texts_are_as_libcrypto_makes_them) {
  GcmSiv gcm = keyed(counted(0, 16));
  const struct {
    std::size_t size;
    const char* tag;
    const char* end;  // the last octets of the ciphertext
  } kLong[] = {
      {511u, "99adb2dbb5b9aa06241443231d98761e", "b63447cd1fc8d909"},
      {512u, "b76c2c41c94c27a8780c5d64d9f4cb81", "fcbb77dd2a7a749f"},
      {513u, "f3378708e939f547432fed167566a954", "016ea8e1ff4e3bb6"},
      {528u, "61a35d4b320a03b1ed638bcc4dc961eb", "55ab1ce8851d902b"},
      {1024u, "5b6314f591627806a01fb6aeb7095ed5", "95428f042be9099d"},
      {1025u, "1cb592a8305d6ccfc26e8db3c32b8400", "f6eb00aa74ecf21a"},
      {2000u, "e628dae424db746f6a807e361f003ec4", "4641ab065f7206ce"},
  };
  for (const auto& line : kLong) {
    const Bytes sealed = seal(gcm, counted(0x30, 12), counted(0, 100), counted(0, line.size));
    EXPECT_EQ(to_hex(std::span(sealed).last(16)), line.tag) << line.size;
    EXPECT_EQ(to_hex(std::span(sealed).subspan(line.size - 8, 8)), line.end) << line.size;
  }
}

TEST(GcmSiv, is_what_libcrypto_makes_where_it_can) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-GCM-SIV", nullptr);
  if (cipher == nullptr) GTEST_SKIP() << "libcrypto has no AES-128-GCM-SIV";
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const auto octets = [](const Bytes& b) { return reinterpret_cast<const unsigned char*>(b.data()); };
  SeededRandom random(6);
  for (std::size_t size = 1; size < 700; ++size) {
    const Bytes key = random_bytes(random, 16), nonce = random_bytes(random, 12), text = random_bytes(random, size),
                associated = random_bytes(random, 1 + random.below(300));
    GcmSiv gcm = keyed(key);
    Bytes expected(size + kAeadTag);
    auto* const out = reinterpret_cast<unsigned char*>(expected.data());
    int n = 0;
    const bool done =
        EVP_EncryptInit_ex2(context, cipher, octets(key), octets(nonce), nullptr) == 1 &&
        EVP_EncryptUpdate(context, nullptr, &n, octets(associated), static_cast<int>(associated.size())) == 1 &&
        EVP_EncryptUpdate(context, out, &n, octets(text), static_cast<int>(size)) == 1 &&
        EVP_EncryptFinal_ex(context, out + size, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTag, out + size) == 1;
    ASSERT_TRUE(done) << size;
    ASSERT_EQ(seal(gcm, nonce, associated, text), expected) << size;
  }
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
}

}  // namespace
}  // namespace timed::auth
