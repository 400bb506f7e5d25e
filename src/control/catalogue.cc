#include "timed/control/catalogue.h"

#include <array>

namespace timed::control {
namespace {

constexpr RequestRow row(RequestCode code, int body, ReplyCode reply, Access access) {
  return {code, static_cast<std::uint16_t>(body), reply, reply, access};
}
constexpr RequestRow write(RequestCode code, int body) {
  return row(code, body, ReplyCode::Null, Access::Write);
}
constexpr RequestRow retired(RequestCode code) {
  return row(code, 0, ReplyCode::Null, Access::Retired);
}

using enum Access;
using Q = RequestCode;
using R = ReplyCode;

// By request_place().
constexpr std::array<RequestRow, kAllRequests> kRequests = {{
    retired(Q::Null),
    write(Q::Online, 40),
    write(Q::Offline, 40),
    write(Q::Burst, 48),
    write(Q::ModifyMinpoll, 24),
    write(Q::ModifyMaxpoll, 24),
    write(Q::Dump, 4),
    write(Q::ModifyMaxdelay, 24),
    write(Q::ModifyMaxdelayratio, 24),
    write(Q::ModifyMaxupdateskew, 4),
    retired(Q::Logon),
    row(Q::Settime, 12, R::ManualTimestamp2, Write),
    retired(Q::Local),
    write(Q::Manual, 4),
    row(Q::NSources, 0, R::NSources, Open),
    row(Q::SourceData, 4, R::SourceData, Open),
    write(Q::Rekey, 0),
    write(Q::Allow, 24),
    write(Q::AllowAll, 24),
    write(Q::Deny, 24),
    write(Q::DenyAll, 24),
    write(Q::CmdAllow, 24),
    write(Q::CmdAllowAll, 24),
    write(Q::CmdDeny, 24),
    write(Q::CmdDenyAll, 24),
    row(Q::Accheck, 20, R::Null, UnixRead),
    row(Q::CmdAccheck, 20, R::Null, UnixRead),
    retired(Q::AddServer),
    retired(Q::AddPeer),
    write(Q::DelSource, 20),
    write(Q::Writertc, 0),
    write(Q::Dfreq, 4),
    retired(Q::Doffset),
    row(Q::Tracking, 0, R::Tracking, Open),
    row(Q::Sourcestats, 4, R::Sourcestats, Open),
    row(Q::Rtcreport, 0, R::Rtc, Open),
    write(Q::Trimrtc, 0),
    write(Q::Cyclelogs, 0),
    retired(Q::SubnetsAccessed),
    retired(Q::ClientAccesses),
    retired(Q::ClientAccessesByIndex),
    row(Q::ManualList, 0, R::ManualList2, Open),
    write(Q::ManualDelete, 4),
    write(Q::Makestep, 0),
    row(Q::Activity, 0, R::Activity, Open),
    write(Q::ModifyMinstratum, 24),
    write(Q::ModifyPolltarget, 24),
    write(Q::ModifyMaxdelaydevratio, 24),
    write(Q::Reselect, 0),
    write(Q::Reselectdistance, 4),
    write(Q::ModifyMakestep, 8),
    row(Q::Smoothing, 0, R::Smoothing, Open),
    write(Q::Smoothtime, 4),
    write(Q::Refresh, 0),
    {Q::ServerStats, 0, R::ServerStats4, R::ServerStats2, Openable},
    retired(Q::ClientAccessesByIndex2),
    write(Q::Local2, 16),  // chrony up to 4.5; later ones send Local3
    {Q::NtpData, 20, R::NtpData2, R::NtpData, Openable},
    retired(Q::AddServer2),
    retired(Q::AddPeer2),
    retired(Q::AddServer3),
    retired(Q::AddPeer3),
    write(Q::Shutdown, 0),
    write(Q::Onoffline, 0),
    write(Q::AddSource, 352),
    row(Q::NtpSourceName, 20, R::NtpSourceName, Open),
    write(Q::ResetSources, 0),
    row(Q::AuthData, 20, R::AuthData, Openable),
    row(Q::ClientAccessesByIndex3, 16, R::ClientAccessesByIndex3, Openable),
    row(Q::SelectData, 4, R::SelectData, Openable),
    write(Q::ReloadSources, 0),
    write(Q::Doffset2, 4),
    write(Q::ModifySelectopts, 32),
    write(Q::ModifyOffset, 28),
    write(Q::Local3, 28),
    row(Q::DaemonStatus, 0, R::DaemonStatus, Openable),
    row(Q::ReloadChange, 4, R::ReloadChange, Openable),
    row(Q::ServerVerdicts, 0, R::ServerVerdicts, Openable),
    row(Q::SourceVerdicts, 4, R::SourceVerdicts, Openable),
    row(Q::NtsServer, 0, R::NtsServer, Openable),
    {Q::SourceEstimator, 4, R::SourceEstimator2, R::SourceEstimator, Openable},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRequests.size(); ++i) {
    if (request_place(static_cast<std::uint16_t>(kRequests[i].code)) != i) return false;
  }
  return true;
}
static_assert(in_order());

constexpr std::array<std::uint16_t, 27> kReplyLengths = {0, 28, 32,  76, 0,   104, 84, 56,  0,  0,  0,  0,   48, 52,
                                                         0, 0,  152, 40, 416, 284, 52, 520, 60, 76, 72, 196, 172};
constexpr std::array<std::uint16_t, 7> kOwnReplyLengths = {420, 456, 284, 140, 220, 156, 168};

std::size_t padded_length(const RequestRow& row, ReplyCode reply) {
  const std::size_t unpadded = kRequestHeader + row.body;
  const std::size_t answer = reply_length(static_cast<std::uint16_t>(reply));
  return unpadded > answer ? unpadded : answer;
}

constexpr std::array<std::string_view, 22> kStatusLines = {
    "200 OK",
    "500 Failure",
    "501 Not authorised",
    "502 Invalid command",
    "503 No such source",
    "504 Duplicate or stale logon detected",
    "505 Facility not enabled in daemon",
    "507 Bad subnet",
    "208 Access allowed",
    "209 Access denied",
    "510 No command access from this host",
    "511 Source already present",
    "512 Too many sources present",
    "513 RTC driver not running",
    "514 Can't write RTC parameters",
    "519 Client logging is not active in the daemon",
    "516 Sample index out of range",
    "515 Invalid address family",
    "517 Protocol version mismatch",
    "518 Packet length mismatch",
    "520 Got unexpected error from daemon",
    "521 Invalid name",
};

}  // namespace

const RequestRow* request_row(std::uint16_t code) {
  const auto place = request_place(code);
  return place ? &kRequests[*place] : nullptr;
}

std::size_t reply_length(std::uint16_t code) {
  if (code < kReplyLengths.size()) return kReplyLengths[code];
  const std::size_t own = std::size_t{code} - kFirstOwnCode;
  return code >= kFirstOwnCode && own < kOwnReplyLengths.size() ? kOwnReplyLengths[own] : 0;
}

std::size_t request_length(const RequestRow& row) {
  return padded_length(row, row.reply);
}

std::size_t least_request_length(const RequestRow& row) {
  return padded_length(row, row.oldest_reply);
}

std::string_view status_line(ReplyStatus status) {
  const auto code = static_cast<std::size_t>(status);
  return code < kStatusLines.size() ? kStatusLines[code] : "520 Got unexpected error from daemon";
}

}  // namespace timed::control
