#include "timed/control/requests.h"

#include <algorithm>
#include <type_traits>

#include "timed/base/check.h"

namespace timed::control {
namespace {

constexpr std::uint8_t kPacketRequest = 1;

// --- Bodies ---

// Most requests have no body.
template <class Bare>
requires std::is_empty_v<Bare>
void write_body(ByteWriter&, const Bare&) {}
void write_body(ByteWriter&, const ServerStatsRequest&) {}  // its length says which report is meant
void write_body(ByteWriter& into, const SourceDataRequest& q) {
  into.i32(q.index);
}
void write_body(ByteWriter& into, const SourcestatsRequest& q) {
  into.i32(q.index);
}
void write_body(ByteWriter& into, const SelectDataRequest& q) {
  into.i32(q.index);
}
void write_body(ByteWriter& into, const ReloadChangeRequest& q) {
  into.i32(q.index);
}
void write_body(ByteWriter& into, const SourceVerdictsRequest& q) {
  into.i32(q.index);
}
void write_body(ByteWriter& into, const SourceEstimatorRequest& q) {
  into.i32(q.index);
}
void write_body(ByteWriter& into, const NtpSourceNameRequest& q) {
  write_address(into, q.address);
}
void write_body(ByteWriter& into, const AuthDataRequest& q) {
  write_address(into, q.address);
}
void write_body(ByteWriter& into, const NtpDataRequest& q) {
  write_address(into, q.address);
}
void write_body(ByteWriter& into, const DelSourceRequest& q) {
  write_address(into, q.address);
}
void write_body(ByteWriter& into, const ClockRequest& q) {
  write_clock_request(into, q);
}
void write_body(ByteWriter& into, const AddSourceRequest& q) {
  write_add_source(into, q);
}
void write_body(ByteWriter& into, const OnlineRequest& q) {
  write_which_sources(into, q.which);
}
void write_body(ByteWriter& into, const OfflineRequest& q) {
  write_which_sources(into, q.which);
}
void write_body(ByteWriter& into, const BurstRequest& q) {
  write_which_sources(into, q.which);
  into.i32(q.good);
  into.i32(q.total);
}

std::optional<Request> read_report_request(RequestCode code, std::size_t length, ByteReader& from) {
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
    case RequestCode::AuthData:
      return AuthDataRequest{read_address(from)};
    case RequestCode::SelectData:
      return SelectDataRequest{from.i32()};
    case RequestCode::NtpData:
      // Each client asks with the length of the reply that it knows.
      return NtpDataRequest{read_address(from), length < reply_length(static_cast<std::uint16_t>(ReplyCode::NtpData2))};
    case RequestCode::ServerStats:
      return ServerStatsRequest{stats_generation(length)};
    case RequestCode::Smoothing:
      return SmoothingRequest{};
    case RequestCode::Rtcreport:
      return RtcreportRequest{};
    case RequestCode::ClientAccessesByIndex3:
      return read_client_accesses_request(from);
    default:
      return std::nullopt;
  }
}

std::optional<Request> read_own_request(RequestCode code, ByteReader& from, std::size_t length) {
  switch (code) {
    case RequestCode::DaemonStatus:
      return DaemonStatusRequest{};
    case RequestCode::ReloadChange:
      return ReloadChangeRequest{from.i32()};
    case RequestCode::ServerVerdicts:
      return ServerVerdictsRequest{};
    case RequestCode::SourceVerdicts:
      return SourceVerdictsRequest{from.i32()};
    case RequestCode::NtsServer:
      return NtsServerRequest{};
    case RequestCode::SourceEstimator:
      // As with NtpData.
      return SourceEstimatorRequest{from.i32(),
                                    length < reply_length(static_cast<std::uint16_t>(ReplyCode::SourceEstimator2))};
    default:
      return std::nullopt;
  }
}

std::optional<Request> read_source_request(RequestCode code, ByteReader& from) {
  switch (code) {
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
    case RequestCode::ModifySelectopts:
      return read_modify_selectopts(from);
    case RequestCode::ModifyOffset:
      return read_modify_offset(from);
    default:
      return read_modify_source(code, from);
  }
}

std::optional<Request> read_service_request(RequestCode code, ByteReader& from) {
  switch (code) {
    case RequestCode::Cyclelogs:
      return CyclelogsRequest{};
    case RequestCode::Rekey:
      return RekeyRequest{};
    case RequestCode::Writertc:
      return WritertcRequest{};
    case RequestCode::Trimrtc:
      return TrimrtcRequest{};
    case RequestCode::Shutdown:
      return ShutdownRequest{};
    case RequestCode::Accheck:
    case RequestCode::CmdAccheck:
      return read_accheck(code, from);
    default:
      return read_access(code, from);
  }
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
    RequestCode operator()(const ModifySourceRequest& q) const { return control::code_of(q); }
    RequestCode operator()(const ModifySelectoptsRequest&) const { return RequestCode::ModifySelectopts; }
    RequestCode operator()(const ModifyOffsetRequest&) const { return RequestCode::ModifyOffset; }
    RequestCode operator()(const AccessRequest& q) const { return control::code_of(q); }
    RequestCode operator()(const AccheckRequest& q) const { return control::code_of(q); }
    RequestCode operator()(const ServerStatsRequest&) const { return RequestCode::ServerStats; }
    RequestCode operator()(const ClientAccessesRequest&) const { return RequestCode::ClientAccessesByIndex3; }
    RequestCode operator()(const RtcreportRequest&) const { return RequestCode::Rtcreport; }
    RequestCode operator()(const WritertcRequest&) const { return RequestCode::Writertc; }
    RequestCode operator()(const TrimrtcRequest&) const { return RequestCode::Trimrtc; }
    RequestCode operator()(const ShutdownRequest&) const { return RequestCode::Shutdown; }
    RequestCode operator()(const DaemonStatusRequest&) const { return RequestCode::DaemonStatus; }
    RequestCode operator()(const ReloadChangeRequest&) const { return RequestCode::ReloadChange; }
    RequestCode operator()(const ServerVerdictsRequest&) const { return RequestCode::ServerVerdicts; }
    RequestCode operator()(const SourceVerdictsRequest&) const { return RequestCode::SourceVerdicts; }
    RequestCode operator()(const NtsServerRequest&) const { return RequestCode::NtsServer; }
    RequestCode operator()(const SourceEstimatorRequest&) const { return RequestCode::SourceEstimator; }
  };
  return std::visit(Code{}, request);
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

std::optional<Request> read_request(RequestCode code, std::span<const std::byte> datagram) {
  ByteReader from(datagram);
  from.skip(kRequestHeader);
  if (auto report = read_report_request(code, datagram.size(), from)) return report;
  if (auto own = read_own_request(code, from, datagram.size())) return own;
  if (auto source = read_source_request(code, from)) return source;
  if (auto service = read_service_request(code, from)) return service;
  if (auto clock = read_clock_request(code, from)) return *clock;
  return std::nullopt;
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
  std::visit([&out](const auto& q) { write_body(out, q); }, request);
  TIMED_ASSERT(out.ok());
  return length;
}

}  // namespace timed::control
