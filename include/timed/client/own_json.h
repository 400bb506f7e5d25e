// The reports that only timed has as JSON objects, by the rules of json.h.
#ifndef TIMED_CLIENT_OWN_JSON_H_
#define TIMED_CLIENT_OWN_JSON_H_

#include <string>
#include <string_view>

#include "timed/control/own_reports.h"

namespace timed::client::json {

std::string daemonstatus(const control::DaemonStatusReply& report);
std::string reloadstatus_row(const control::ReloadChangeReply& report);
std::string serververdicts(const control::ServerVerdictsReply& report);
std::string ntsserver(const control::NtsServerReply& report);
std::string sourceverdicts_row(const control::SourceVerdictsReply& report, std::string_view name);
std::string estimators_row(const control::SourceEstimatorReply& report, std::string_view name);

}  // namespace timed::client::json

#endif  // TIMED_CLIENT_OWN_JSON_H_
