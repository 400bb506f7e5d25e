// Reports as comma separated values, as chronyc -c prints them (spec config.md 4.3, "CSV mode").
#ifndef TIMED_CLIENT_CSV_H_
#define TIMED_CLIENT_CSV_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/control/protocol.h"

namespace timed::client::csv {

std::string tracking(const control::TrackingReply& report, std::string_view name);
std::string sources_row(const control::SourceDataReply& report, std::string_view name);
std::string sourcestats_row(const control::SourcestatsReply& report, std::string_view name);
std::string activity(const control::ActivityReply& report);
std::string smoothing(const control::SmoothingReply& report);
std::string waitsync(std::uint64_t attempt, const control::TrackingReply& report);

}  // namespace timed::client::csv

#endif  // TIMED_CLIENT_CSV_H_
