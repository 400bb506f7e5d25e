// Extension fields of an NTPv4 packet (RFC 7822): walking over them.
#ifndef TIMED_NTP_EXTENSION_H_
#define TIMED_NTP_EXTENSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "timed/base/units.h"
#include "timed/ntp/types.h"

namespace timed::ntp {

inline constexpr std::size_t kMinExtension = 16;          // octets, with its four of type and length
inline constexpr std::size_t kMinEncryptedExtension = 4;  // in an encrypted part
inline constexpr std::size_t kMinLastExtension = 28;      // of the last one where no MAC follows

struct Extension {
  std::uint16_t type = 0;
  std::span<const std::byte> body;  // without type and length
};

// Goes over fields that PacketView has found well formed, or over those of an encrypted part, which may be shorter.
class ExtensionWalk {
 public:
  explicit ExtensionWalk(std::span<const std::byte> fields, std::size_t shortest = kMinExtension)
      : rest_(fields), shortest_(shortest) {}
  // The next field; empty at the end or where the rest is malformed.
  std::optional<Extension> next();
  // The end was reached by whole fields.
  bool well_formed() const { return rest_.empty() && !malformed_; }

 private:
  std::span<const std::byte> rest_;
  std::size_t shortest_;
  bool malformed_ = false;
};

// chrony's experimental field F323: root values in a finer unit, and receive stamps of a clock that is never moved in
// phase ("extfield F323").
struct MonoRoot {
  Duration root_delay;
  Duration root_dispersion;
  NtpTimestamp receive;     // zero = unknown
  std::uint32_t epoch = 0;  // another one: stamps of before cannot be compared
};
inline constexpr std::uint16_t kMonoRootType = 0xf323;
inline constexpr std::size_t kMonoRootSize = 28;  // octets of the whole field

// The field of a response.  Empty where there is none, or one that is not what it says.
std::optional<MonoRoot> find_mono_root(std::span<const std::byte> fields);
// The whole field; all values zero is what a request has.
void write_mono_root(const MonoRoot& values, std::span<std::byte, kMonoRootSize> into);

}  // namespace timed::ntp

#endif  // TIMED_NTP_EXTENSION_H_
