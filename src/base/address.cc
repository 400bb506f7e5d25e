#include "timed/base/address.h"

#include <charconv>

#include "timed/base/text.h"

namespace timed {
namespace {

std::optional<std::uint32_t> parse_v4(std::string_view text) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    std::uint32_t byte = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), byte);
    const auto length = static_cast<std::size_t>(end - text.data());
    const bool leading_zero = length > 1 && text.front() == '0';
    if (error != std::errc() || byte > 255 || length > 3 || leading_zero) return std::nullopt;
    value = value << 8 | byte;
    text.remove_prefix(length);
  }
  if (!text.empty()) return std::nullopt;
  return value;
}

// The groups of one side of "::"; false where a group is malformed.  At most 8 groups are stored.
bool parse_groups(std::string_view text, std::array<std::uint16_t, 8>& groups, std::size_t& count) {
  count = 0;
  while (!text.empty()) {
    if (count >= groups.size()) return false;
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      const auto v4 = parse_v4(group);
      if (!v4 || count + 2 > groups.size()) return false;
      groups[count++] = static_cast<std::uint16_t>(*v4 >> 16);
      groups[count++] = static_cast<std::uint16_t>(*v4 & 0xffff);
      return true;
    }
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (error != std::errc() || end != group.data() + group.size() || group.size() > 4) return false;
    groups[count++] = value;
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // ended in a single colon
  }
  return true;
}

std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) {
  std::array<std::uint16_t, 8> head{}, tail{}, all{};
  std::size_t head_count = 0, tail_count = 0;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, all, head_count) || head_count != 8) return std::nullopt;
  } else {
    const std::string_view before = text.substr(0, gap);
    if (before.find('.') != std::string_view::npos) return std::nullopt;
    if (!parse_groups(before, head, head_count) || !parse_groups(text.substr(gap + 2), tail, tail_count) ||
        head_count + tail_count > 7) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < head_count; ++i) all[i] = head[i];
    for (std::size_t i = 0; i < tail_count; ++i) all[8 - tail_count + i] = tail[i];
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(all[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(all[i] & 0xff);
  }
  return bytes;
}

std::string print_v4(std::span<const std::uint8_t> b) {
  return format("%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
}

// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) shortened.
std::string print_v6(std::span<const std::uint8_t> b) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(b[2 * i] << 8 | b[2 * i + 1]);
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = end > i ? end : i + 1;
  }
  const bool mapped = best == 0 && best_length == 5 && groups[5] == 0xffff;
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      text += i == 0 ? "::" : ":";
      i += best_length - 1;
    } else if (mapped && i == 6) {
      return text + print_v4(b.subspan(12));
    } else {
      text += format(i < 7 ? "%x:" : "%x", groups[i]);
    }
  }
  return text;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto value = parse_v4(text);
    return value ? std::optional(v4(*value)) : std::nullopt;
  }
  const auto bytes = parse_v6(text);
  return bytes ? std::optional(v6(*bytes)) : std::nullopt;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return is_v6() && bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::span<const std::uint8_t> IpAddress::bytes() const {
  return std::span(bytes_).first(static_cast<std::size_t>(width() / 8));
}

std::string IpAddress::to_string() const {
  if (is_v4()) return print_v4(bytes());
  return is_v6() ? print_v6(bytes()) : "[UNSPEC]";
}

std::size_t IpAddress::hash() const {
  std::uint64_t h = 0xcbf29ce484222325u ^ static_cast<std::uint64_t>(family_);  // FNV-1a
  for (const std::uint8_t byte : bytes()) h = (h ^ byte) * 0x100000001b3u;
  return static_cast<std::size_t>(h);
}

std::string Endpoint::to_string() const {
  return format(address.is_v6() ? "[%s]:%u" : "%s:%u", address.to_string().c_str(), port);
}

std::optional<Subnet> Subnet::make(IpAddress address, int bits) {
  if (!address.is_set() || bits < 0 || bits > address.width()) return std::nullopt;
  std::array<std::uint8_t, 16> kept{};
  const auto all = address.bytes();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int in_byte = bits - static_cast<int>(8 * i);
    const int mask = in_byte >= 8 ? 0xff : in_byte <= 0 ? 0 : 0xff << (8 - in_byte);
    kept[i] = static_cast<std::uint8_t>(all[i] & mask);
  }
  Subnet subnet;
  subnet.bits_ = bits;
  subnet.address_ = address.is_v6() ? IpAddress::v6(kept)
                                    : IpAddress::v4(static_cast<std::uint32_t>(kept[0]) << 24 |
                                                    static_cast<std::uint32_t>(kept[1]) << 16 |
                                                    static_cast<std::uint32_t>(kept[2]) << 8 | kept[3]);
  return subnet;
}

bool Subnet::contains(const IpAddress& address) const {
  if (address.family() != address_.family()) return false;
  return make(address, bits_)->address_ == address_;
}

std::string Subnet::to_string() const {
  return format("%s/%d", address_.to_string().c_str(), bits_);
}

}  // namespace timed
