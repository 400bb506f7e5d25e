#include "timed/daemon/clock_orders.h"

#include <algorithm>
#include <cmath>

#include "timed/base/log.h"
#include "timed/daemon/announcer.h"
#include "timed/ntp/era.h"

namespace timed::daemon {
namespace {

using control::Reply;
using control::ReplyStatus;
using discipline::ManualInput;
using discipline::Now;

constexpr ntp::RefId kManualRefId = ntp::RefId::text("MANU");

// Whole seconds and nanoseconds as the wire has them; the nanoseconds are anything there.
std::optional<LocalTime> time_of(const control::WireTime& time) {
  constexpr std::int64_t kMost_s = 9'000'000'000;  // what a point of time holds
  if (std::abs(time.seconds) > kMost_s || time.nanoseconds > 999'999'999) return std::nullopt;
  return LocalTime::from_seconds(time.seconds, time.nanoseconds);
}

}  // namespace

Reply ClockOrders::carry_out(const control::ClockRequest& request) {
  return std::visit([this](const auto& q) { return obey(q); }, request);
}

// The clock as read jumps to local time, which goes on as if nothing had happened.
Reply ClockOrders::obey(const control::MakestepRequest&) {
  const Duration pending = parts_.clock.pending();
  parts_.clock.cancel_slew();
  const bool done = parts_.clock.step(pending);
  if (done) {
    parts_.jumps.on_own_step(pending);
    callbacks_.stepped();
  }
  tell(announce_step(pending, done));
  callbacks_.changed();
  return done ? Reply() : Reply::failure(ReplyStatus::Failed);
}

Reply ClockOrders::obey(const control::ModifyMakestepRequest& q) {
  parts_.reference.set_make_step({q.threshold, q.limit});
  log::info("New makestep %f %d", q.threshold.to_seconds(), q.limit);
  return {};
}

Reply ClockOrders::obey(const control::ModifyMaxupdateskewRequest& q) {
  parts_.reference.set_max_update_skew(Frequency::ppm(q.ppm));
  log::info("New maxupdateskew %f ppm", q.ppm);
  return {};
}

Reply ClockOrders::obey(const control::DfreqRequest& q) {
  parts_.clock.apply({.frequency = Frequency::ppm(q.ppm),
                      .offset = {},
                      .correction_rate = parts_.clock.slew().correction_rate,
                      .step = {}});
  log::info("Accumulated delta freq of %.3fppm", 0.0 - q.ppm);
  callbacks_.changed();
  return {};
}

Reply ClockOrders::obey(const control::DoffsetRequest& q) {
  if (!ntp::is_sane(parts_.clock.read().local, q.offset)) {
    tell(announce_invalid(q.offset));
    return Reply::failure(ReplyStatus::Failed);
  }
  parts_.clock.apply({.frequency = {}, .offset = q.offset, .correction_rate = 0.0, .step = {}});
  parts_.reference.on_step(q.offset);
  log::info("Accumulated delta offset of %.6f seconds", 0.0 - q.offset.to_seconds());
  callbacks_.changed();
  return {};
}

Reply ClockOrders::obey(const control::SettimeRequest& q) {
  if (!parts_.manual.enabled()) return Reply::failure(ReplyStatus::NotEnabled);
  const auto typed = time_of(q.time);
  const auto estimate = typed ? parts_.manual.add(parts_.clock.read(), *typed, parts_.clock.timeline().view())
                              : std::optional<ManualInput::Estimate>();
  if (!estimate) return Reply::failure(ReplyStatus::Failed);
  take_manual(*estimate);
  control::ManualTimestampReply reply;
  reply.offset = estimate->offset;
  reply.frequency_ppm = estimate->frequency.to_ppm();
  reply.absolute_ppm = parts_.clock.frequency().to_ppm();
  return {ReplyStatus::Success, reply};
}

// A reference of nobody: it moves the clock, but what it says cannot be served.
void ClockOrders::take_manual(const ManualInput::Estimate& estimate) {
  // chrony's sign: positive = the clock was fast.
  const double slew_s = 0.0 - estimate.offset.to_seconds();
  if (estimate.has_frequency) {
    log::info("Making a frequency change of %.3f ppm and a slew of %.6f", 0.0 - estimate.frequency.to_ppm(), slew_s);
  } else {
    log::info("Making a slew of %.6f", slew_s);
  }
  discipline::ReferenceInput input;
  input.leap = ntp::Leap::Unsynchronised;
  input.ref_id = kManualRefId;
  input.manual = true;
  input.estimate.when = parts_.clock.read().local;
  input.estimate.offset = estimate.offset;
  input.estimate.frequency = estimate.frequency;
  input.estimate.frequency_sd = input.estimate.skew = ManualInput::kSkew;
  callbacks_.update_reference(input);
}

Reply ClockOrders::obey(const control::ManualRequest& q) {
  switch (q.option) {
    case control::ManualRequest::kOff:
      parts_.manual.set_enabled(false);
      return {};
    case control::ManualRequest::kOn:
      parts_.manual.set_enabled(true);
      return {};
    case control::ManualRequest::kReset:
      parts_.manual.clear();
      return {};
    default:
      return Reply::failure(ReplyStatus::Invalid);
  }
}

Reply ClockOrders::obey(const control::ManualListRequest&) {
  control::ManualListReply reply;
  for (const ManualInput::Entry& entry : parts_.manual.entries(parts_.clock.timeline().view())) {
    reply.entries.push_back({control::WireTime::from(entry.when), entry.slewed, entry.original, entry.residual});
  }
  return {ReplyStatus::Success, reply};
}

Reply ClockOrders::obey(const control::ManualDeleteRequest& q) {
  const auto estimate = q.index >= 0
                            ? parts_.manual.remove(static_cast<std::size_t>(q.index), parts_.clock.timeline().view())
                            : std::optional<ManualInput::Estimate>();
  if (!estimate) return Reply::failure(ReplyStatus::BadSample);
  take_manual(*estimate);
  return {};
}

Reply ClockOrders::obey(const control::LocalRequest& q) {
  discipline::LocalReferenceOptions local = parts_.local;
  local.enabled = q.on;
  if (q.on) {
    local.stratum = std::clamp(q.stratum, 1, 15);
    local.distance = q.distance;
    local.orphan = q.orphan;
    local.activate = q.activate;
    local.wait_synced = q.wait_synced;
    local.wait_unsynced = q.wait_unsynced;
  }
  parts_.local = local;
  parts_.reference.set_local(local);
  log::info("%s local reference mode", q.on ? "Enabled" : "Disabled");
  callbacks_.changed();
  return {};
}

Reply ClockOrders::obey(const control::ReselectRequest&) {
  parts_.selector.drop_selected();
  callbacks_.select();
  return {};
}

Reply ClockOrders::obey(const control::ReselectDistanceRequest& q) {
  parts_.selector.set_reselect_distance(q.distance);
  log::info("New reselect distance %f", q.distance.to_seconds());
  return {};
}

Reply ClockOrders::obey(const control::ResetSourcesRequest&) {
  log::info("Reset all sources");
  parts_.clock.cancel_slew();
  callbacks_.reset_sources();
  callbacks_.select();
  callbacks_.lose_synchronisation();
  return {};
}

Reply ClockOrders::obey(const control::DumpRequest&) {
  callbacks_.dump();
  return {};
}

Reply ClockOrders::obey(const control::SmoothtimeRequest& q) {
  Reply reply = parts_.smoothing.carry_out(q, parts_.clock.read().local);
  callbacks_.changed();
  return reply;
}

}  // namespace timed::daemon
