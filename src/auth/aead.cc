#include "timed/auth/aead.h"

#include <array>

#include "timed/auth/digest.h"

namespace timed::auth {

bool Aead::set_key(std::span<const std::byte> key) {
  if (key.size() != key_size_of(id())) return false;
  if (auto* const gcm = std::get_if<GcmSiv>(&cipher_)) return gcm->set_key(key.first<GcmSiv::kKeySize>());
  auto* const siv = std::get_if<Siv>(&cipher_);
  return siv->set_key(key.first<Siv::kKeySize>());
}

bool Aead::seal(std::span<const std::byte> nonce, std::span<const std::byte> associated,
                std::span<const std::byte> text, std::span<std::byte> into) {
  if (auto* const gcm = std::get_if<GcmSiv>(&cipher_)) {
    if (nonce.size() != GcmSiv::kNonceSize) return false;
    return gcm->seal(nonce.first<GcmSiv::kNonceSize>(), associated, text, into);
  }
  if (nonce.empty()) return false;
  auto* const siv = std::get_if<Siv>(&cipher_);
  return siv->seal(std::array{associated, nonce}, text, into);
}

bool Aead::open(std::span<const std::byte> nonce, std::span<const std::byte> associated,
                std::span<const std::byte> sealed, std::span<std::byte> into) {
  if (auto* const gcm = std::get_if<GcmSiv>(&cipher_)) {
    if (nonce.size() == GcmSiv::kNonceSize) {
      return gcm->open(nonce.first<GcmSiv::kNonceSize>(), associated, sealed, into);
    }
  } else if (auto* const siv = std::get_if<Siv>(&cipher_); !nonce.empty()) {
    return siv->open(std::array{associated, nonce}, sealed, into);
  }
  wipe(into);
  return false;
}

}  // namespace timed::auth
