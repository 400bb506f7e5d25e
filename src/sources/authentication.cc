#include "timed/sources/authentication.h"

#include "timed/auth/nts_fields.h"

namespace timed::sources {
namespace {

constexpr int kVersionOfLongCodes = 3;
constexpr std::size_t kLongestMacVersion4 = 24;  // octets

}  // namespace

Authentication authentication_of(const SourceLine& line, const AuthOptions& options) {
  if (line.nts) return NtsAuth(options.nts_refresh);
  if (line.key) return MacAuth{*line.key, options.keys};
  return NoAuth{};
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

std::optional<std::size_t> authenticate(Authentication& authentication, std::span<std::byte> data, std::size_t size,
                                        EntropyPool& random) {
  if (auto* const nts = std::get_if<NtsAuth>(&authentication)) {
    // A peer's packets are no requests, and before version 4 there is no room for fields.
    const bool has_fields = ntp::version_of(data[0]) >= 4 && ntp::mode_of(data[0]) == ntp::Mode::Client;
    return has_fields ? nts->write(data, size, random) : std::nullopt;
  }
  const auto* const mac = std::get_if<MacAuth>(&authentication);
  if (mac == nullptr) return size;
  const auth::Key* const key = mac->key();
  if (key == nullptr) return std::nullopt;
  const std::size_t signature = key->sign(ntp::version_of(data[0]), data.first(size), data.subspan(size));
  return signature > 0 ? std::optional(size + signature) : std::nullopt;
}

bool is_authentic(Authentication& authentication, const ntp::PacketView& packet) {
  if (auto* const nts = std::get_if<NtsAuth>(&authentication)) return nts->is_authentic(packet);
  const auto* const mac = std::get_if<MacAuth>(&authentication);
  // Who asked for none gets an answer with one from somebody who answers another question.
  if (mac == nullptr) return packet.trailer() == ntp::Trailer::None && !auth::has_nts_fields(packet);
  const auth::Key* const key = mac->key();
  return key != nullptr && key->verifies(packet);
}

AuthReport report_of(const Authentication& authentication, MonoTime now) {
  AuthReport report;
  if (const auto* const nts = std::get_if<NtsAuth>(&authentication)) {
    report.nts = nts->report(now);
    if (report.nts->aead) report.bits = 8 * auth::key_size_of(*report.nts->aead);
  }
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
