// Datagrams written as they are shown in the description of the protocol.
#ifndef TIMED_TESTS_UNIT_CONTROL_DATAGRAMS_H_
#define TIMED_TESTS_UNIT_CONTROL_DATAGRAMS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "timed/base/bytes.h"
#include "timed/control/protocol.h"

namespace timed::control {

using Bytes = std::vector<std::byte>;
using Octets = std::initializer_list<std::uint8_t>;

// Hexadecimal digits, blanks and line breaks ignored, filled up with zeros to a length.
inline Bytes from_hex(std::string_view text, std::size_t length = 0) {
  Bytes bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + digit));
      high = -1;
    }
  }
  if (bytes.size() < length) bytes.resize(length);
  return bytes;
}

// A request of any code, with zeros for a body.
inline Bytes raw_request(std::uint16_t code, std::size_t length, std::uint8_t version = kVersion) {
  Bytes bytes(length < kRequestHeader ? kRequestHeader : length);
  bytes[0] = static_cast<std::byte>(version);
  bytes[1] = std::byte{1};
  store_be<std::uint16_t>(&bytes[4], code);
  store_be<std::uint32_t>(&bytes[8], 0xabcd1234);
  bytes.resize(length);
  return bytes;
}

inline std::uint16_t status_of(const Bytes& reply) {
  return load_be<std::uint16_t>(&reply[8]);
}
inline std::uint16_t reply_code_of(const Bytes& reply) {
  return load_be<std::uint16_t>(&reply[6]);
}

}  // namespace timed::control

#endif  // TIMED_TESTS_UNIT_CONTROL_DATAGRAMS_H_
