// AES-128-GCM-SIV (RFC 8452), number 30 of the AEADs: shorter keys and cookies than AES-SIV-CMAC-256, so that packets
// with cookies stay below the 200 octets that some networks filter at.
#ifndef TIMED_AUTH_GCM_SIV_H_
#define TIMED_AUTH_GCM_SIV_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "timed/auth/aead_block.h"

namespace timed::auth {

// The key is wiped when this is destroyed.  Nothing is allocated but by make().  Not for two threads at once.
class GcmSiv {
 public:
  static constexpr std::size_t kKeySize = 16;
  static constexpr std::size_t kNonceSize = 12;
  using Nonce = std::span<const std::byte, kNonceSize>;

  // Empty where libcrypto has no AES or no memory.
  static std::optional<GcmSiv> make();
  ~GcmSiv();
  GcmSiv(GcmSiv&& other) noexcept;
  GcmSiv& operator=(GcmSiv&& other) noexcept;

  // All below are false where libcrypto failed or a text is longer than kMaxAeadText.
  bool set_key(std::span<const std::byte, kKeySize> key);
  // Ciphertext and tag.  `into` has 16 octets more than the text, and nothing in common with it.
  bool seal(Nonce nonce, std::span<const std::byte> associated, std::span<const std::byte> text,
            std::span<std::byte> into);
  // The text of what was sealed with this key, nonce and associated data, into 16 octets less.  False for anything
  // else, and then `into` is zeros.
  bool open(Nonce nonce, std::span<const std::byte> associated, std::span<const std::byte> sealed,
            std::span<std::byte> into);

 private:
  struct State;
  explicit GcmSiv(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_GCM_SIV_H_
