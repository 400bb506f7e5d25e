#include "timed/client/text.h"

#include <cmath>

#include "timed/auth/digest.h"
#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/names.h"

namespace timed::client::text {
namespace {

std::string ntpdata_packet(const control::NtpDataReply& r) {
  std::string out;
  out += format("Remote address  : %s (%s)\n", address_text(r.remote).c_str(),
                hexadecimal(auth::ref_id_of(r.remote.ip)).c_str());
  out += format("Remote port     : %u\n", unsigned{r.remote_port});
  out += format("Local address   : %s (%s)\n", address_text(r.local).c_str(),
                hexadecimal(auth::ref_id_of(r.local.ip)).c_str());
  out += format("Leap status     : %s\n", std::string(leap_text(r.leap)).c_str());
  out += format("Version         : %u\n", unsigned{r.version});
  out += format("Mode            : %s\n", std::string(ntp_mode_text(r.mode)).c_str());
  out += format("Stratum         : %u\n", unsigned{r.stratum});
  out += format("Poll interval   : %d (%.0f seconds)\n", int{r.poll}, power_of_two(r.poll));
  out += format("Precision       : %d (%.9f seconds)\n", int{r.precision}, power_of_two(r.precision));
  out += format("Root delay      : %.6f seconds\n", r.root_delay.to_seconds());
  out += format("Root dispersion : %.6f seconds\n", r.root_dispersion.to_seconds());
  out += format("Reference ID    : %s (%s)\n", hexadecimal(r.ref_id).c_str(),
                r.stratum <= 1 ? ref_id_text(r.ref_id).c_str() : "");
  out += format("Reference time  : %s\n", date_text(r.ref_time).c_str());
  return out;
}

std::string ntpdata_measurement(const control::NtpDataReply& r) {
  std::string out;
  out += format("Offset          : %+.9f seconds\n", r.offset.to_seconds());
  out += format("Peer delay      : %.9f seconds\n", r.peer_delay.to_seconds());
  out += format("Peer dispersion : %.9f seconds\n", r.peer_dispersion.to_seconds());
  out += format("Response time   : %.9f seconds\n", r.response_time.to_seconds());
  out += format("Jitter asymmetry: %+.2f\n", r.jitter_asymmetry);
  out += format("NTP tests       : %s\n", tests_text(r.flags, ' ').c_str());
  out += format("Interleaved     : %s\n", yes_or_no((r.flags & control::NtpDataReply::kInterleaved) != 0));
  out += format("Authenticated   : %s\n", yes_or_no((r.flags & control::NtpDataReply::kAuthenticated) != 0));
  out += format("TX timestamping : %s\n", std::string(stamp_text(r.transmit_stamp)).c_str());
  out += format("RX timestamping : %s\n", std::string(stamp_text(r.receive_stamp)).c_str());
  return out;
}

std::string ntpdata_counters(const control::NtpDataReply& r) {
  std::string out;
  out += format("Total TX        : %u\n", r.sent);
  out += format("Total RX        : %u\n", r.received);
  out += format("Total valid RX  : %u\n", r.valid);
  out += format("Total good RX   : %u\n", r.good);
  if (r.old) return out;
  out += format("Total kernel TX : %u\n", r.kernel_sent);
  out += format("Total kernel RX : %u\n", r.kernel_received);
  out += format("Total HW TX     : %u\n", r.hardware_sent);
  out += format("Total HW RX     : %u\n", r.hardware_received);
  return out;
}

}  // namespace

std::string tracking(const control::TrackingReply& r, std::string_view name) {
  const double correction_s = r.correction.to_seconds();
  const double fast_ppm = -r.frequency_ppm;
  std::string out;
  out += format("Reference ID    : %08X (%s)\n", r.ref_id.value, std::string(name).c_str());
  out += format("Stratum         : %u\n", unsigned{r.stratum});
  out += format("Ref time (UTC)  : %s\n", date_text(r.ref_time).c_str());
  out += format("System time     : %.9f seconds %s of NTP time\n", std::fabs(correction_s),
                correction_s > 0.0 ? "slow" : "fast");
  out += format("Last offset     : %+.9f seconds\n", -r.last_offset.to_seconds());
  out += format("RMS offset      : %.9f seconds\n", r.rms_offset.to_seconds());
  out += format("Frequency       : %.3f ppm %s\n", std::fabs(fast_ppm), fast_ppm > 0.0 ? "fast" : "slow");
  out += format("Residual freq   : %+.3f ppm\n", -r.residual_frequency_ppm);
  out += format("Skew            : %.3f ppm\n", r.skew_ppm);
  out += format("Root delay      : %.9f seconds\n", r.root_delay.to_seconds());
  out += format("Root dispersion : %.9f seconds\n", r.root_dispersion.to_seconds());
  out += format("Update interval : %.1f seconds\n", r.update_interval.to_seconds());
  out += format("Leap status     : %s\n", std::string(leap_text(r.leap)).c_str());
  return out;
}

std::string activity(const control::ActivityReply& r) {
  return format(
      "200 OK\n"
      "%u sources online\n"
      "%u sources offline\n"
      "%u sources doing burst (return to online)\n"
      "%u sources doing burst (return to offline)\n"
      "%u sources with unknown address\n",
      as_unsigned(r.online), as_unsigned(r.offline), as_unsigned(r.burst_online), as_unsigned(r.burst_offline),
      as_unsigned(r.unresolved));
}

std::string smoothing(const control::SmoothingReply& r) {
  std::string out;
  out += format("Active         : %s %s\n", r.active ? "Yes" : "No", r.leap_only ? "(leap second only)" : "");
  out += format("Offset         : %+.9f seconds\n", r.offset.to_seconds());
  out += format("Frequency      : %+.6f ppm\n", r.frequency_ppm);
  out += format("Wander         : %+.6f ppm per second\n", r.wander_ppm);
  out += format("Last update    : %.1f seconds ago\n", r.since_update.to_seconds());
  out += format("Remaining time : %.1f seconds\n", r.remaining.to_seconds());
  return out;
}

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& r) {
  return format("try: %llu, refid: %08X, correction: %.9f, skew: %.3f\n", static_cast<unsigned long long>(attempt),
                r.ref_id.value, std::fabs(r.correction.to_seconds()), r.skew_ppm);
}

std::string settime(const control::ManualTimestampReply& r) {
  return format("Clock was %.2f seconds fast.  Frequency change = %.2fppm, new frequency = %.2fppm\n",
                -r.offset.to_seconds(), -r.frequency_ppm, -r.absolute_ppm);
}

std::string serverstats(const control::ServerStatsReply& r) {
  std::string out;
  for (const Counter& counter : counters_of(r)) {
    out += format("%-27s: %llu\n", counter.label, static_cast<unsigned long long>(counter.value));
  }
  return out;
}

std::string rtcdata(const control::RtcReply& r) {
  std::string out;
  out += format("RTC ref time (UTC) : %s\n", date_text(r.ref_time).c_str());
  out += format("Number of samples  : %u\n", unsigned{r.samples});
  out += format("Number of runs     : %u\n", unsigned{r.runs});
  out += format("Sample span period : %s\n", interval(r.span_seconds).c_str());
  out += format("RTC is fast by     : %12.6f seconds\n", r.fast.to_seconds());
  out += format("RTC gains time at  : %9.3f ppm\n", r.gain_ppm);
  return out;
}

std::string ntpdata(const control::NtpDataReply& r) {
  return ntpdata_packet(r) + ntpdata_measurement(r) + ntpdata_counters(r);
}

}  // namespace timed::client::text
