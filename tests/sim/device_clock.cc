#include "tests/sim/device_clock.h"

namespace timed::sim {
namespace {

constexpr Duration kPulse = Duration::seconds(1);
constexpr Duration kPrecision = Duration::nanos(20);  // of the simulated clock
constexpr int kPrecisionLog2 = -26;

}  // namespace

DeviceClock::DeviceClock(Shared& shared, const ClockModel& clock, const DeviceModel& model,
                         discipline::EstimatorKind estimator)
    : machine_(shared, {.name = "device clock", .clock = clock}),
      model_(model),
      noise_(shared.world.fork_random()),
      local_({}, machine_.clock(), machine_.loop().timers(), [] {}),
      filter_(model.filter, kPrecision),
      stats_({.estimator = estimator, .averaged = true}, kPrecision),
      reference_({}, kPrecisionLog2, shared.world.fork_random().next()),
      pulse_(machine_.loop().timers(), [this] { take_pulse(); }) {}

void DeviceClock::start() {
  machine_.loop().run_daemon(this);
  const bool started = local_.start().ok();
  TIMED_ASSERT(started);
  pulse_.arm_in(kPulse);
}

// The driver reads the clock when the pulse comes.
void DeviceClock::take_pulse() {
  const discipline::Now now = local_.read();
  const Duration pending = local_.timeline().pending(now.raw);
  discipline::Sample sample;
  sample.when = now.free;
  sample.measured = -clock().error() - pending + model_.noise * noise_.next();
  sample.offset = WideDuration(sample.measured) + local_.timeline().view().offset_at(now.free);
  sample.peer_delay = sample.root_delay = Duration::nanos(1);
  sample.peer_dispersion = sample.root_dispersion = kPrecision;
  sample.added_dispersion = local_.timeline().view().added_dispersion;
  filter_.add(sample);
  since_output_ += kPulse;
  if (since_output_ >= model_.poll) take_output();
  pulse_.arm_in(kPulse);
}

void DeviceClock::take_output() {
  since_output_ = Duration::zero();
  const auto output = filter_.output(local_.timeline().view());
  if (!output) return;
  ++samples_;
  stats_.accumulate(*output, local_.timeline().view());
  const discipline::Now now = local_.read();
  if (!stats_.selection_data(now.free, local_.timeline().view(), Duration::seconds(1))->usable) return;
  discipline::ReferenceInput input;
  input.estimate = *stats_.steering_estimate(local_.timeline().view());
  const discipline::ReferenceUpdate update = reference_.update(input, now, local_.timeline().pending(now.raw));
  if (update.verdict != discipline::ReferenceUpdate::Verdict::Applied) return;
  local_.apply(update.clock);
  const discipline::Now after = local_.read();
  local_.set_sync_status(reference_.sync_status(after, local_.timeline().pending(after.raw)));
}

}  // namespace timed::sim
