#include "timed/control/source_reports.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "timed/base/text.h"

namespace timed::control {
namespace {

constexpr std::size_t kNameSize = 256;

// A character that somebody else names, for a terminal.
char visible_or(char c, char other) {
  return is_visible(c) ? c : other;
}

}  // namespace

// A reference clock shows its identifier dressed as an IPv4 address.
void write_body(ByteWriter& into, const SourceDataReply& r) {
  write_address(into, r.mode == SourceMode::RefClock ? SourceAddress(IpAddress::v4(r.ref_id.value)) : r.address);
  into.i16(r.poll);
  into.u16(r.stratum);
  into.u16(static_cast<std::uint16_t>(r.status));
  into.u16(static_cast<std::uint16_t>(r.mode));
  into.u16(0);  // flags, not used
  into.u16(r.reachability);
  into.u32(r.since_sample);
  write_duration(into, -r.measured);
  write_duration(into, -r.adjusted);
  write_duration(into, r.error);
}
SourceDataReply read_source_data(ByteReader& from) {
  SourceDataReply r;
  const SourceAddress address = read_address(from);
  r.poll = from.i16();
  r.stratum = from.u16();
  r.status = static_cast<SourceStatus>(from.u16());
  r.mode = static_cast<SourceMode>(from.u16());
  from.skip(2);
  r.reachability = from.u16();
  r.since_sample = from.u32();
  r.measured = -read_duration(from);
  r.adjusted = -read_duration(from);
  r.error = read_duration(from);
  if (r.mode == SourceMode::RefClock) {
    r.ref_id.value = address.ip.is_v4() ? address.ip.v4_value() : 0;
  } else {
    r.address = address;
  }
  return r;
}

void write_body(ByteWriter& into, const SourcestatsReply& r) {
  into.u32(r.ref_id.value);
  write_address(into, r.address);
  into.u32(r.samples);
  into.u32(r.runs);
  into.u32(r.span_seconds);
  write_duration(into, r.std_dev);
  write_float(into, -r.frequency_ppm);
  write_float(into, r.skew_ppm);
  write_duration(into, -r.offset);
  write_duration(into, r.offset_error);
}
SourcestatsReply read_sourcestats(ByteReader& from) {
  SourcestatsReply r;
  r.ref_id.value = from.u32();
  r.address = read_address(from);
  r.samples = from.u32();
  r.runs = from.u32();
  r.span_seconds = from.u32();
  r.std_dev = read_duration(from);
  r.frequency_ppm = -read_float(from);
  r.skew_ppm = read_float(from);
  r.offset = -read_duration(from);
  r.offset_error = read_duration(from);
  return r;
}

void write_body(ByteWriter& into, const NtpSourceNameReply& r) {
  const std::string_view name = std::string_view(r.name).substr(0, kNameSize - 1);
  into.bytes(std::as_bytes(std::span(name)));
}
std::optional<NtpSourceNameReply> read_source_name(ByteReader& from) {
  const auto field = from.bytes(kNameSize);
  const auto end = std::find(field.begin(), field.end(), std::byte{0});
  if (end == field.end() || field.back() != std::byte{0}) return std::nullopt;
  NtpSourceNameReply r;
  for (auto at = field.begin(); at != end; ++at) {
    const auto c = static_cast<char>(*at);
    if (!is_visible(c)) return std::nullopt;
    r.name.push_back(c);
  }
  return r;
}

void write_body(ByteWriter& into, const AuthDataReply& r) {
  into.u16(static_cast<std::uint16_t>(r.mode));
  into.u16(r.key_type);
  into.u32(r.key_id);
  into.u16(r.key_bits);
  into.u16(r.establishment_attempts);
  into.u32(r.since_establishment);
  into.u16(r.cookies);
  into.u16(r.cookie_length);
  into.u16(r.nak);
  into.u16(0);
}
AuthDataReply read_auth_data(ByteReader& from) {
  AuthDataReply r;
  r.mode = static_cast<AuthMode>(from.u16());
  r.key_type = from.u16();
  r.key_id = from.u32();
  r.key_bits = from.u16();
  r.establishment_attempts = from.u16();
  r.since_establishment = from.u32();
  r.cookies = from.u16();
  r.cookie_length = from.u16();
  r.nak = from.u16();
  return r;
}

void write_body(ByteWriter& into, const NtpDataReply& r) {
  write_address(into, r.remote);
  write_address(into, r.local);
  into.u16(r.remote_port);
  into.u8(r.leap);
  into.u8(r.version);
  into.u8(r.mode);
  into.u8(r.stratum);
  into.u8(static_cast<std::uint8_t>(r.poll));
  into.u8(static_cast<std::uint8_t>(r.precision));
  write_duration(into, r.root_delay);
  write_duration(into, r.root_dispersion);
  into.u32(r.ref_id.value);
  write_time(into, r.ref_time);
  write_duration(into, r.offset);
  write_duration(into, r.peer_delay);
  write_duration(into, r.peer_dispersion);
  write_duration(into, r.response_time);
  write_float(into, r.jitter_asymmetry);
  into.u16(r.flags);
  into.u8(static_cast<std::uint8_t>(r.transmit_stamp));
  into.u8(static_cast<std::uint8_t>(r.receive_stamp));
  for (const std::uint32_t count : {r.sent, r.received, r.valid, r.good}) into.u32(count);
  if (!r.old) {
    for (const std::uint32_t count : {r.kernel_sent, r.kernel_received, r.hardware_sent, r.hardware_received}) {
      into.u32(count);
    }
  }
  // Reserved, and told by chronyd to be unknown so.
  const int words = r.old ? 3 : 4;
  for (int i = 0; i < words; ++i) into.u32(0xffffffff);
}
NtpDataReply read_ntp_data(ByteReader& from, bool old) {
  NtpDataReply r;
  r.old = old;
  r.remote = read_address(from);
  r.local = read_address(from);
  r.remote_port = from.u16();
  r.leap = from.u8();
  r.version = from.u8();
  r.mode = from.u8();
  r.stratum = from.u8();
  r.poll = static_cast<std::int8_t>(from.u8());
  r.precision = static_cast<std::int8_t>(from.u8());
  r.root_delay = read_duration(from);
  r.root_dispersion = read_duration(from);
  r.ref_id.value = from.u32();
  r.ref_time = read_time(from);
  r.offset = read_duration(from);
  r.peer_delay = read_duration(from);
  r.peer_dispersion = read_duration(from);
  r.response_time = read_duration(from);
  r.jitter_asymmetry = read_float(from);
  r.flags = from.u16();
  r.transmit_stamp = visible_or(static_cast<char>(from.u8()), '\0');
  r.receive_stamp = visible_or(static_cast<char>(from.u8()), '\0');
  for (std::uint32_t* count : {&r.sent, &r.received, &r.valid, &r.good}) *count = from.u32();
  if (old) return r;
  for (std::uint32_t* count : {&r.kernel_sent, &r.kernel_received, &r.hardware_sent, &r.hardware_received}) {
    *count = from.u32();
  }
  return r;
}

// The limits are those of local - reference on the wire, so they change places.
void write_body(ByteWriter& into, const SelectDataReply& r) {
  into.u32(r.ref_id.value);
  write_address(into, r.address);
  into.u8(static_cast<std::uint8_t>(r.state));
  into.u8(r.authenticated ? 1 : 0);
  into.u8(r.leap);
  into.u8(0);
  into.u16(r.configured);
  into.u16(r.effective);
  into.u32(r.since_sample);
  write_float(into, r.score);
  write_duration(into, -r.high);
  write_duration(into, -r.low);
}
SelectDataReply read_select_data(ByteReader& from) {
  SelectDataReply r;
  r.ref_id.value = from.u32();
  r.address = read_address(from);
  r.state = visible_or(static_cast<char>(from.u8()), '?');
  r.authenticated = from.u8() != 0;
  r.leap = from.u8();
  from.skip(1);
  r.configured = from.u16();
  r.effective = from.u16();
  r.since_sample = from.u32();
  r.score = read_float(from);
  r.high = -read_duration(from);
  r.low = -read_duration(from);
  return r;
}

}  // namespace timed::control
