// Octets as published vectors write them, and reproducible ones in any number.
#ifndef TIMED_TESTS_UNIT_AUTH_HEX_H_
#define TIMED_TESTS_UNIT_AUTH_HEX_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/random.h"

namespace timed::auth {

using Bytes = std::vector<std::byte>;

inline Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

inline std::string to_hex(std::span<const std::byte> bytes) {
  std::string hex;
  for (const std::byte b : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned>(b) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned>(b) & 15];
  }
  return hex;
}

// first, first + 1 …
inline Bytes counted(unsigned first, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(first + i);
  return bytes;
}

inline Bytes random_bytes(SeededRandom& random, std::size_t size) {
  Bytes bytes(size);
  for (auto& b : bytes) b = static_cast<std::byte>(random.next() >> 56);
  return bytes;
}

}  // namespace timed::auth

#endif  // TIMED_TESTS_UNIT_AUTH_HEX_H_
