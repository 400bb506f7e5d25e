#include "timed/client/own_json.h"

#include <array>

#include "json_fields.h"
#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/own_reports.h"

namespace timed::client::json {

std::string serververdicts(const control::ServerVerdictsReply& r) {
  return written(counted(counters_of(r)));
}

std::string ntsserver(const control::NtsServerReply& r) {
  const bool has_keys = r.origin != control::NtsServerReply::Origin::None;
  Json keys = Json::array();
  for (const auto& key : r.keys) {
    if (has_keys) keys.push_back(Json{{"id", format("%08X", key.id)}, {"aead", key.aead}});
  }
  return written({{"serves", r.serves},
                  {"establishes", r.establishes},
                  {"keys_origin", has_keys ? Json(origin_text(r.origin)) : Json(nullptr)},
                  {"keys", keys},
                  {"newest_key_s", age(r.key_age)},
                  {"next_change_s", age(r.next_change)},
                  {"connections", r.connections},
                  {"counts", counted(counters_of(r))}});
}

std::string daemonstatus(const control::DaemonStatusReply& r) {
  return written({{"version", r.version},
                  {"configuration", text_or_null(r.config_file)},
                  {"started_s", time(r.started)},
                  {"uptime_s", r.uptime_seconds},
                  {"steers_clock", r.steers},
                  {"serves", r.serves},
                  {"own_steps", r.own_steps},
                  {"other_steps", r.other_steps},
                  {"sleeps", r.sleeps},
                  {"standstills", r.standstills},
                  {"pauses", r.pauses},
                  {"longest_timer_delay_s", seconds(r.longest_delay)},
                  {"since_incident_s", age(r.since_incident)},
                  {"since_reload_s", age(r.since_reload)},
                  {"sources_kept", r.kept},
                  {"sources_added", r.added},
                  {"sources_removed", r.removed},
                  {"sources_refused", r.refused},
                  {"lines_passed_over", r.passed_over}});
}

std::string reloadstatus_row(const control::ReloadChangeReply& r) {
  const bool is_source = r.kind != control::ReloadChangeReply::Kind::None;
  return written({{"change", change_text(r.change)},
                  {"kind", is_source ? Json(kind_text(r.kind)) : Json(nullptr)},
                  {"name", text_or_null(r.name)},
                  {"reason", text_or_null(refusal_text(r))},
                  {"file", text_or_null(r.file)},
                  {"line", r.line == 0 ? Json(nullptr) : Json(r.line)}});
}

std::string sourceverdicts_row(const control::SourceVerdictsReply& r, std::string_view name) {
  constexpr std::array<const char*, control::SourceVerdictsReply::kVerdicts> kNames = {
      "malformed", "wrong_mode", "not_expected", "unsynchronised", "rejected", "good"};
  Json verdicts, failed;
  for (std::size_t i = 0; i < kNames.size(); ++i) verdicts[kNames[i]] = r.verdicts[i];
  for (std::size_t i = 0; i < kTests.size(); ++i) failed[kTests[i]] = r.failed[i];
  Json last_failed = Json::array();
  for (std::size_t i = 0; i < kTests.size(); ++i) {
    if ((r.last_failed >> (kTests.size() - 1 - i) & 1) != 0) last_failed.push_back(kTests[i]);
  }
  return written({{"name", name},
                  {"address", address(r.address)},
                  {"sent", r.sent},
                  {"unsent", r.unsent},
                  {"received", r.received},
                  {"verdicts", verdicts},
                  {"failed_tests", failed},
                  {"late", r.late},
                  {"kisses_of_death", r.kisses},
                  {"last_bad", r.last_verdict ? nth(kNames, static_cast<std::size_t>(*r.last_verdict)) : Json(nullptr)},
                  {"last_bad_tests", last_failed},
                  {"since_last_bad_s", age(r.since_last)}});
}

std::string estimators_row(const control::SourceEstimatorReply& r, std::string_view name) {
  const bool known = is_of_estimator(r);
  const auto if_known = [known](double value) { return known ? Json(value) : Json(nullptr); };
  return written({{"name", name},
                  {"address", address(r.address)},
                  {"estimator", r.bayes ? "bayes" : "regression"},
                  {"basis", basis_text(r.basis)},
                  {"samples", r.samples},
                  {"recent_samples", r.recent},
                  {"offset_sd_s", if_known(r.offset_sd.to_seconds())},
                  {"frequency_sd_ppm", if_known(r.frequency_sd_ppm)},
                  {"wander", if_known(r.wander)},
                  {"noise_sd_s", if_known(r.noise_sd.to_seconds())},
                  {"base_delay_s", if_known(r.base_delay.to_seconds())},
                  {"jitter_asymmetry", if_known(r.asymmetry)},
                  {"updates", r.updates},
                  {"runs", r.runs},
                  {"rounds", r.rounds},
                  {"rejected_runs", r.rejected},
                  {"fallbacks", r.fallbacks},
                  {"route_changes", r.route_moves},
                  {"refused_samples", r.refused},
                  {"frequency_jumps", r.jumps},
                  {"held_back_samples", r.held_back},
                  {"bank_use", text_or_null(bank_use_text(r))},
                  {"times_lost", r.old ? Json(nullptr) : Json(r.begun_anew)}});
}

}  // namespace timed::client::json
