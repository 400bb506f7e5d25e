// The authenticated ciphers of NTS (RFC 8915 section 5.1), as one thing with two kinds.
#ifndef TIMED_AUTH_AEAD_H_
#define TIMED_AUTH_AEAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "timed/auth/aead_block.h"
#include "timed/auth/gcm_siv.h"
#include "timed/auth/siv.h"

namespace timed::auth {

// As IANA numbers them.
enum class AeadId : std::uint16_t { SivCmac256 = 15, GcmSiv128 = 30 };

inline constexpr std::size_t kMaxAeadKey = Siv::kKeySize;
inline constexpr std::size_t kMaxAeadNonce = 16;

constexpr std::size_t key_size_of(AeadId id) {
  return id == AeadId::GcmSiv128 ? GcmSiv::kKeySize : Siv::kKeySize;
}
// Octets of a nonce that we make.  The one of GCM-SIV can have no other size.
constexpr std::size_t nonce_size_of(AeadId id) {
  return id == AeadId::GcmSiv128 ? GcmSiv::kNonceSize : kMaxAeadNonce;
}
// Empty for one that we do not have.
constexpr std::optional<AeadId> aead_numbered(std::uint16_t number) {
  if (number == 15) return AeadId::SivCmac256;
  if (number == 30) return AeadId::GcmSiv128;
  return std::nullopt;
}

// Not for two threads at once; allocates in make() only.
class Aead {
 public:
  // Empty where libcrypto has no AES or no memory.
  static std::optional<Aead> make(AeadId id) {
    if (id == AeadId::GcmSiv128) return with(GcmSiv::make());
    return with(Siv::make());
  }
  AeadId id() const { return std::holds_alternative<GcmSiv>(cipher_) ? AeadId::GcmSiv128 : AeadId::SivCmac256; }

  // `key` has key_size_of(id()) octets.  All below are false where libcrypto failed or a size is wrong.
  bool set_key(std::span<const std::byte> key);
  // `into` has kAeadTag octets more than the text, and nothing in common with it.  With SIV the nonce may have any
  // size but none.
  bool seal(std::span<const std::byte> nonce, std::span<const std::byte> associated, std::span<const std::byte> text,
            std::span<std::byte> into);
  // Into kAeadTag octets less.  False for what was not sealed so, and then `into` is zeros.
  bool open(std::span<const std::byte> nonce, std::span<const std::byte> associated, std::span<const std::byte> sealed,
            std::span<std::byte> into);

 private:
  explicit Aead(std::variant<Siv, GcmSiv> cipher) : cipher_(std::move(cipher)) {}
  template <class Cipher>
  static std::optional<Aead> with(std::optional<Cipher> cipher) {
    if (!cipher) return std::nullopt;
    return Aead(std::move(*cipher));
  }

  std::variant<Siv, GcmSiv> cipher_;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_AEAD_H_
