// Reports as comma separated values, as chronyc -c prints them.
#ifndef TIMED_CLIENT_CSV_H_
#define TIMED_CLIENT_CSV_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/client/fields.h"
#include "timed/control/protocol.h"

namespace timed::client::csv {

std::string tracking(const control::TrackingReply& report, std::string_view name);
std::string sources_row(const control::SourceDataReply& report, std::string_view name);
std::string sourcestats_row(const control::SourcestatsReply& report, std::string_view name);
std::string selectdata_row(const control::SelectDataReply& report, std::string_view name);
std::string authdata_row(const control::AuthDataReply& report, std::string_view name);
std::string clients_row(const control::ClientAccessesReply::Client& client, std::string_view name,
                        ClientColumns columns);
std::string ntpdata(const control::NtpDataReply& report);
std::string serverstats(const control::ServerStatsReply& report);
std::string rtcdata(const control::RtcReply& report);
std::string manual_list(const control::ManualListReply& report);
std::string activity(const control::ActivityReply& report);
std::string smoothing(const control::SmoothingReply& report);
std::string waitsync(std::uint64_t attempt, const control::TrackingReply& report);

}  // namespace timed::client::csv

#endif  // TIMED_CLIENT_CSV_H_
