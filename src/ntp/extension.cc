#include "timed/ntp/extension.h"

#include <cmath>
#include <limits>

#include "timed/base/bytes.h"

namespace timed::ntp {
namespace {

constexpr std::uint32_t kMonoRootMagic = 0xf5bedd9a;
constexpr double kUnitsPerSecond = 268435456.0;  // 2^28: lengths of time in 4.28 bits
constexpr std::uint32_t kLongest = std::numeric_limits<std::uint32_t>::max();

Duration read_4_28(std::uint32_t bits) {
  if (bits == kLongest) return Duration::seconds(65535.99998);
  return Duration::seconds(static_cast<double>(bits) / kUnitsPerSecond);
}

std::uint32_t write_4_28(Duration d) {
  const double scaled = std::ceil(d.to_seconds() * kUnitsPerSecond);
  if (!(scaled > 0.0)) return 0;
  return scaled >= static_cast<double>(kLongest) ? kLongest : static_cast<std::uint32_t>(scaled);
}

}  // namespace

std::optional<Extension> ExtensionWalk::next() {
  if (rest_.empty()) return std::nullopt;
  ByteReader reader(rest_);
  Extension field;
  field.type = reader.u16();
  const std::size_t length = reader.u16();
  constexpr std::size_t kPrefix = 4;
  if (!reader.ok() || length < shortest_ || length % 4 != 0 || length > rest_.size()) {
    rest_ = {};
    malformed_ = true;
    return std::nullopt;
  }
  field.body = reader.bytes(length - kPrefix);
  rest_ = rest_.subspan(length);
  return field;
}

std::optional<MonoRoot> find_mono_root(std::span<const std::byte> fields) {
  ExtensionWalk walk(fields);
  while (const auto field = walk.next()) {
    if (field->type != kMonoRootType) continue;
    ByteReader reader(field->body);
    const bool right = field->body.size() == kMonoRootSize - 4 && reader.u32() == kMonoRootMagic;
    if (!right) return std::nullopt;
    MonoRoot values;
    values.root_delay = read_4_28(reader.u32());
    values.root_dispersion = read_4_28(reader.u32());
    values.receive.bits = reader.u64();
    values.epoch = reader.u32();
    return values;
  }
  return std::nullopt;
}

void write_mono_root(const MonoRoot& values, std::span<std::byte, kMonoRootSize> into) {
  ByteWriter writer(into);
  writer.u16(kMonoRootType);
  writer.u16(static_cast<std::uint16_t>(kMonoRootSize));
  writer.u32(kMonoRootMagic);
  writer.u32(write_4_28(values.root_delay));
  writer.u32(write_4_28(values.root_dispersion));
  writer.u64(values.receive.bits);
  writer.u32(values.epoch);
}

}  // namespace timed::ntp
