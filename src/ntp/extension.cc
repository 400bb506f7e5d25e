#include "timed/ntp/extension.h"

#include "timed/base/bytes.h"

namespace timed::ntp {

std::optional<Extension> ExtensionWalk::next() {
  ByteReader reader(rest_);
  Extension field;
  field.type = reader.u16();
  const std::size_t length = reader.u16();
  constexpr std::size_t kPrefix = 4;
  if (!reader.ok() || length < kMinExtension || length % 4 != 0 || length > rest_.size()) {
    rest_ = {};
    return std::nullopt;
  }
  field.body = reader.bytes(length - kPrefix);
  rest_ = rest_.subspan(length);
  return field;
}

}  // namespace timed::ntp
