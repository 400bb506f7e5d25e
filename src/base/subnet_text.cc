#include "timed/base/subnet_text.h"

#include <algorithm>
#include <optional>

#include "timed/base/characters.h"
#include "timed/base/text.h"

namespace timed {
namespace {

// A number may have a plus sign, as everywhere.
std::string_view without_plus(std::string_view text) {
  return text.starts_with('+') ? text.substr(1) : text;
}

std::optional<std::int64_t> parse_digits(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  return parse_integer(text);
}

struct PartialAddress {
  IpAddress address;
  int bits = 0;
};

std::optional<PartialAddress> parse_partial(std::string_view text) {
  std::uint32_t value = 0;
  int count = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const auto number = parse_digits(without_plus(text.substr(0, dot)));
    if (!number || *number > 255 || ++count > 3) return std::nullopt;
    value = value << 8 | static_cast<std::uint32_t>(*number);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  const int bits = 8 * count;
  return PartialAddress{IpAddress::v4(value << (32 - bits)), bits};
}

bool looks_like_host_name(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_letter) && std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
         });
}

}  // namespace

std::variant<Subnet, BadPrefixLength, NotASubnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  PartialAddress address;
  if (const auto whole = IpAddress::parse(host)) {
    address = {*whole, whole->width()};
  } else if (const auto partial = parse_partial(host)) {
    address = *partial;
  } else {
    return NotASubnet{slash == std::string_view::npos && looks_like_host_name(text)};
  }
  if (slash != std::string_view::npos) {
    const std::string_view digits = without_plus(text.substr(slash + 1));
    const auto bits = parse_digits(digits);
    // More digits than fit are no less a prefix length that cannot be.
    const bool only_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit);
    if (!only_digits) return NotASubnet{};
    if (!bits || *bits > address.address.width()) {
      return BadPrefixLength{address.address.to_string() + "/" + std::string(digits)};
    }
    address.bits = static_cast<int>(*bits);
  }
  const auto subnet = Subnet::make(address.address, address.bits);
  if (!subnet) return NotASubnet{};
  return *subnet;
}

}  // namespace timed
