// Two numbers in one register, for what is to be computed of both: of the way there and the way back, of two filters.
// That halves the cost of what is dear in the estimator.  GCC and Clang know such vectors for every processor, with the
// same results wherever IEEE arithmetic holds.
#ifndef TIMED_SRC_DISCIPLINE_DOUBLE_PAIR_H_
#define TIMED_SRC_DISCIPLINE_DOUBLE_PAIR_H_

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace timed::discipline {

using DoublePair [[gnu::vector_size(16)]] = double;

inline constexpr DoublePair both(double x) {
  return DoublePair{x, x};
}
inline DoublePair larger(DoublePair a, DoublePair b) {
  return a < b ? b : a;
}
inline DoublePair smaller(DoublePair a, DoublePair b) {
  return b < a ? b : a;
}
inline DoublePair root(DoublePair x) {
  return DoublePair{std::sqrt(x[0]), std::sqrt(x[1])};
}

// c[0] + c[1] x + c[2] x² ..., even and odd powers apart: half as many operations wait for one another.
template <std::size_t kCount>
[[gnu::always_inline]] inline DoublePair polynomial(const std::array<double, kCount>& c, DoublePair x) {
  const DoublePair x2 = x * x;
  DoublePair last = both(c[kCount - 1]), before = both(c[kCount - 2]);
  std::size_t i = kCount - 2;
  for (; i >= 2; i -= 2) {
    last = last * x2 + both(c[i - 1]);
    before = before * x2 + both(c[i - 2]);
  }
  return i == 1 ? (last * x2 + both(c[0])) + before * x : before + last * x;
}

// exp(x) of x up to zero, to 2e-12 of itself; what is below 1e-304 comes out as that.
[[gnu::always_inline]] inline DoublePair exp_below_zero(DoublePair x) {
  using Bits [[gnu::vector_size(16)]] = std::uint64_t;
  constexpr double kLeast = -700.0;
  constexpr double kPerLn2 = 1.4426950408889634, kLn2 = 0.6931471805599453;
  // Added to a number it leaves the nearest integer in the last bits.
  constexpr double kToInteger = 6755399441055744.0;  // 1.5 · 2^52
  constexpr int kFractionBits = 52;
  // Of exp on ±ln 2 / 2, good to 8.1e-13 of 1 (Chebyshev interpolation at 40 digits).
  constexpr std::array<double, 9> kExp = {1.0,
                                          0.999999999979785167,
                                          0.4999999999979793441,
                                          0.166666668910457766,
                                          0.04166666689095699922,
                                          0.00833326609794961435,
                                          0.001388882167763036311,
                                          0.0001991586692678268241,
                                          2.487616402262596829e-5};
  x = larger(x, both(kLeast));
  const DoublePair shifted = x * both(kPerLn2) + both(kToInteger);
  const DoublePair twos = shifted - both(kToInteger);
  const DoublePair rest = polynomial(kExp, x - twos * both(kLn2));
  // Two to that power goes into the exponent, which lies above the fraction.
  return std::bit_cast<DoublePair>(std::bit_cast<Bits>(rest) + (std::bit_cast<Bits>(shifted) << kFractionBits));
}

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_DOUBLE_PAIR_H_
