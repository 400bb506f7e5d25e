// What the two authenticated ciphers have in common: blocks and tags of 16 octets.
#ifndef TIMED_AUTH_AEAD_BLOCK_H_
#define TIMED_AUTH_AEAD_BLOCK_H_

#include <array>
#include <cstddef>
#include <span>

namespace timed::auth {

inline constexpr std::size_t kBlock = 16;    // octets of an AES block
inline constexpr std::size_t kAeadTag = 16;  // octets that sealing adds
// Longest text that is sealed, opened or associated, octets: far above a packet, far below what a call of libcrypto
// can count.
inline constexpr std::size_t kMaxAeadText = 65536;

using Block = std::array<std::byte, kBlock>;

}  // namespace timed::auth

#endif  // TIMED_AUTH_AEAD_BLOCK_H_
