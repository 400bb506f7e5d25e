// The reports that only timed has (control/own_reports.h), for people and as comma separated values; as JSON they are
// in own_json.h.  Lines end in a line break.
#ifndef TIMED_CLIENT_OWN_REPORTS_H_
#define TIMED_CLIENT_OWN_REPORTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "timed/client/fields.h"
#include "timed/control/own_reports.h"

namespace timed::client {

// In the order of the report.
std::vector<Counter> counters_of(const control::ServerVerdictsReply& report);
std::vector<Counter> counters_of(const control::NtsServerReply& report);
// Where the keys come from, in a word.
std::string_view origin_text(control::NtsServerReply::Origin origin);
// What was wrong with the last bad packet of a source in a word: the tests that it failed, such as "67", or "form",
// "mode", "late"; "-" for none.
std::string last_bad_text(const control::SourceVerdictsReply& report);
// "added", "kept" …
std::string_view change_text(control::ReloadChangeReply::Change change);
// "server", "peer", "pool"; "-" for none.
std::string_view kind_text(control::ReloadChangeReply::Kind kind);
// Why a line was refused, as a status says it; empty where it was not.
std::string_view refusal_text(const control::ReloadChangeReply& report);

// "smoother", "kalman_bank", "regression", "nothing".
std::string_view basis_text(control::SourceEstimatorReply::Basis basis);
// "hidden_noise"; empty where the basis is not the bank, or the daemon does not say why.
std::string_view bank_use_text(const control::SourceEstimatorReply& report);
// Whether deviations are told: the regression has none of these.
bool is_of_estimator(const control::SourceEstimatorReply& report);

namespace text {
std::string daemonstatus(const control::DaemonStatusReply& report);
std::string reloadstatus_header();
std::string reloadstatus_row(const control::ReloadChangeReply& report);
std::string serververdicts(const control::ServerVerdictsReply& report);
std::string ntsserver(const control::NtsServerReply& report);
// A caption says what the columns mean; it stands above the header.
std::string sourceverdicts_caption(bool wide);
std::string sourceverdicts_header(bool wide);
std::string sourceverdicts_row(const control::SourceVerdictsReply& report, std::string_view name, bool wide);
std::string estimators_caption(bool wide);
std::string estimators_header(bool wide);
std::string estimators_row(const control::SourceEstimatorReply& report, std::string_view name, bool wide);
}  // namespace text

namespace csv {
std::string daemonstatus(const control::DaemonStatusReply& report);
std::string reloadstatus_row(const control::ReloadChangeReply& report);
std::string serververdicts(const control::ServerVerdictsReply& report);
std::string sourceverdicts_row(const control::SourceVerdictsReply& report, std::string_view name);
std::string estimators_row(const control::SourceEstimatorReply& report, std::string_view name);
std::string ntsserver(const control::NtsServerReply& report);
}  // namespace csv

}  // namespace timed::client

#endif  // TIMED_CLIENT_OWN_REPORTS_H_
