// Products in GF(2^128) in the order of bits that POLYVAL has, which needs no reflection.  A product of 256 bits is
// reduced as Montgomery does it: modulo x^128 + x^127 + x^126 + x^121 + 1, adding the low word times
// x^63 + x^62 + x^57 (0xc2 << 56) into the words above clears it, so two such steps divide by x^128.
#include "polyval.h"

#include <algorithm>

#include "timed/auth/digest.h"
#include "timed/base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace timed::auth {
namespace {

constexpr std::uint64_t kReduction = std::uint64_t{0xc2} << 56;

std::uint64_t load_le(const std::byte* from) {
  return __builtin_bswap64(load_be<std::uint64_t>(from));
}
void store_le(std::byte* to, std::uint64_t value) {
  store_be(to, __builtin_bswap64(value));
}

std::uint64_t reversed(std::uint64_t x) {
  const auto swap = [&x](std::uint64_t mask, int by) { x = (x & mask) << by | (x >> by & mask); };
  swap(0x5555555555555555, 1);
  swap(0x3333333333333333, 2);
  swap(0x0f0f0f0f0f0f0f0f, 4);
  return __builtin_bswap64(x);
}

// The lower half of a product without carries.  Only each fourth bit is kept of a factor, so that what an ordinary
// product carries stays in the three bits between; only the topmost sum can be sixteen, and its carry falls off.
std::uint64_t low_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  for (int bit = 0; bit < 4; ++bit) {
    constexpr std::uint64_t kEachFourth = 0x1111111111111111;
    std::uint64_t sum = 0;
    for (int i = 0; i < 4; ++i) {
      const int j = (bit - i) & 3;
      sum ^= (a & kEachFourth << i) * (b & kEachFourth << j);
    }
    product |= sum & kEachFourth << bit;
  }
  return product;
}

FieldElement product(std::uint64_t a, std::uint64_t b) {
  return {low_product(a, b), reversed(low_product(reversed(a), reversed(b))) >> 1};
}

FieldElement reduced_step(FieldElement lower) {
  const FieldElement p = product(lower.low, kReduction);
  return {lower.high ^ p.low, lower.low ^ p.high};
}

}  // namespace

FieldElement dot_portable(FieldElement a, FieldElement b) {
  const FieldElement low = product(a.low, b.low), high = product(a.high, b.high);
  const FieldElement x = product(a.low, b.high), y = product(a.high, b.low);
  const FieldElement lower = reduced_step(reduced_step({low.low, low.high ^ x.low ^ y.low}));
  return {high.low ^ x.high ^ y.high ^ lower.low, high.high ^ lower.high};
}

#if defined(__x86_64__)
namespace {

// As above, with both words in one register.
__attribute__((target("pclmul"))) inline __m128i dot_in_registers(__m128i a, __m128i b) {
  const __m128i poly = _mm_set_epi64x(static_cast<long long>(kReduction), 1);
  const __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x10), _mm_clmulepi64_si128(a, b, 0x01));
  __m128i low = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x00), _mm_slli_si128(middle, 8));
  const __m128i high = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x11), _mm_srli_si128(middle, 8));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, poly, 0x10));
  low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, poly, 0x10));
  return _mm_xor_si128(high, low);
}

}  // namespace

bool has_fast_dot() {
  return __builtin_cpu_supports("pclmul") != 0;
}

__attribute__((target("pclmul"))) FieldElement dot_fast(FieldElement a, FieldElement b) {
  const __m128i product =
      dot_in_registers(_mm_set_epi64x(static_cast<long long>(a.high), static_cast<long long>(a.low)),
                       _mm_set_epi64x(static_cast<long long>(b.high), static_cast<long long>(b.low)));
  return {static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)),
          static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_srli_si128(product, 8)))};
}
#else
bool has_fast_dot() {
  return false;
}
FieldElement dot_fast(FieldElement a, FieldElement b) {
  return dot_portable(a, b);
}
#endif

Polyval::Polyval(std::span<const std::byte, kBlock> key) : key_{load_le(key.data()), load_le(key.data() + 8)} {}

Polyval::~Polyval() {
  wipe(std::as_writable_bytes(std::span(&key_, 1)));
}

void Polyval::add(FieldElement block) {
  sum_ = {sum_.low ^ block.low, sum_.high ^ block.high};
  sum_ = fast_ ? dot_fast(sum_, key_) : dot_portable(sum_, key_);
}

void Polyval::update(std::span<const std::byte> text) {
  for (; text.size() >= kBlock; text = text.subspan(kBlock)) add({load_le(text.data()), load_le(text.data() + 8)});
  if (text.empty()) return;
  Block last{};
  std::copy(text.begin(), text.end(), last.begin());
  add({load_le(last.data()), load_le(last.data() + 8)});
}

void Polyval::update_lengths(std::uint64_t associated_bits, std::uint64_t text_bits) {
  add({associated_bits, text_bits});
}

Block Polyval::value() const {
  Block block;
  store_le(block.data(), sum_.low);
  store_le(block.data() + 8, sum_.high);
  return block;
}

}  // namespace timed::auth
