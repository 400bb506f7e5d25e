// AES-SIV-CMAC-256 (RFC 5297), number 15 of the AEADs: what every implementation of NTS has.  A nonce that is used
// twice reveals no more than that two texts were the same.
#ifndef TIMED_AUTH_SIV_H_
#define TIMED_AUTH_SIV_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "timed/auth/aead_block.h"

namespace timed::auth {

// The key is wiped when this is destroyed.  Nothing is allocated but by make().  Not for two threads at once.
class Siv {
 public:
  static constexpr std::size_t kKeySize = 32;
  // What is authenticated and not sealed, at most 126 strings (a nonce is one of them, the last).  An empty string
  // counts: it is not the same as none.
  using Components = std::span<const std::span<const std::byte>>;

  // Empty where libcrypto has no AES or no memory.
  static std::optional<Siv> make();
  ~Siv();
  Siv(Siv&& other) noexcept;
  Siv& operator=(Siv&& other) noexcept;

  // All below are false where libcrypto failed or a text is longer than kMaxAeadText.
  bool set_key(std::span<const std::byte, kKeySize> key);
  // Tag and ciphertext.  `into` has 16 octets more than the text, and nothing in common with it.
  bool seal(Components associated, std::span<const std::byte> text, std::span<std::byte> into);
  // The text of what was sealed with this key and these strings, into 16 octets less.  False for anything else, and
  // then `into` is zeros.
  bool open(Components associated, std::span<const std::byte> sealed, std::span<std::byte> into);

 private:
  struct State;
  explicit Siv(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_SIV_H_
