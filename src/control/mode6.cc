#include "timed/control/mode6.h"

#include <algorithm>

#include "timed/base/bytes.h"
#include "timed/base/text.h"
#include "timed/ntp/packet.h"

namespace timed::control {
namespace {

constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kError = 0x40;
constexpr std::uint8_t kMore = 0x20;
constexpr std::uint8_t kOperationBits = 0x1f;
constexpr std::uint8_t kMode = 6;
constexpr std::uint8_t kNewestVersion = 4;
constexpr std::size_t kLine = 72;
constexpr std::size_t kMaxNames = 64;

std::size_t padded(std::size_t octets) {
  return (octets + 3) / 4 * 4;
}

// Commas between the names, and whatever blanks around them.
std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  std::string name;
  const auto take = [&] {
    if (!name.empty() && names.size() < kMaxNames) names.push_back(std::move(name));
    name.clear();
  };
  for (const char c : text) {
    if (c == ',') {
      take();
    } else if (is_visible(c)) {
      name.push_back(c);
    }
  }
  take();
  return names;
}

std::vector<std::byte> datagram(const Mode6Question& q, ntp::Leap leap, std::uint8_t flags, std::uint16_t status,
                                std::size_t offset, std::span<const std::byte> data) {
  std::vector<std::byte> bytes(padded(kMode6Header + data.size()));
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(leap) << 6 | static_cast<unsigned>(q.version) << 3 | kMode));
  out.u8(static_cast<std::uint8_t>(kResponse | flags | (q.operation & kOperationBits)));
  out.u16(q.sequence);
  out.u16(status);
  out.u16(q.association);
  out.u16(static_cast<std::uint16_t>(offset));
  out.u16(static_cast<std::uint16_t>(data.size()));
  out.bytes(data);
  return bytes;
}

std::vector<std::vector<std::byte>> failure(const Mode6Question& q, ntp::Leap leap, Mode6Error error) {
  const auto status = static_cast<std::uint16_t>(static_cast<unsigned>(error) << 8);
  return {datagram(q, leap, kError, status, 0, {})};
}

}  // namespace

std::optional<Mode6Question> read_mode6(std::span<const std::byte> bytes) {
  if (bytes.size() < kMode6Header || bytes.size() > kMode6MaxQuestion) return std::nullopt;
  Mode6Question q;
  q.version = ntp::version_of(bytes[0]);
  if (static_cast<std::uint8_t>(ntp::mode_of(bytes[0])) != kMode) return std::nullopt;
  if (q.version == 0 || q.version > kNewestVersion) return std::nullopt;
  ByteReader from(bytes);
  from.skip(1);
  const std::uint8_t operation = from.u8();
  q.operation = operation & kOperationBits;
  q.sequence = from.u16();
  from.skip(2);  // status, of answers only
  q.association = from.u16();
  const std::uint16_t offset = from.u16();
  const std::uint16_t count = from.u16();
  if ((operation & (kResponse | kError | kMore)) != 0 || offset != 0) return std::nullopt;
  q.well_formed = bytes.size() % 4 == 0 && count <= from.left();
  if (!q.well_formed) return q;
  const auto data = from.bytes(count);
  std::string text;
  for (const std::byte b : data) text.push_back(static_cast<char>(b));
  q.names = split_names(text);
  return q;
}

std::vector<std::byte> mode6_text(std::span<const Mode6Variable> variables, std::span<const std::string> names) {
  std::string text;
  std::size_t line = 0;
  const auto put = [&](const Mode6Variable& variable) {
    const std::string item = variable.name + "=" + variable.value;
    if (!text.empty()) {
      const bool breaks = line + item.size() > kLine;
      text.append(breaks ? ",\r\n" : ", ");
      line = breaks ? 0 : line + 2;
    }
    text.append(item);
    line += item.size();
  };
  for (const Mode6Variable& variable : variables) {
    if (names.empty()) put(variable);
  }
  for (const std::string& name : names) {
    const auto found = std::find_if(variables.begin(), variables.end(), [&](const auto& v) { return v.name == name; });
    if (found != variables.end()) put(*found);
  }
  if (!text.empty()) text.append("\r\n");
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::vector<std::byte>> write_mode6(const Mode6Question& q, ntp::Leap leap, const Mode6Answer& answer,
                                                const Mode6Limits& limits) {
  if (answer.error) return failure(q, leap, *answer.error);
  const std::size_t share = std::min(limits.octets, kMode6MaxQuestion) - kMode6Header;
  const bool local = limits.datagrams > 1;
  if (!local && padded(answer.data.size()) > share) return failure(q, leap, Mode6Error::Restricted);

  const std::span<const std::byte> all(answer.data);
  const auto data = all.first(std::min(all.size(), limits.datagrams * kMode6MaxData));
  std::vector<std::vector<std::byte>> datagrams;
  std::size_t at = 0;
  do {
    const auto piece = data.subspan(at, std::min(data.size() - at, kMode6MaxData));
    const bool last = at + piece.size() == data.size();
    datagrams.push_back(datagram(q, leap, last ? 0 : kMore, answer.status, at, piece));
    at += piece.size();
  } while (at < data.size());
  return datagrams;
}

}  // namespace timed::control
