// Every field of the wire is named once in each direction, in the order in which it stands there.  A reply is written
// into zeroed memory of its full length, so that nothing of an earlier datagram can leave with it.
#include "timed/control/protocol.h"

#include <algorithm>

#include "timed/base/check.h"

namespace timed::control {
namespace {

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

std::optional<ReplyBody> read_own_body(ReplyCode code, ByteReader& from) {
  switch (code) {
    case ReplyCode::DaemonStatus:
      return ReplyBody(read_daemon_status(from));
    case ReplyCode::ReloadChange: {
      auto change = read_reload_change(from);
      return change ? std::optional<ReplyBody>(std::move(*change)) : std::nullopt;
    }
    case ReplyCode::ServerVerdicts:
      return ReplyBody(read_server_verdicts(from));
    case ReplyCode::SourceVerdicts: {
      auto verdicts = read_source_verdicts(from);
      return verdicts ? std::optional<ReplyBody>(*verdicts) : std::nullopt;
    }
    case ReplyCode::NtsServer: {
      auto report = read_nts_server(from);
      return report ? std::optional<ReplyBody>(*report) : std::nullopt;
    }
    case ReplyCode::SourceEstimator:
    case ReplyCode::SourceEstimator2: {
      auto report = read_source_estimator(from, code == ReplyCode::SourceEstimator);
      return report ? std::optional<ReplyBody>(*report) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
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
    case ReplyCode::ServerStats2:
      return ReplyBody(read_server_stats(from, StatsGeneration::Second));
    case ReplyCode::ServerStats3:
      return ReplyBody(read_server_stats(from, StatsGeneration::Third));
    case ReplyCode::ServerStats4:
      return ReplyBody(read_server_stats(from, StatsGeneration::Fourth));
    case ReplyCode::ClientAccessesByIndex3: {
      auto clients = read_client_accesses(from);
      return clients ? std::optional<ReplyBody>(std::move(*clients)) : std::nullopt;
    }
    case ReplyCode::Rtc:
      return ReplyBody(read_rtc(from));
    default:
      return read_own_body(code, from);
  }
}

bool version_fits(std::uint8_t version, ReplyStatus status, const RequestHeader& sent) {
  return version == sent.version || (version >= kOldestBadVersion && status == ReplyStatus::BadVersion);
}

}  // namespace

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
    ReplyCode operator()(const ServerStatsReply& r) const { return control::code_of(r); }
    ReplyCode operator()(const ClientAccessesReply&) const { return ReplyCode::ClientAccessesByIndex3; }
    ReplyCode operator()(const RtcReply&) const { return ReplyCode::Rtc; }
    ReplyCode operator()(const DaemonStatusReply&) const { return ReplyCode::DaemonStatus; }
    ReplyCode operator()(const ReloadChangeReply&) const { return ReplyCode::ReloadChange; }
    ReplyCode operator()(const ServerVerdictsReply&) const { return ReplyCode::ServerVerdicts; }
    ReplyCode operator()(const SourceVerdictsReply&) const { return ReplyCode::SourceVerdicts; }
    ReplyCode operator()(const NtsServerReply&) const { return ReplyCode::NtsServer; }
    ReplyCode operator()(const SourceEstimatorReply& r) const {
      return r.old ? ReplyCode::SourceEstimator : ReplyCode::SourceEstimator2;
    }
  };
  return std::visit(Code{}, body);
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
