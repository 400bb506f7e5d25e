#include "timed/sources/authentication.h"

namespace timed::sources {
namespace {

constexpr int kVersionOfLongCodes = 3;
constexpr std::size_t kLongestMacVersion4 = 24;  // octets

}  // namespace

Authentication authentication_of(const SourceLine& line, const auth::KeyStore* keys) {
  if (!line.key) return NoAuth{};
  return MacAuth{*line.key, keys};
}

bool is_authenticated(const Authentication& authentication) {
  return !std::holds_alternative<NoAuth>(authentication);
}

int default_version(const Authentication& authentication, bool needs_version_4) {
  const auto* const mac = std::get_if<MacAuth>(&authentication);
  const auth::Key* const key = mac != nullptr ? mac->key() : nullptr;
  const bool is_long = key != nullptr && key->mac_size(kVersionOfLongCodes) > kLongestMacVersion4;
  return is_long && !needs_version_4 ? kVersionOfLongCodes : 4;
}

std::optional<std::size_t> authenticate(const Authentication& authentication, std::span<std::byte> data,
                                        std::size_t size) {
  const auto* const mac = std::get_if<MacAuth>(&authentication);
  if (mac == nullptr) return size;
  const auth::Key* const key = mac->key();
  if (key == nullptr) return std::nullopt;
  const std::size_t signature = key->sign(ntp::version_of(data[0]), data.first(size), data.subspan(size));
  return signature > 0 ? std::optional(size + signature) : std::nullopt;
}

bool is_authentic(const Authentication& authentication, const ntp::PacketView& packet) {
  const auto* const mac = std::get_if<MacAuth>(&authentication);
  if (mac == nullptr) return packet.trailer() == ntp::Trailer::None;
  const auth::Key* const key = mac->key();
  return key != nullptr && key->verifies(packet);
}

AuthReport report_of(const Authentication& authentication) {
  AuthReport report;
  const auto* const mac = std::get_if<MacAuth>(&authentication);
  if (mac == nullptr) return report;
  report.key = mac->id;
  if (const auth::Key* const key = mac->key()) {
    report.type = key->type();
    report.bits = key->bits();
  }
  return report;
}

}  // namespace timed::sources
