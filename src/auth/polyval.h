// POLYVAL, the universal hash of AES-GCM-SIV (RFC 8452 section 3).
#ifndef TIMED_AUTH_POLYVAL_H_
#define TIMED_AUTH_POLYVAL_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "timed/auth/aead_block.h"

namespace timed::auth {

// An element of the field: the coefficient of x^0 is the lowest bit of `low`.
struct FieldElement {
  std::uint64_t low = 0, high = 0;
  bool operator==(const FieldElement&) const = default;
};

// a · b · x^-128, what RFC 8452 calls dot.  Both take as long for any values.
FieldElement dot_portable(FieldElement a, FieldElement b);
// With the processor's multiplication without carries.
bool has_fast_dot();
FieldElement dot_fast(FieldElement a, FieldElement b);  // has_fast_dot()

class Polyval {
 public:
  explicit Polyval(std::span<const std::byte, kBlock> key);
  ~Polyval();
  Polyval(const Polyval&) = delete;
  Polyval& operator=(const Polyval&) = delete;

  // Goes on with this text and zeros up to a whole block.
  void update(std::span<const std::byte> text);
  void update_lengths(std::uint64_t associated_bits, std::uint64_t text_bits);
  Block value() const;

 private:
  void add(FieldElement block);

  const bool fast_ = has_fast_dot();
  FieldElement key_;
  FieldElement sum_;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_POLYVAL_H_
