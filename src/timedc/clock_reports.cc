#include "clock_reports.h"

#include <poll.h>

#include <algorithm>
#include <cmath>

#include "timed/client/csv.h"
#include "timed/client/json.h"
#include "timed/client/text.h"

namespace timed::timedc {
namespace {

using control::TrackingReply;
using control::TrackingRequest;

bool is_reference(const TrackingReply& report) {
  return !report.address.is_unspecified() || (report.ref_id.value != 0 && report.ref_id != ntp::kLocalRefId);
}

void pause(Duration time) {
  static_cast<void>(::poll(nullptr, 0, static_cast<int>(std::min(std::ceil(time.to_seconds() * 1e3), 1e9))));
}

// The limits of waitsync; 0 = none.
struct WaitLimits {
  std::int64_t tries = 0;
  double correction_s = 0.0;
  double skew_ppm = 0.0;
  double interval_s = 10.0;
};

// Numbers in order; the first word that is none ends them.
WaitLimits wait_limits(const Words& words) {
  WaitLimits limits;
  if (words.size() < 2) return limits;
  const auto tries = parse_integer(words[1].text);
  if (!tries) return limits;
  limits.tries = *tries;
  double* const reals[] = {&limits.correction_s, &limits.skew_ppm, &limits.interval_s};
  for (std::size_t i = 2; i < words.size() && i < 5; ++i) {
    const auto value = parse_real_prefix(words[i].text);
    if (!value) break;
    *reals[i - 2] = value->value;
  }
  if (!(limits.interval_s >= 0.1)) limits.interval_s = 0.1;
  return limits;
}

bool is_good_enough(const TrackingReply& report, const WaitLimits& limits) {
  const double correction_s = std::fabs(report.correction.to_seconds());
  const bool close = limits.correction_s == 0.0 || correction_s <= limits.correction_s;
  const bool steady = limits.skew_ppm == 0.0 || report.skew_ppm <= limits.skew_ppm;
  return is_reference(report) && close && steady;
}

}  // namespace

bool tracking(Context& context, const Words&) {
  auto report = context.session.ask_for<TrackingReply>(TrackingRequest{});
  if (!report) return context.fail(report.error());
  const std::string name =
      report->address.is_unspecified() ? client::ref_id_text(report->ref_id) : context.whole_name_of(report->address);
  context.print(context.shown(client::text::tracking, client::csv::tracking, client::json::tracking, *report, name));
  return true;
}

bool waitsync(Context& context, const Words& words) {
  const WaitLimits limits = wait_limits(words);
  for (std::int64_t attempt = 1;; ++attempt) {
    auto report = context.session.ask_for<TrackingReply>(TrackingRequest{});
    if (report) {
      const auto number = static_cast<std::uint64_t>(attempt);
      context.print(
          context.shown(client::text::waitsync, client::csv::waitsync, client::json::waitsync, number, *report));
      if (is_good_enough(*report, limits)) return true;
    } else {
      context.fail(report.error());
    }
    if (limits.tries > 0 && attempt >= limits.tries) return false;
    if (!context.flush()) return Context::complain("Could not write to stdout");
    pause(Duration::seconds(limits.interval_s));
  }
}

bool rtcdata(Context& context, const Words&) {
  auto report = context.session.ask_for<control::RtcReply>(control::RtcreportRequest{});
  if (!report) return context.fail(report.error());
  context.print(context.shown(client::text::rtcdata, client::csv::rtcdata, client::json::rtcdata, *report));
  return true;
}

bool smoothing(Context& context, const Words&) {
  auto report = context.session.ask_for<control::SmoothingReply>(control::SmoothingRequest{});
  if (!report) return context.fail(report.error());
  context.print(context.shown(client::text::smoothing, client::csv::smoothing, client::json::smoothing, *report));
  return true;
}

}  // namespace timed::timedc
