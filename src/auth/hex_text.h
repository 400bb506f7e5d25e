// Secrets as hexadecimal digits, in key files.
#ifndef TIMED_AUTH_HEX_TEXT_H_
#define TIMED_AUTH_HEX_TEXT_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace timed::auth {

// 0 … 15, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Exactly the octets that there is room for.  What is no digit leaves the octets from there on as they were.
constexpr bool decode_hex(std::string_view digits, std::span<std::byte> into) {
  if (digits.size() != 2 * into.size()) return false;
  for (std::size_t i = 0; i < into.size(); ++i) {
    const int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    into[i] = static_cast<std::byte>(high * 16 + low);
  }
  return true;
}

// In capitals.
inline void append_hex(std::span<const std::byte> octets, std::string& to) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const std::byte b : octets) {
    to += kDigits[std::to_integer<std::size_t>(b) >> 4];
    to += kDigits[std::to_integer<std::size_t>(b) & 15];
  }
}

}  // namespace timed::auth

#endif  // TIMED_AUTH_HEX_TEXT_H_
