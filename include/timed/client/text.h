// Reports as chronyc prints them for people (spec config.md 4.4).  Lines end in a line break.
// The reports have our sign (reference - local), what is printed has chrony's (positive = the local clock is fast).
#ifndef TIMED_CLIENT_TEXT_H_
#define TIMED_CLIENT_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/control/protocol.h"

namespace timed::client::text {

std::string tracking(const control::TrackingReply& report, std::string_view name);

// What the columns mean, above the header.
std::string sources_caption(bool wide);
std::string sources_header(bool wide);
std::string sources_row(const control::SourceDataReply& report, std::string_view name, bool wide);

std::string sourcestats_caption(bool wide);
std::string sourcestats_header(bool wide);
std::string sourcestats_row(const control::SourcestatsReply& report, std::string_view name, bool wide);

std::string activity(const control::ActivityReply& report);

std::string smoothing(const control::SmoothingReply& report);

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& report);

// The characters of the first two columns of a sources row; a blank for a value that is not known.
char mode_character(control::SourceMode mode);
char status_character(control::SourceStatus status);

}  // namespace timed::client::text

#endif  // TIMED_CLIENT_TEXT_H_
