#include "timed/auth/aead.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/allocations/allocations.h"
#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

using test::allocations_so_far;
using test::counts_all_allocations;

constexpr AeadId kBoth[] = {AeadId::SivCmac256, AeadId::GcmSiv128};

Aead keyed(AeadId id) {
  auto aead = Aead::make(id);
  EXPECT_TRUE(aead && aead->id() == id && aead->set_key(counted(0, key_size_of(id))));
  return std::move(*aead);
}

TEST(Aead, has_the_numbers_of_the_registry) {
  EXPECT_EQ(aead_numbered(15), AeadId::SivCmac256);
  EXPECT_EQ(aead_numbered(30), AeadId::GcmSiv128);
  for (const int other : {0, 14, 16, 17, 29, 31, 65535}) {
    EXPECT_FALSE(aead_numbered(static_cast<std::uint16_t>(other))) << other;
  }
}

// Sealed with Nettle too, and RFC 8452 C.1.
TEST(Aead, the_nonce_is_the_last_component_of_siv_and_the_nonce_of_gcm_siv) {
  Aead siv = keyed(AeadId::SivCmac256);
  Bytes sealed(64 + kAeadTag);
  ASSERT_TRUE(siv.seal(counted(0xc0, 16), {}, counted(0, 64), sealed));
  EXPECT_EQ(to_hex(std::span(sealed).first(16)), "da42dade9103cfd85a065957ee0c48b4");

  Aead gcm = keyed(AeadId::GcmSiv128);
  ASSERT_TRUE(gcm.set_key(from_hex("01000000000000000000000000000000")));
  sealed.resize(4 + kAeadTag);
  const Bytes associated = from_hex("010000000000000000000000");
  ASSERT_TRUE(gcm.seal(from_hex("030000000000000000000000"), associated, from_hex("02000000"), sealed));
  EXPECT_EQ(to_hex(sealed), "a8fe3e8707eb1f84fb28f8cb73de8e99e2f48a14");
}

TEST(Aead, keys_and_nonces_of_a_wrong_size_are_refused) {
  for (const AeadId id : kBoth) {
    Aead aead = keyed(id);
    for (std::size_t n = 0; n <= 40; ++n) EXPECT_EQ(aead.set_key(counted(0, n)), n == key_size_of(id)) << n;
    const Bytes text = counted(1, 20);
    for (std::size_t n = 0; n <= 40; ++n) {
      const bool fits = id == AeadId::GcmSiv128 ? n == 12 : n > 0;
      Bytes sealed(36), out(20, std::byte{1});
      EXPECT_EQ(aead.seal(counted(9, n), {}, text, sealed), fits) << n;
      EXPECT_EQ(aead.open(counted(9, n), {}, sealed, out), fits) << n;
      EXPECT_EQ(out, fits ? text : Bytes(20)) << n;
    }
  }
}

TEST(Aead, allocates_nothing_for_a_key_or_a_message) {
  ASSERT_TRUE(counts_all_allocations());
  for (const AeadId id : kBoth) {
    const std::size_t at_first = allocations_so_far();
    Aead aead = keyed(id);
    EXPECT_GT(allocations_so_far(), at_first + 4) << "contexts are allocated, and that is counted";
    const Bytes key = counted(4, key_size_of(id)), nonce = counted(9, nonce_size_of(id)), associated = counted(1, 188),
                text = counted(2, 800);
    Bytes sealed(text.size() + kAeadTag), out(text.size());
    const std::size_t before = allocations_so_far();
    bool done = true;
    for (int i = 0; i < 10; ++i) {
      done = done && aead.set_key(key) && aead.seal(nonce, associated, text, sealed) &&
             aead.open(nonce, associated, sealed, out);
    }
    EXPECT_EQ(allocations_so_far(), before);
    EXPECT_TRUE(done);
  }
}

}  // namespace
}  // namespace timed::auth
