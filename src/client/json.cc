#include "timed/client/json.h"

#include <array>

#include "json_fields.h"
#include "timed/auth/digest.h"
#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/names.h"

namespace timed::client::json {
namespace {

Json exponent(std::int8_t log2_s) {
  return log2_s == control::ClientAccessesReply::kNoInterval ? Json(nullptr) : Json(int{log2_s});
}

Json leap(unsigned leap) {
  return nth<4>({"none", "insert", "delete", "unsynchronised"}, leap);
}

Json marks(unsigned bits) {
  constexpr std::array<const char*, 4> kNames = {"noselect", "prefer", "trust", "require"};
  Json list = Json::array();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((bits >> i & 1) != 0) list.push_back(kNames[i]);
  }
  return list;
}

Json stamped_by(char stamp) {
  switch (stamp) {
    case 'D':
      return "daemon";
    case 'K':
      return "kernel";
    case 'H':
      return "hardware";
    default:
      return nullptr;
  }
}

Json ntp_mode(unsigned mode) {
  switch (mode) {
    case 1:
      return "symmetric active";
    case 2:
      return "symmetric passive";
    case 4:
      return "server";
    default:
      return nullptr;
  }
}

Json tests(unsigned flags) {
  Json results;
  for (std::size_t i = 0; i < kTests.size(); ++i) results[kTests[i]] = (flags >> (9 - i) & 1) != 0;
  return results;
}

Json end_of(const control::SourceAddress& end) {
  return Json{{"address", address(end)}, {"reference_id", hexadecimal(auth::ref_id_of(end.ip))}};
}

}  // namespace

std::string tracking(const control::TrackingReply& r, std::string_view name) {
  return written({{"reference_id", hexadecimal(r.ref_id)},
                  {"name", name},
                  {"address", address(r.address)},
                  {"stratum", r.stratum},
                  {"reference_time_s", time(r.ref_time)},
                  {"correction_s", seconds(r.correction)},
                  {"last_offset_s", seconds(-r.last_offset)},
                  {"rms_offset_s", seconds(r.rms_offset)},
                  {"frequency_ppm", -r.frequency_ppm},
                  {"residual_frequency_ppm", -r.residual_frequency_ppm},
                  {"skew_ppm", r.skew_ppm},
                  {"root_delay_s", seconds(r.root_delay)},
                  {"root_dispersion_s", seconds(r.root_dispersion)},
                  {"update_interval_s", seconds(r.update_interval)},
                  {"leap", leap(r.leap)}});
}

std::string sources_row(const control::SourceDataReply& r, std::string_view name) {
  const bool is_clock = r.mode == control::SourceMode::RefClock;
  return written({{"name", name},
                  {"address", is_clock ? Json(nullptr) : address(r.address)},
                  {"mode", nth<3>({"server", "peer", "refclock"}, static_cast<std::size_t>(r.mode))},
                  {"state", nth<6>({"selected", "unselectable", "falseticker", "jittery", "combined", "selectable"},
                                   static_cast<std::size_t>(r.status))},
                  {"stratum", r.stratum},
                  {"poll_log2_s", r.poll},
                  {"reach", r.reachability},
                  {"since_sample_s", age(r.since_sample)},
                  {"adjusted_offset_s", seconds(-r.adjusted)},
                  {"measured_offset_s", seconds(-r.measured)},
                  {"error_s", seconds(r.error)}});
}

std::string sourcestats_row(const control::SourcestatsReply& r, std::string_view name) {
  return written({{"name", name},
                  {"address", address(r.address)},
                  {"reference_id", hexadecimal(r.ref_id)},
                  {"samples", r.samples},
                  {"runs", r.runs},
                  {"span_s", r.span_seconds},
                  {"frequency_ppm", -r.frequency_ppm},
                  {"skew_ppm", r.skew_ppm},
                  {"offset_s", seconds(-r.offset)},
                  {"offset_error_s", seconds(r.offset_error)},
                  {"standard_deviation_s", seconds(r.std_dev)}});
}

std::string selectdata_row(const control::SelectDataReply& r, std::string_view name) {
  return written({{"name", name},
                  {"address", address(r.address)},
                  {"reference_id", hexadecimal(r.ref_id)},
                  {"state", std::string(1, r.state)},
                  {"authenticated", r.authenticated},
                  {"configured_options", marks(r.configured)},
                  {"effective_options", marks(r.effective)},
                  {"since_sample_s", age(r.since_sample)},
                  {"score", r.score},
                  {"low_offset_s", seconds(-r.high)},
                  {"high_offset_s", seconds(-r.low)},
                  {"leap", leap(r.leap)}});
}

std::string authdata_row(const control::AuthDataReply& r, const control::SourceAddress& source, std::string_view name) {
  return written({{"name", name},
                  {"address", address(source)},
                  {"mode", nth<3>({"none", "symmetric", "nts"}, static_cast<std::size_t>(r.mode))},
                  {"key_id", r.key_id},
                  {"key_type", r.key_type},
                  {"key_bits", r.key_bits},
                  {"since_establishment_s", age(r.since_establishment)},
                  {"establishment_attempts", r.establishment_attempts},
                  {"nak", r.nak != 0},
                  {"cookies", r.cookies},
                  {"cookie_octets", r.cookie_length}});
}

