// chrony's command and monitoring protocol, candm version 6, as values: what stands in the datagrams and nothing of
// sockets.  Pure; used by the daemon and by the tools.
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
#include "timed/control/own_reports.h"
#include "timed/control/requests.h"
#include "timed/control/server_reports.h"
#include "timed/control/source_reports.h"
#include "timed/ntp/types.h"

namespace timed::control {

// --- Replies ---

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

using ReplyBody =
    std::variant<std::monostate, NSourcesReply, SourceDataReply, TrackingReply, SourcestatsReply, ActivityReply,
                 NtpSourceNameReply, ManualTimestampReply, ManualListReply, SmoothingReply, AuthDataReply,
                 SelectDataReply, NtpDataReply, ServerStatsReply, ClientAccessesReply, RtcReply, DaemonStatusReply,
                 ReloadChangeReply, ServerVerdictsReply, SourceVerdictsReply, NtsServerReply, SourceEstimatorReply>;
struct Reply {
  ReplyStatus status = ReplyStatus::Success;
  ReplyBody body;  // sent only with Success

  static Reply failure(ReplyStatus why) { return {why, {}}; }
};
ReplyCode code_of(const ReplyBody& body);

// --- The daemon's side ---

// Writes header and body; returns the length, 0 where it does not fit.  The bytes written are all set.
std::size_t write_reply(std::span<std::byte> into, const RequestHeader& request, const Reply& reply);

// --- The client's side ---

// What to do with a datagram that came while waiting for the reply to `sent`.
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
