#include "timed/client/csv.h"

#include <cmath>

#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/text.h"

namespace timed::client::csv {

std::string tracking(const control::TrackingReply& r, std::string_view name) {
  return format("%08X,%s,%u,%lld.%09u,%.9f,%.9f,%.9f,%.3f,%.3f,%.3f,%.9f,%.9f,%.1f,%s\n", r.ref_id.value,
                std::string(name).c_str(), unsigned{r.stratum}, static_cast<long long>(r.ref_time.seconds),
                r.ref_time.nanoseconds, r.correction.to_seconds(), -r.last_offset.to_seconds(),
                r.rms_offset.to_seconds(), -r.frequency_ppm, -r.residual_frequency_ppm, r.skew_ppm,
                r.root_delay.to_seconds(), r.root_dispersion.to_seconds(), r.update_interval.to_seconds(),
                std::string(leap_text(r.leap)).c_str());
}

std::string sources_row(const control::SourceDataReply& r, std::string_view name) {
  return format("%c,%c,%s,%d,%d,%o,%u,%.9f,%.9f,%.9f\n", text::mode_character(r.mode), text::status_character(r.status),
                std::string(name).c_str(), int{r.stratum}, int{r.poll}, unsigned{r.reachability}, r.since_sample,
                -r.adjusted.to_seconds(), -r.measured.to_seconds(), r.error.to_seconds());
}

std::string sourcestats_row(const control::SourcestatsReply& r, std::string_view name) {
  return format("%s,%u,%u,%u,%.3f,%.3f,%.9f,%.9f\n", std::string(name).c_str(), r.samples, r.runs, r.span_seconds,
                -r.frequency_ppm, r.skew_ppm, -r.offset.to_seconds(), r.std_dev.to_seconds());
}

std::string activity(const control::ActivityReply& r) {
  return format("%d,%d,%d,%d,%d\n", r.online, r.offline, r.burst_online, r.burst_offline, r.unresolved);
}

std::string smoothing(const control::SmoothingReply& r) {
  return format("%s,%s,%.9f,%.6f,%.6f,%.1f,%.1f\n", r.active ? "Yes" : "No", r.leap_only ? "(leap second only)" : "",
                r.offset.to_seconds(), r.frequency_ppm, r.wander_ppm, r.since_update.to_seconds(),
                r.remaining.to_seconds());
}

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& r) {
  return format("%llu,%08X,%.9f,%.3f\n", static_cast<unsigned long long>(attempt), r.ref_id.value,
                std::fabs(r.correction.to_seconds()), r.skew_ppm);
}

}  // namespace timed::client::csv
