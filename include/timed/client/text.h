// Reports as chronyc prints them for people.  Lines end in a line break.  The reports have our sign (reference -
// local), what is printed has chrony's (positive = the local clock is fast).
#ifndef TIMED_CLIENT_TEXT_H_
#define TIMED_CLIENT_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/control/protocol.h"

namespace timed::client::text {

std::string tracking(const control::TrackingReply& report, std::string_view name);

std::string activity(const control::ActivityReply& report);

std::string smoothing(const control::SmoothingReply& report);

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& report);

// The reply to a time that was typed in.
std::string settime(const control::ManualTimestampReply& report);

std::string serverstats(const control::ServerStatsReply& report);
std::string rtcdata(const control::RtcReply& report);
std::string ntpdata(const control::NtpDataReply& report);

}  // namespace timed::client::text

#endif  // TIMED_CLIENT_TEXT_H_
