// Reports as JSON objects, one a report or a row, for programs (docs/json.md).  Numbers are those of the CSV reports,
// signs too, but not rounded; what is not known is null.
#ifndef TIMED_CLIENT_JSON_H_
#define TIMED_CLIENT_JSON_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "timed/control/protocol.h"

namespace timed::client::json {

std::string tracking(const control::TrackingReply& report, std::string_view name);
std::string sources_row(const control::SourceDataReply& report, std::string_view name);
std::string sourcestats_row(const control::SourcestatsReply& report, std::string_view name);
std::string selectdata_row(const control::SelectDataReply& report, std::string_view name);
// address: of the source, which its report does not name.
std::string authdata_row(const control::AuthDataReply& report, const control::SourceAddress& address,
                         std::string_view name);
std::string clients_row(const control::ClientAccessesReply::Client& client, std::string_view name);
std::string ntpdata(const control::NtpDataReply& report);
std::string serverstats(const control::ServerStatsReply& report);
std::string rtcdata(const control::RtcReply& report);
std::string manual_list(const control::ManualListReply& report);
std::string settime(const control::ManualTimestampReply& report);
std::string activity(const control::ActivityReply& report);
std::string smoothing(const control::SmoothingReply& report);
std::string waitsync(std::uint64_t attempt, const control::TrackingReply& report);
std::string sourcename(const control::SourceAddress& address, std::string_view name);

// A line that begins with the number of a status, such as "501 Not authorised".
std::string status(std::string_view line);
// An array of objects that were made here.
std::string array(std::span<const std::string> objects);

}  // namespace timed::client::json

#endif  // TIMED_CLIENT_JSON_H_
