#include "timed/daemon/time_smoothing.h"

#include "timed/base/log.h"

namespace timed::daemon {

using control::Reply;
using control::ReplyStatus;

void TimeSmoothing::tell_activated() const {
  log::info("Activated time smoothing%s", smoothing_.leap_only() ? " (leap seconds only)" : "");
}

void TimeSmoothing::on_change(const discipline::ClockChange& change, Frequency skew) {
  if (begun_ && smoothing_.on_adjustment(change, skew)) tell_activated();
}

void TimeSmoothing::on_leap(const LocalLeap& leap) {
  if (leap.by == LocalLeap::By::Step) {
    on_step(leap.before + leap.gained());
  } else {
    smoothing_.on_leap(leap.before, leap.seconds, leap.by == LocalLeap::By::Slew);
  }
}

void TimeSmoothing::on_step(LocalTime now) {
  if (smoothing_.reset(now)) log::info("Reset time smoothing");
}

Reply TimeSmoothing::report(LocalTime now) const {
  if (!enabled()) return Reply::failure(ReplyStatus::NotEnabled);
  const discipline::SmoothingReport r = smoothing_.report(now);
  control::SmoothingReply reply;
  reply.active = r.active;
  reply.leap_only = r.leap_only;
  reply.offset = r.offset;
  reply.frequency_ppm = r.frequency.to_ppm();
  reply.wander_ppm = r.wander * 1e6;
  reply.since_update = r.since_update;
  reply.remaining = r.remaining;
  return {ReplyStatus::Success, reply};
}

Reply TimeSmoothing::carry_out(const control::SmoothtimeRequest& request, LocalTime now) {
  if (!enabled()) return Reply::failure(ReplyStatus::NotEnabled);
  switch (request.option) {
    case control::SmoothtimeRequest::kReset:
      on_step(now);
      return {};
    case control::SmoothtimeRequest::kActivate:
      if (smoothing_.activate(now)) tell_activated();
      return {};
    default:
      return Reply::failure(ReplyStatus::Invalid);
  }
}

}  // namespace timed::daemon
