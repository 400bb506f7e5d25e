// chrony's command and monitoring protocol, candm version 6, as values: what stands in the datagrams and nothing of
// sockets (spec control-protocol.md sections 2 to 5 and 9 to 13).  Pure; used by the daemon and by the tools.
//
// Sign and unit: the structures follow the rule of the house (base/units.h): an offset is reference - local and a
// frequency its slope, so both are positive when the local clock is slow.  The wire has the opposite sign in many
// places; write_reply() and receive_reply() convert.  Frequencies are plain numbers in ppm, as they are on the wire,
// so that a value shows the same digits after it was carried.
#ifndef TIMED_CONTROL_PROTOCOL_H_
#define TIMED_CONTROL_PROTOCOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "timed/base/address.h"
#include "timed/base/bytes.h"
#include "timed/base/units.h"
#include "timed/ntp/types.h"

namespace timed::control {

inline constexpr std::uint16_t kPort = 323;
inline constexpr std::uint8_t kVersion = 6;
inline constexpr std::uint8_t kUnpaddedVersion = 5;  // requests without padding; also the oldest that is told so
inline constexpr std::size_t kRequestHeader = 20;
inline constexpr std::size_t kReplyHeader = 28;  // also the smallest request that is looked at
inline constexpr std::size_t kMaxRequest = 860;  // longer ones are dropped
inline constexpr std::size_t kMaxReply = 520;
inline constexpr std::uint32_t kNever = 0xffffffff;  // an age in seconds: it never happened

// Section 9, all codes up to chrony 4.8.  Retired codes keep their number and are answered Invalid.
enum class RequestCode : std::uint16_t {
  Null = 0,
  Online = 1,
  Offline = 2,
  Burst = 3,
  ModifyMinpoll = 4,
  ModifyMaxpoll = 5,
  Dump = 6,
  ModifyMaxdelay = 7,
  ModifyMaxdelayratio = 8,
  ModifyMaxupdateskew = 9,
  Logon = 10,
  Settime = 11,
  Local = 12,
  Manual = 13,
  NSources = 14,
  SourceData = 15,
  Rekey = 16,
  Allow = 17,
  AllowAll = 18,
  Deny = 19,
  DenyAll = 20,
  CmdAllow = 21,
  CmdAllowAll = 22,
  CmdDeny = 23,
  CmdDenyAll = 24,
  Accheck = 25,
  CmdAccheck = 26,
  AddServer = 27,
  AddPeer = 28,
  DelSource = 29,
  Writertc = 30,
  Dfreq = 31,
  Doffset = 32,
  Tracking = 33,
  Sourcestats = 34,
  Rtcreport = 35,
  Trimrtc = 36,
  Cyclelogs = 37,
  SubnetsAccessed = 38,
  ClientAccesses = 39,
  ClientAccessesByIndex = 40,
  ManualList = 41,
  ManualDelete = 42,
  Makestep = 43,
  Activity = 44,
  ModifyMinstratum = 45,
  ModifyPolltarget = 46,
  ModifyMaxdelaydevratio = 47,
  Reselect = 48,
  Reselectdistance = 49,
  ModifyMakestep = 50,
  Smoothing = 51,
  Smoothtime = 52,
  Refresh = 53,
  ServerStats = 54,
  ClientAccessesByIndex2 = 55,
  Local2 = 56,
  NtpData = 57,
  AddServer2 = 58,
  AddPeer2 = 59,
  AddServer3 = 60,
  AddPeer3 = 61,
  Shutdown = 62,
  Onoffline = 63,
  AddSource = 64,
  NtpSourceName = 65,
  ResetSources = 66,
  AuthData = 67,
  ClientAccessesByIndex3 = 68,
  SelectData = 69,
  ReloadSources = 70,
  Doffset2 = 71,
  ModifySelectopts = 72,
  ModifyOffset = 73,
  Local3 = 74,
};
inline constexpr std::size_t kRequestCodes = 75;

// Section 11.
enum class ReplyCode : std::uint16_t {
  Null = 1,
  NSources = 2,
  SourceData = 3,
  Tracking = 5,
  Sourcestats = 6,
  Rtc = 7,
  Activity = 12,
  Smoothing = 13,
  NtpData = 16,
  ManualTimestamp2 = 17,
  ManualList2 = 18,
  NtpSourceName = 19,
  AuthData = 20,
  ClientAccessesByIndex3 = 21,
  ServerStats2 = 22,
  SelectData = 23,
  ServerStats3 = 24,
  ServerStats4 = 25,
  NtpData2 = 26,
};

// Section 8.
enum class ReplyStatus : std::uint16_t {
  Success = 0,
  Failed = 1,
  Unauthorised = 2,
  Invalid = 3,
  NoSuchSource = 4,
  InvalidTimestamp = 5,
  NotEnabled = 6,
  BadSubnet = 7,
  AccessAllowed = 8,
  AccessDenied = 9,
  NoHostAccess = 10,
  SourceAlreadyKnown = 11,
  TooManySources = 12,
  NoRtc = 13,
  BadRtcFile = 14,
  Inactive = 15,
  BadSample = 16,
  InvalidFamily = 17,
  BadVersion = 18,
  BadLength = 19,
  InvalidName = 21,
};
// Statuses with which a command has succeeded.
constexpr bool is_success(ReplyStatus status) {
  return status == ReplyStatus::Success || status == ReplyStatus::AccessAllowed || status == ReplyStatus::AccessDenied;
}
// The line that the client prints for it ("503 No such source").
std::string_view status_line(ReplyStatus status);

// Who may send a request (section 9, "Cls").
enum class Access : std::uint8_t {
  Retired,   // answered Invalid, whoever asks
  Open,      // read-only, served over UDP unless opencommands says otherwise
  Openable,  // read-only, over UDP only if opencommands names it
  UnixRead,  // read-only, never over UDP
  Write,     // changes something, never over UDP
};

struct RequestRow {
  RequestCode code;
  std::uint16_t body;      // bytes after the header, without padding
  ReplyCode reply;         // on success
  ReplyCode oldest_reply;  // what the oldest client that we serve pads for (section 16.2); else as reply
  Access access;
};
// The row of a code, or null above the last known one.
const RequestRow* request_row(std::uint16_t code);
// Length of a whole reply; 0 for a code that we do not know.
std::size_t reply_length(std::uint16_t code);
// What a version 6 client sends: header, body, and padding up to the length of the reply.
std::size_t request_length(const RequestRow& row);
// The least that is accepted.
std::size_t least_request_length(const RequestRow& row);

// --- Primitive encodings (section 2) ---

// A number in 7 bits of exponent and 25 of coefficient (section 2.1).  NaN becomes 0, huge values saturate.
std::uint32_t encode_float(double value);
double decode_float(std::uint32_t word);

// The address of a source, or the number that stands for it while its name is not resolved, or neither.
struct SourceAddress {
  IpAddress ip;
  std::optional<std::uint32_t> unresolved_id;  // only where ip is not set

