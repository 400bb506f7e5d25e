#include "timed/control/open_requests.h"

namespace timed::control {
namespace {

// What a tool must ask for to show a report: lists of sources begin with their number.
struct Opened {
  OpenReport report;
  RequestCode code;
};
using R = OpenReport;
using Q = RequestCode;
constexpr Opened kOpened[] = {
    {R::Activity, Q::Activity},
    {R::Authdata, Q::NSources},
    {R::Authdata, Q::AuthData},
    {R::Clients, Q::ClientAccessesByIndex3},
    {R::Manual, Q::ManualList},
    {R::Ntpdata, Q::NSources},
    {R::Ntpdata, Q::NtpData},
    {R::Rtcdata, Q::Rtcreport},
    {R::Selectdata, Q::NSources},
    {R::Selectdata, Q::SelectData},
    {R::Serverstats, Q::ServerStats},
    {R::Smoothing, Q::Smoothing},
    {R::Sourcename, Q::NtpSourceName},
    {R::Sources, Q::NSources},
    {R::Sources, Q::SourceData},
    {R::Sourcestats, Q::NSources},
    {R::Sourcestats, Q::Sourcestats},
    {R::Tracking, Q::Tracking},
    {R::Daemonstatus, Q::DaemonStatus},
    {R::Reloadstatus, Q::DaemonStatus},
    {R::Reloadstatus, Q::ReloadChange},
    {R::Serververdicts, Q::ServerVerdicts},
    {R::Sourceverdicts, Q::NSources},
    {R::Sourceverdicts, Q::SourceVerdicts},
    {R::Ntsserver, Q::NtsServer},
    {R::Estimators, Q::NSources},
    {R::Estimators, Q::SourceEstimator},
};

}  // namespace

OpenRequests open_requests(const std::set<OpenReport>& reports) {
  OpenRequests open;
  for (const Opened& row : kOpened) {
    if (reports.count(row.report) != 0) open.set(*request_place(static_cast<std::uint16_t>(row.code)));
  }
  return open;
}

}  // namespace timed::control