std::string clients_row(const control::ClientAccessesReply::Client& r, std::string_view name) {
  const auto service = [](std::uint32_t hits, std::uint32_t drops, std::int8_t interval, std::uint32_t since) {
    return Json{
        {"received", hits}, {"dropped", drops}, {"interval_log2_s", exponent(interval)}, {"since_s", age(since)}};
  };
  Json ntp = service(r.ntp_hits, r.ntp_drops, r.ntp_interval, r.since_ntp);
  ntp["limited_interval_log2_s"] = exponent(r.limited_interval);
  return written({{"name", name},
                  {"address", address(r.address)},
                  {"ntp", ntp},
                  {"nts_ke", service(r.nke_hits, r.nke_drops, r.nke_interval, r.since_nke)},
                  {"commands", service(r.cmd_hits, r.cmd_drops, r.cmd_interval, r.since_cmd)}});
}

std::string ntpdata(const control::NtpDataReply& r) {
  Json counters{{"sent", r.sent}, {"received", r.received}, {"valid", r.valid}, {"good", r.good}};
  if (!r.old) {
    counters.update({{"kernel_sent_stamps", r.kernel_sent},
                     {"kernel_received_stamps", r.kernel_received},
                     {"hardware_sent_stamps", r.hardware_sent},
                     {"hardware_received_stamps", r.hardware_received}});
  }
  return written({{"remote", end_of(r.remote)},
                  {"remote_port", r.remote_port},
                  {"local", end_of(r.local)},
                  {"leap", leap(r.leap)},
                  {"version", r.version},
                  {"mode", ntp_mode(r.mode)},
                  {"stratum", r.stratum},
                  {"poll_log2_s", int{r.poll}},
                  {"precision_log2_s", int{r.precision}},
                  {"root_delay_s", seconds(r.root_delay)},
                  {"root_dispersion_s", seconds(r.root_dispersion)},
                  {"reference_id", hexadecimal(r.ref_id)},
                  {"reference_time_s", time(r.ref_time)},
                  {"offset_s", seconds(r.offset)},
                  {"peer_delay_s", seconds(r.peer_delay)},
                  {"peer_dispersion_s", seconds(r.peer_dispersion)},
                  {"response_time_s", seconds(r.response_time)},
                  {"jitter_asymmetry", r.jitter_asymmetry},
                  {"tests", tests(r.flags)},
                  {"interleaved", (r.flags & control::NtpDataReply::kInterleaved) != 0},
                  {"authenticated", (r.flags & control::NtpDataReply::kAuthenticated) != 0},
                  {"transmit_stamp", stamped_by(r.transmit_stamp)},
                  {"receive_stamp", stamped_by(r.receive_stamp)},
                  {"packets", counters}});
}

std::string serverstats(const control::ServerStatsReply& r) {
  return written(counted(counters_of(r)));
}

std::string rtcdata(const control::RtcReply& r) {
  return written({{"reference_time_s", time(r.ref_time)},
                  {"samples", r.samples},
                  {"runs", r.runs},
                  {"span_s", r.span_seconds},
                  {"fast_s", seconds(r.fast)},
                  {"gain_ppm", r.gain_ppm}});
}

std::string manual_list(const control::ManualListReply& r) {
  Json list = Json::array();
  for (const auto& entry : r.entries) {
    list.push_back({{"index", list.size()},
                    {"time_s", time(entry.when)},
                    {"slewed_offset_s", seconds(-entry.slewed)},
                    {"original_offset_s", seconds(-entry.original)},
                    {"residual_s", seconds(-entry.residual)}});
  }
  return written(list);
}

std::string settime(const control::ManualTimestampReply& r) {
  return written({{"offset_s", seconds(-r.offset)},
                  {"frequency_change_ppm", -r.frequency_ppm},
                  {"frequency_ppm", -r.absolute_ppm}});
}

std::string activity(const control::ActivityReply& r) {
  return written({{"online", r.online},
                  {"offline", r.offline},
                  {"burst_online", r.burst_online},
                  {"burst_offline", r.burst_offline},
                  {"unresolved", r.unresolved}});
}

std::string smoothing(const control::SmoothingReply& r) {
  return written({{"active", r.active},
                  {"leap_only", r.leap_only},
                  {"offset_s", seconds(r.offset)},
                  {"frequency_ppm", r.frequency_ppm},
                  {"wander_ppm_per_s", r.wander_ppm},
                  {"since_update_s", seconds(r.since_update)},
                  {"remaining_s", seconds(r.remaining)}});
}

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& r) {
  return written({{"try", attempt},
                  {"reference_id", hexadecimal(r.ref_id)},
                  {"correction_s", std::fabs(r.correction.to_seconds())},
                  {"skew_ppm", r.skew_ppm}});
}

std::string sourcename(const control::SourceAddress& source, std::string_view name) {
  return written({{"address", address(source)}, {"name", name}});
}

std::string status(std::string_view line) {
  const auto number = parse_integer_prefix(line);
  const std::size_t length = number ? number->length : 0;
  const std::size_t begin = line.find_first_not_of(' ', length);
  const std::string_view text = begin == std::string_view::npos ? std::string_view() : line.substr(begin);
  return written({{"status", number ? Json(number->value) : Json(nullptr)}, {"text", text}});
}

std::string array(std::span<const std::string> objects) {
  std::string text = "[";
  for (const std::string& object : objects) {
    if (text.size() > 1) text += ',';
    text += object;
  }
  return text += ']';
}

}  // namespace timed::client::json