  SourceAddress() = default;
  SourceAddress(const IpAddress& address) : ip(address) {}
  static SourceAddress unresolved(std::uint32_t id);
  bool is_unspecified() const { return !ip.is_set() && !unresolved_id; }
  bool operator==(const SourceAddress&) const = default;
};
SourceAddress read_address(ByteReader& from);
void write_address(ByteWriter& into, const SourceAddress& address);

// Seconds since 1970 and nanoseconds, 0 … 999 999 999 (section 2.3).  Zero stands for "no time".
struct WireTime {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;

  template <class Scale>
  static WireTime from(TimePoint<Scale> t) {
    return {t.whole_seconds(), static_cast<std::uint32_t>(t.subsecond_nanos())};
  }
  bool operator==(const WireTime&) const = default;
};
WireTime read_time(ByteReader& from);
void write_time(ByteWriter& into, const WireTime& time);

// --- Requests (section 10) ---

struct NSourcesRequest {
  bool operator==(const NSourcesRequest&) const = default;
};
struct SourceDataRequest {
  std::int32_t index = 0;  // from 0; out of range gives NoSuchSource
  bool operator==(const SourceDataRequest&) const = default;
};
struct TrackingRequest {
  bool operator==(const TrackingRequest&) const = default;
};
struct SourcestatsRequest {
  std::int32_t index = 0;
  bool operator==(const SourcestatsRequest&) const = default;
};
struct ActivityRequest {
  bool operator==(const ActivityRequest&) const = default;
};
struct NtpSourceNameRequest {
  SourceAddress address;
  bool operator==(const NtpSourceNameRequest&) const = default;
};
// Known, allowed and of the right length, but without a codec here.
struct OtherRequest {
  RequestCode code = RequestCode::Null;
  bool operator==(const OtherRequest&) const = default;
};
using Request = std::variant<NSourcesRequest, SourceDataRequest, TrackingRequest, SourcestatsRequest, ActivityRequest,
                             NtpSourceNameRequest, OtherRequest>;
RequestCode code_of(const Request& request);

// --- Replies (section 12) ---

struct NSourcesReply {
  std::uint32_t count = 0;  // of all kinds, unresolved ones too
  bool operator==(const NSourcesReply&) const = default;
};

enum class SourceMode : std::uint16_t { Client = 0, Peer = 1, RefClock = 2 };
// Section 13.2 says which states of the selection these are.
enum class SourceStatus : std::uint16_t {
  Selected = 0,
  NotSelectable = 1,
  Falseticker = 2,
  Jittery = 3,
  Combined = 4,
  Selectable = 5,
};

struct SourceDataReply {
  SourceAddress address;      // of an NTP source; not used for a reference clock
  ntp::RefId ref_id;          // of a reference clock; not carried for an NTP source
  std::int16_t poll = 0;      // log2 of seconds
  std::uint16_t stratum = 0;  // of the source; 0 without a sample
  SourceStatus status = SourceStatus::NotSelectable;
  SourceMode mode = SourceMode::Client;
  std::uint16_t reachability = 0;       // shift register of 8 bits
  std::uint32_t since_sample = kNever;  // seconds
  Duration measured;                    // reference - local as it was measured; 0 without a sample
  Duration adjusted;                    // the same with what the clock was slewed since
  Duration error;                       // half the root delay + root dispersion of that sample
  bool operator==(const SourceDataReply&) const = default;
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

struct SourcestatsReply {
  ntp::RefId ref_id;      // of a reference clock; of an NTP source as in its address (section 13.8)
  SourceAddress address;  // unspecified for a reference clock
  std::uint32_t samples = 0;
  std::uint32_t runs = 0;
  std::uint32_t span_seconds = 0;
  Duration std_dev;
  double frequency_ppm = 0.0;  // residual; positive = the clock runs slow
  double skew_ppm = 0.0;
  Duration offset;  // reference - local
  Duration offset_error;
  bool operator==(const SourcestatsReply&) const = default;
};

struct ActivityReply {
  std::int32_t online = 0;
  std::int32_t offline = 0;
  std::int32_t burst_online = 0;
  std::int32_t burst_offline = 0;
  std::int32_t unresolved = 0;
  bool operator==(const ActivityReply&) const = default;
};

struct NtpSourceNameReply {
  std::string name;  // as configured, printable ASCII without spaces, at most 255 characters
  bool operator==(const NtpSourceNameReply&) const = default;
};

using ReplyBody = std::variant<std::monostate, NSourcesReply, SourceDataReply, TrackingReply, SourcestatsReply,
                               ActivityReply, NtpSourceNameReply>;
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
