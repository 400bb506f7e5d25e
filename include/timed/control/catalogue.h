// Every request, reply and status of the protocol by its number: lengths, classes, texts.
#ifndef TIMED_CONTROL_CATALOGUE_H_
#define TIMED_CONTROL_CATALOGUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

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
  // Our own (docs/control-protocol.md).
  DaemonStatus = 0x4000,
  ReloadChange = 0x4001,
  ServerVerdicts = 0x4002,
  SourceVerdicts = 0x4003,
  NtsServer = 0x4004,
  SourceEstimator = 0x4005,
};
inline constexpr std::size_t kRequestCodes = 75;        // of chrony
inline constexpr std::uint16_t kFirstOwnCode = 0x4000;  // of requests and of replies
inline constexpr std::size_t kOwnCodes = 6;             // of requests
// All requests in one row, those of our own behind chrony's; empty for a code that is neither.
inline constexpr std::size_t kAllRequests = kRequestCodes + kOwnCodes;
constexpr std::optional<std::size_t> request_place(std::uint16_t code) {
  if (code < kRequestCodes) return code;
  if (code < kFirstOwnCode || code - kFirstOwnCode >= static_cast<int>(kOwnCodes)) return std::nullopt;
  return kRequestCodes + (code - kFirstOwnCode);
}

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
  DaemonStatus = 0x4000,
  ReloadChange = 0x4001,
  ServerVerdicts = 0x4002,
  SourceVerdicts = 0x4003,
  NtsServer = 0x4004,
  SourceEstimator = 0x4005,
  SourceEstimator2 = 0x4006,
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

// Who may send a request.
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
  ReplyCode oldest_reply;  // what the oldest client that we serve pads for; else as reply
  Access access;
};
// The row of a code, or null for one that nobody knows.
const RequestRow* request_row(std::uint16_t code);
// Length of a whole reply; 0 for a code that we do not know.
std::size_t reply_length(std::uint16_t code);
// What a version 6 client sends: header, body, and padding up to the length of the reply.
std::size_t request_length(const RequestRow& row);
// The least that is accepted.
std::size_t least_request_length(const RequestRow& row);

}  // namespace timed::control

#endif  // TIMED_CONTROL_CATALOGUE_H_
