// Extension fields of an NTPv4 packet (RFC 7822): walking over them.
#ifndef TIMED_NTP_EXTENSION_H_
#define TIMED_NTP_EXTENSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace timed::ntp {

inline constexpr std::size_t kMinExtension = 16;      // octets, with its four of type and length
inline constexpr std::size_t kMinLastExtension = 28;  // of the last one where no MAC follows

struct Extension {
  std::uint16_t type = 0;
  std::span<const std::byte> body;  // without type and length
};

// Goes over fields that PacketView has found well formed.
class ExtensionWalk {
 public:
  explicit ExtensionWalk(std::span<const std::byte> fields) : rest_(fields) {}
  // The next field; empty at the end or where the rest is malformed.
  std::optional<Extension> next();

 private:
  std::span<const std::byte> rest_;
};

}  // namespace timed::ntp

#endif  // TIMED_NTP_EXTENSION_H_
