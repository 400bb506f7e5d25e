// Every field of the wire is named once in each direction, in the order in which it stands there.  A reply is written
// into zeroed memory of its full length, so that nothing of an earlier datagram can leave with it.
#include "timed/control/protocol.h"

#include <algorithm>

#include "timed/base/check.h"

namespace timed::control {
namespace {

constexpr std::uint8_t kPacketRequest = 1;
constexpr std::uint8_t kPacketReply = 2;
constexpr std::uint8_t kOldestBadVersion = 4;  // a daemon of at least this version says BadVersion

// --- Bodies of replies ---

void write_body(ByteWriter&, const std::monostate&) {}

void write_body(ByteWriter& into, const NSourcesReply& r) {
  into.u32(r.count);
}
NSourcesReply read_n_sources(ByteReader& from) {
  return {from.u32()};
}

void write_body(ByteWriter& into, const TrackingReply& r) {
  into.u32(r.ref_id.value);
  write_address(into, r.address);
  into.u16(r.stratum);
  into.u16(r.leap);
  write_time(into, r.ref_time);
  write_duration(into, r.correction);
  write_duration(into, -r.last_offset);
  write_duration(into, r.rms_offset);
  write_float(into, -r.frequency_ppm);
  write_float(into, -r.residual_frequency_ppm);
  write_float(into, r.skew_ppm);
  write_duration(into, r.root_delay);
  write_duration(into, r.root_dispersion);
  write_duration(into, r.update_interval);
}
TrackingReply read_tracking(ByteReader& from) {
  TrackingReply r;
  r.ref_id.value = from.u32();
  r.address = read_address(from);
  r.stratum = from.u16();
  r.leap = from.u16();
  r.ref_time = read_time(from);
  r.correction = read_duration(from);
  r.last_offset = -read_duration(from);
  r.rms_offset = read_duration(from);
  r.frequency_ppm = -read_float(from);
  r.residual_frequency_ppm = -read_float(from);
  r.skew_ppm = read_float(from);
  r.root_delay = read_duration(from);
  r.root_dispersion = read_duration(from);
  r.update_interval = read_duration(from);
  return r;
}

void write_body(ByteWriter& into, const ActivityReply& r) {
  into.i32(r.online);
  into.i32(r.offline);
  into.i32(r.burst_online);
  into.i32(r.burst_offline);
  into.i32(r.unresolved);
}
ActivityReply read_activity(ByteReader& from) {
  ActivityReply r;
  r.online = from.i32();
  r.offline = from.i32();
  r.burst_online = from.i32();
  r.burst_offline = from.i32();
  r.unresolved = from.i32();
  return r;
}

std::optional<ReplyBody> read_body(ReplyCode code, ByteReader& from) {
  switch (code) {
    case ReplyCode::Null:
      return ReplyBody();
    case ReplyCode::NSources:
      return ReplyBody(read_n_sources(from));
    case ReplyCode::SourceData:
      return ReplyBody(read_source_data(from));
    case ReplyCode::Tracking:
      return ReplyBody(read_tracking(from));
    case ReplyCode::Sourcestats:
      return ReplyBody(read_sourcestats(from));
    case ReplyCode::Activity:
      return ReplyBody(read_activity(from));
    case ReplyCode::NtpSourceName: {
      auto name = read_source_name(from);
      return name ? std::optional<ReplyBody>(std::move(*name)) : std::nullopt;
    }
    case ReplyCode::ManualTimestamp2:
      return ReplyBody(read_manual_timestamp(from));
    case ReplyCode::ManualList2: {
      auto list = read_manual_list(from);
      return list ? std::optional<ReplyBody>(std::move(*list)) : std::nullopt;
    }
    case ReplyCode::AuthData:
      return ReplyBody(read_auth_data(from));
    case ReplyCode::SelectData:
      return ReplyBody(read_select_data(from));
    case ReplyCode::NtpData:
    case ReplyCode::NtpData2:
      return ReplyBody(read_ntp_data(from, code == ReplyCode::NtpData));
    case ReplyCode::Smoothing:
      return ReplyBody(read_smoothing(from));
    default:
      return std::nullopt;
  }
}

// --- Bodies of requests ---

void write_request_body(ByteWriter& into, const Request& request) {
  if (const auto* q = std::get_if<SourceDataRequest>(&request)) into.i32(q->index);
  if (const auto* q = std::get_if<SourcestatsRequest>(&request)) into.i32(q->index);
  if (const auto* q = std::get_if<NtpSourceNameRequest>(&request)) write_address(into, q->address);
  if (const auto* q = std::get_if<ClockRequest>(&request)) write_clock_request(into, *q);
  if (const auto* q = std::get_if<OnlineRequest>(&request)) write_which_sources(into, q->which);
  if (const auto* q = std::get_if<OfflineRequest>(&request)) write_which_sources(into, q->which);
  if (const auto* q = std::get_if<DelSourceRequest>(&request)) write_address(into, q->address);
  if (const auto* q = std::get_if<AddSourceRequest>(&request)) write_add_source(into, *q);
  if (const auto* q = std::get_if<BurstRequest>(&request)) {
    write_which_sources(into, q->which);
    into.i32(q->good);
    into.i32(q->total);
  }
  if (const auto* q = std::get_if<AuthDataRequest>(&request)) write_address(into, q->address);
  if (const auto* q = std::get_if<NtpDataRequest>(&request)) write_address(into, q->address);
  if (const auto* q = std::get_if<SelectDataRequest>(&request)) into.i32(q->index);
}

bool version_fits(std::uint8_t version, ReplyStatus status, const RequestHeader& sent) {
  return version == sent.version || (version >= kOldestBadVersion && status == ReplyStatus::BadVersion);
}

}  // namespace

RequestCode code_of(const Request& request) {
  struct Code {
    RequestCode operator()(const NSourcesRequest&) const { return RequestCode::NSources; }
    RequestCode operator()(const SourceDataRequest&) const { return RequestCode::SourceData; }
    RequestCode operator()(const TrackingRequest&) const { return RequestCode::Tracking; }
    RequestCode operator()(const SourcestatsRequest&) const { return RequestCode::Sourcestats; }
    RequestCode operator()(const ActivityRequest&) const { return RequestCode::Activity; }
    RequestCode operator()(const NtpSourceNameRequest&) const { return RequestCode::NtpSourceName; }
    RequestCode operator()(const ClockRequest& clock) const { return control::code_of(clock); }
    RequestCode operator()(const CyclelogsRequest&) const { return RequestCode::Cyclelogs; }
    RequestCode operator()(const RekeyRequest&) const { return RequestCode::Rekey; }
    RequestCode operator()(const OnlineRequest&) const { return RequestCode::Online; }
    RequestCode operator()(const OfflineRequest&) const { return RequestCode::Offline; }
    RequestCode operator()(const BurstRequest&) const { return RequestCode::Burst; }
    RequestCode operator()(const OnofflineRequest&) const { return RequestCode::Onoffline; }
    RequestCode operator()(const RefreshRequest&) const { return RequestCode::Refresh; }
    RequestCode operator()(const ReloadSourcesRequest&) const { return RequestCode::ReloadSources; }
    RequestCode operator()(const DelSourceRequest&) const { return RequestCode::DelSource; }
    RequestCode operator()(const AddSourceRequest&) const { return RequestCode::AddSource; }
    RequestCode operator()(const AuthDataRequest&) const { return RequestCode::AuthData; }
    RequestCode operator()(const SelectDataRequest&) const { return RequestCode::SelectData; }
    RequestCode operator()(const NtpDataRequest&) const { return RequestCode::NtpData; }
    RequestCode operator()(const SmoothingRequest&) const { return RequestCode::Smoothing; }
    RequestCode operator()(const OtherRequest& other) const { return other.code; }
  };
  return std::visit(Code{}, request);
}

ReplyCode code_of(const ReplyBody& body) {
  struct Code {
    ReplyCode operator()(const std::monostate&) const { return ReplyCode::Null; }
    ReplyCode operator()(const NSourcesReply&) const { return ReplyCode::NSources; }
    ReplyCode operator()(const SourceDataReply&) const { return ReplyCode::SourceData; }
    ReplyCode operator()(const TrackingReply&) const { return ReplyCode::Tracking; }
    ReplyCode operator()(const SourcestatsReply&) const { return ReplyCode::Sourcestats; }
    ReplyCode operator()(const ActivityReply&) const { return ReplyCode::Activity; }
    ReplyCode operator()(const NtpSourceNameReply&) const { return ReplyCode::NtpSourceName; }
    ReplyCode operator()(const ManualTimestampReply&) const { return ReplyCode::ManualTimestamp2; }
    ReplyCode operator()(const ManualListReply&) const { return ReplyCode::ManualList2; }
    ReplyCode operator()(const AuthDataReply&) const { return ReplyCode::AuthData; }
    ReplyCode operator()(const SelectDataReply&) const { return ReplyCode::SelectData; }
    ReplyCode operator()(const NtpDataReply& r) const { return r.old ? ReplyCode::NtpData : ReplyCode::NtpData2; }
    ReplyCode operator()(const SmoothingReply&) const { return ReplyCode::Smoothing; }
  };
  return std::visit(Code{}, body);
}

std::optional<RequestHeader> read_request_header(std::span<const std::byte> datagram) {
  if (datagram.size() < kReplyHeader) return std::nullopt;
  ByteReader from(datagram);
  RequestHeader header;
  header.version = from.u8();
  const std::uint8_t packet_type = from.u8();
  const std::uint16_t reserved = from.u16();
  header.command = from.u16();
  header.attempt = from.u16();
  header.sequence = from.u32();
  if (packet_type != kPacketRequest || reserved != 0) return std::nullopt;
  return header;
}

Request read_request(RequestCode code, std::span<const std::byte> datagram) {
  ByteReader from(datagram);
  from.skip(kRequestHeader);
  switch (code) {
    case RequestCode::NSources:
      return NSourcesRequest{};
    case RequestCode::SourceData:
      return SourceDataRequest{from.i32()};
    case RequestCode::Tracking:
      return TrackingRequest{};
    case RequestCode::Sourcestats:
      return SourcestatsRequest{from.i32()};
    case RequestCode::Activity:
      return ActivityRequest{};
    case RequestCode::NtpSourceName:
      return NtpSourceNameRequest{read_address(from)};
    case RequestCode::Cyclelogs:
      return CyclelogsRequest{};
    case RequestCode::Rekey:
      return RekeyRequest{};
    case RequestCode::Online:
      return OnlineRequest{read_which_sources(from)};
    case RequestCode::Offline:
      return OfflineRequest{read_which_sources(from)};
    case RequestCode::Burst: {
      const WhichSources which = read_which_sources(from);
      const std::int32_t good = from.i32();
      return BurstRequest{which, good, from.i32()};
    }
    case RequestCode::Onoffline:
      return OnofflineRequest{};
    case RequestCode::Refresh:
      return RefreshRequest{};
    case RequestCode::ReloadSources:
      return ReloadSourcesRequest{};
    case RequestCode::DelSource:
      return DelSourceRequest{read_address(from)};
    case RequestCode::AddSource:
      return read_add_source(from);
    case RequestCode::AuthData:
      return AuthDataRequest{read_address(from)};
    case RequestCode::SelectData:
      return SelectDataRequest{from.i32()};
    case RequestCode::NtpData:
      // Each client asks with the length of the reply that it knows.
      return NtpDataRequest{read_address(from),
                            datagram.size() < reply_length(static_cast<std::uint16_t>(ReplyCode::NtpData2))};
    case RequestCode::Smoothing:
      return SmoothingRequest{};
    default:
      if (auto request = read_clock_request(code, from)) return std::move(*request);
      return OtherRequest{code};
  }
}

std::size_t write_reply(std::span<std::byte> into, const RequestHeader& request, const Reply& reply) {
  const ReplyBody body = reply.status == ReplyStatus::Success ? reply.body : ReplyBody();
  const ReplyCode code = code_of(body);
  const std::size_t length = reply_length(static_cast<std::uint16_t>(code));
  if (into.size() < length) return 0;
  std::fill_n(into.begin(), length, std::byte{0});
  ByteWriter out(into.first(length));
  out.u8(kVersion);
  out.u8(kPacketReply);
  out.u16(0);
  out.u16(request.command);
  out.u16(static_cast<std::uint16_t>(code));
  out.u16(static_cast<std::uint16_t>(reply.status));
  out.zeros(6);
  out.u32(request.sequence);
  out.zeros(8);
  std::visit([&out](const auto& b) { write_body(out, b); }, body);
  TIMED_ASSERT(out.ok());
  return length;
}

std::size_t write_request(std::span<std::byte> into, const RequestHeader& header, const Request& request) {
  const RequestRow* row = request_row(static_cast<std::uint16_t>(code_of(request)));
  if (row == nullptr) return 0;
  const bool padded = header.version != kUnpaddedVersion;
  const std::size_t length = padded ? request_length(*row) : kRequestHeader + row->body;
  if (into.size() < length) return 0;
  std::fill_n(into.begin(), length, std::byte{0});
  ByteWriter out(into.first(length));
  out.u8(header.version);
  out.u8(kPacketRequest);
  out.u16(0);
  out.u16(static_cast<std::uint16_t>(row->code));
  out.u16(header.attempt);
  out.u32(header.sequence);
  out.zeros(8);
  write_request_body(out, request);
  TIMED_ASSERT(out.ok());
  return length;
}

Received receive_reply(std::span<const std::byte> datagram, const RequestHeader& sent) {
  Received received;
  if (datagram.size() < kReplyHeader) return received;
  ByteReader from(datagram);
  const std::uint8_t version = from.u8();
  const std::uint8_t packet_type = from.u8();
  const std::uint16_t reserved = from.u16();
  const std::uint16_t command = from.u16();
  const std::uint16_t code = from.u16();
  received.status = static_cast<ReplyStatus>(from.u16());
  received.code = static_cast<ReplyCode>(code);
  from.skip(6);
  const std::uint32_t sequence = from.u32();
  from.skip(8);
  if (!version_fits(version, received.status, sent)) return received;
  if (packet_type != kPacketReply || reserved != 0) return received;
  if (command != sent.command || sequence != sent.sequence) return received;

  if (datagram.size() < reply_length(code)) {
    received.arrival = Arrival::SendAgain;
  } else if (received.status == ReplyStatus::BadVersion && version == kUnpaddedVersion && sent.version != version) {
    received.arrival = Arrival::UseVersion5;
  } else {
    received.arrival = Arrival::Accept;
    if (is_success(received.status)) received.body = read_body(received.code, from);
  }
  return received;
}

}  // namespace timed::control
