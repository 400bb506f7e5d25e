// chrony's command and monitoring protocol, candm version 6, as values: what stands in the datagrams and nothing of
// sockets (spec control-protocol.md sections 2 to 5 and 9 to 13).  Pure; used by the daemon and by the tools.
//
// Sign and unit: the structures follow the rule of the house (base/units.h): an offset is reference - local and a
// frequency its slope, so both are positive when the local clock is slow.  The wire has the opposite sign in many
// places; write_reply() and receive_reply() convert.  Frequencies are plain numbers in ppm, as they are on the wire,
// so that a value shows the same digits after it was carried.
#ifndef TIMED_CONTROL_PROTOCOL_H_
#define TIMED_CONTROL_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "timed/base/units.h"
#include "timed/control/catalogue.h"
#include "timed/control/clock_requests.h"
#include "timed/control/encodings.h"
#include "timed/control/source_reports.h"
#include "timed/control/source_requests.h"
#include "timed/ntp/types.h"

namespace timed::control {

// --- Requests (section 10) ---

struct NSourcesRequest {
  bool operator==(const NSourcesRequest&) const = default;
};
struct TrackingRequest {
  bool operator==(const TrackingRequest&) const = default;
};
struct ActivityRequest {
  bool operator==(const ActivityRequest&) const = default;
};
struct CyclelogsRequest {
  bool operator==(const CyclelogsRequest&) const = default;
};
struct RekeyRequest {
  bool operator==(const RekeyRequest&) const = default;
};
struct SmoothingRequest {
  bool operator==(const SmoothingRequest&) const = default;
};
// Known, allowed and of the right length, but without a codec here.
struct OtherRequest {
  RequestCode code = RequestCode::Null;
  bool operator==(const OtherRequest&) const = default;
};
using Request =
    std::variant<NSourcesRequest, SourceDataRequest, TrackingRequest, SourcestatsRequest, ActivityRequest,
                 NtpSourceNameRequest, ClockRequest, CyclelogsRequest, RekeyRequest, OnlineRequest, OfflineRequest,
                 BurstRequest, OnofflineRequest, RefreshRequest, ReloadSourcesRequest, DelSourceRequest,
                 AddSourceRequest, SmoothingRequest, AuthDataRequest, SelectDataRequest, NtpDataRequest, OtherRequest>;
RequestCode code_of(const Request& request);

// --- Replies (section 12) ---

struct NSourcesReply {
  std::uint32_t count = 0;  // of all kinds, unresolved ones too
  bool operator==(const NSourcesReply&) const = default;
};

struct TrackingReply {
  ntp::RefId ref_id;          // 0 = not synchronised, kLocalRefId = local reference
  SourceAddress address;      // of the selected NTP source, else unspecified
  std::uint16_t stratum = 0;  // our own; 0 when not synchronised
  std::uint16_t leap = 3;     // ntp::Leap; other values are possible on the wire
  WireTime ref_time;          // of the last update; zero when not synchronised
  Duration correction;        // still to be added to the system clock (reference - local)
  Duration last_offset;       // reference - local at the last update
  Duration rms_offset;
  double frequency_ppm = 0.0;           // positive = the clock runs slow
  double residual_frequency_ppm = 0.0;  // positive = the clock runs slow
  double skew_ppm = 0.0;
  Duration root_delay = Duration::seconds(1);
  Duration root_dispersion = Duration::seconds(1);
  Duration update_interval;
  bool operator==(const TrackingReply&) const = default;
};

struct ActivityReply {
  std::int32_t online = 0;
  std::int32_t offline = 0;
  std::int32_t burst_online = 0;
  std::int32_t burst_offline = 0;
  std::int32_t unresolved = 0;
  bool operator==(const ActivityReply&) const = default;
};

using ReplyBody = std::variant<std::monostate, NSourcesReply, SourceDataReply, TrackingReply, SourcestatsReply,
                               ActivityReply, NtpSourceNameReply, ManualTimestampReply, ManualListReply, SmoothingReply,
                               AuthDataReply, SelectDataReply, NtpDataReply>;
struct Reply {
  ReplyStatus status = ReplyStatus::Success;
  ReplyBody body;  // sent only with Success

  static Reply failure(ReplyStatus why) { return {why, {}}; }
};
ReplyCode code_of(const ReplyBody& body);

// --- The daemon's side ---

struct RequestHeader {
  std::uint8_t version = kVersion;
  std::uint16_t command = 0;
  std::uint16_t attempt = 0;   // 0 for the first transmission; not looked at by a daemon
  std::uint32_t sequence = 0;  // copied to the reply
};
// Empty for what is no request: too short, another packet type, reserved bytes that are not zero.
std::optional<RequestHeader> read_request_header(std::span<const std::byte> datagram);
// The body of a request whose code is known and whose length was checked against least_request_length().
Request read_request(RequestCode code, std::span<const std::byte> datagram);
// Writes header and body; returns the length, 0 where it does not fit.  The bytes written are all set.
std::size_t write_reply(std::span<std::byte> into, const RequestHeader& request, const Reply& reply);

// --- The client's side ---

// Writes the request with its padding (none in version 5); returns the length, 0 where it does not fit.
std::size_t write_request(std::span<std::byte> into, const RequestHeader& header, const Request& request);

// What to do with a datagram that came while waiting for the reply to `sent` (section 7, steps 3 and 4).
enum class Arrival {
  Ignore,       // not the reply to this transmission
  SendAgain,    // the reply, but cut short: next transmission at once
  UseVersion5,  // the daemon wants requests of version 5
  Accept,       // the reply: see `reply`
};
struct Received {
  Arrival arrival = Arrival::Ignore;
  ReplyStatus status = ReplyStatus::Success;
  ReplyCode code = ReplyCode::Null;
  // Set where the status is a success and the body could be read.  Empty with a success: a bad reply.
  std::optional<ReplyBody> body;
};
Received receive_reply(std::span<const std::byte> datagram, const RequestHeader& sent);

}  // namespace timed::control

#endif  // TIMED_CONTROL_PROTOCOL_H_
