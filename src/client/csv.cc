#include "timed/client/csv.h"

#include <cmath>

#include "timed/auth/digest.h"
#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/names.h"

namespace timed::client::csv {
namespace {

std::string time_text(const control::WireTime& time) {
  return format("%lld.%09u", static_cast<long long>(time.seconds), time.nanoseconds);
}

// One field for each character.
std::string single(const std::string& characters) {
  std::string text;
  for (const char c : characters) text += std::string(text.empty() ? "" : ",") + c;
  return text;
}

}  // namespace

std::string tracking(const control::TrackingReply& r, std::string_view name) {
  return format("%08X,%s,%u,%s,%.9f,%.9f,%.9f,%.3f,%.3f,%.3f,%.9f,%.9f,%.1f,%s\n", r.ref_id.value,
                std::string(name).c_str(), unsigned{r.stratum}, time_text(r.ref_time).c_str(),
                r.correction.to_seconds(), -r.last_offset.to_seconds(), r.rms_offset.to_seconds(), -r.frequency_ppm,
                -r.residual_frequency_ppm, r.skew_ppm, r.root_delay.to_seconds(), r.root_dispersion.to_seconds(),
                r.update_interval.to_seconds(), std::string(leap_text(r.leap)).c_str());
}

std::string sources_row(const control::SourceDataReply& r, std::string_view name) {
  return format("%c,%c,%s,%d,%d,%o,%u,%.9f,%.9f,%.9f\n", mode_character(r.mode), status_character(r.status),
                std::string(name).c_str(), int{r.stratum}, int{r.poll}, unsigned{r.reachability}, r.since_sample,
                -r.adjusted.to_seconds(), -r.measured.to_seconds(), r.error.to_seconds());
}

std::string sourcestats_row(const control::SourcestatsReply& r, std::string_view name) {
  return format("%s,%u,%u,%u,%.3f,%.3f,%.9f,%.9f\n", std::string(name).c_str(), r.samples, r.runs, r.span_seconds,
                -r.frequency_ppm, r.skew_ppm, -r.offset.to_seconds(), r.std_dev.to_seconds());
}

std::string activity(const control::ActivityReply& r) {
  return format("%u,%u,%u,%u,%u\n", as_unsigned(r.online), as_unsigned(r.offline), as_unsigned(r.burst_online),
                as_unsigned(r.burst_offline), as_unsigned(r.unresolved));
}

std::string smoothing(const control::SmoothingReply& r) {
  return format("%s,%s,%.9f,%.6f,%.6f,%.1f,%.1f\n", yes_or_no(r.active), r.leap_only ? "(leap second only)" : "",
                r.offset.to_seconds(), r.frequency_ppm, r.wander_ppm, r.since_update.to_seconds(),
                r.remaining.to_seconds());
}

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& r) {
  return format("%llu,%08X,%.9f,%.3f\n", static_cast<unsigned long long>(attempt), r.ref_id.value,
                std::fabs(r.correction.to_seconds()), r.skew_ppm);
}

std::string selectdata_row(const control::SelectDataReply& r, std::string_view name) {
  return format("%c,%s,%c,%s,%s,%u,%.1f,%.9f,%.9f,%s\n", r.state, std::string(name).c_str(),
                r.authenticated ? 'Y' : 'N', single(marks_text(r.configured)).c_str(),
                single(marks_text(r.effective)).c_str(), r.since_sample, r.score, -r.high.to_seconds(),
                -r.low.to_seconds(), std::string(leap_text(r.leap)).c_str());
}

std::string authdata_row(const control::AuthDataReply& r, std::string_view name) {
  return format("%s,%s,%u,%u,%u,%u,%u,%u,%u,%u\n", std::string(name).c_str(),
                std::string(auth_mode_text(r.mode)).c_str(), r.key_id, unsigned{r.key_type}, unsigned{r.key_bits},
                r.since_establishment, unsigned{r.establishment_attempts}, unsigned{r.nak}, unsigned{r.cookies},
                unsigned{r.cookie_length});
}

std::string clients_row(const control::ClientAccessesReply::Client& r, std::string_view name, ClientColumns columns) {
  const bool commands = columns == ClientColumns::Commands;
  return format("%s,%u,%u,%d,%d,%u,%u,%u,%d,%u\n", std::string(name).c_str(), r.ntp_hits, r.ntp_drops,
                int{r.ntp_interval}, int{r.limited_interval}, r.since_ntp, commands ? r.cmd_hits : r.nke_hits,
                commands ? r.cmd_drops : r.nke_drops, int{commands ? r.cmd_interval : r.nke_interval},
                commands ? r.since_cmd : r.since_nke);
}

std::string serverstats(const control::ServerStatsReply& r) {
  return values_text(counters_of(r)) + "\n";
}

std::string rtcdata(const control::RtcReply& r) {
  return format("%s,%u,%u,%u,%.6f,%.3f\n", time_text(r.ref_time).c_str(), unsigned{r.samples}, unsigned{r.runs},
                r.span_seconds, r.fast.to_seconds(), r.gain_ppm);
}

std::string ntpdata(const control::NtpDataReply& r) {
  std::string out = format("%s,%08X,%u,%s,%08X,", address_text(r.remote).c_str(), auth::ref_id_of(r.remote.ip).value,
                           unsigned{r.remote_port}, address_text(r.local).c_str(), auth::ref_id_of(r.local.ip).value);
  out += format("%s,%u,%s,%u,%d,%.0f,%d,%.9f,", std::string(leap_text(r.leap)).c_str(), unsigned{r.version},
                std::string(ntp_mode_text(r.mode)).c_str(), unsigned{r.stratum}, int{r.poll}, power_of_two(r.poll),
                int{r.precision}, power_of_two(r.precision));
  out += format("%.6f,%.6f,%08X,%s,%s,", r.root_delay.to_seconds(), r.root_dispersion.to_seconds(), r.ref_id.value,
                r.stratum <= 1 ? ref_id_text(r.ref_id).c_str() : "", time_text(r.ref_time).c_str());
  out += format("%.9f,%.9f,%.9f,%.9f,%.2f,", r.offset.to_seconds(), r.peer_delay.to_seconds(),
                r.peer_dispersion.to_seconds(), r.response_time.to_seconds(), r.jitter_asymmetry);
  out += format("%s,%s,%s,%s,%s,", tests_text(r.flags, ',').c_str(),
                yes_or_no((r.flags & control::NtpDataReply::kInterleaved) != 0),
                yes_or_no((r.flags & control::NtpDataReply::kAuthenticated) != 0),
                std::string(stamp_text(r.transmit_stamp)).c_str(), std::string(stamp_text(r.receive_stamp)).c_str());
  out += format("%u,%u,%u,%u", r.sent, r.received, r.valid, r.good);
  if (!r.old) {
    out += format(",%u,%u,%u,%u", r.kernel_sent, r.kernel_received, r.hardware_sent, r.hardware_received);
  }
  return out + "\n";
}

std::string manual_list(const control::ManualListReply& r) {
  std::string out;
  std::size_t index = 0;
  for (const auto& entry : r.entries) {
    out += format("%zu,%s,%.2f,%.2f,%.2f\n", index++, timestamp_text(entry.when).c_str(), -entry.slewed.to_seconds(),
                  -entry.original.to_seconds(), -entry.residual.to_seconds());
  }
  return out;
}

}  // namespace timed::client::csv
