#include "tests/sim/device_clock.h"

namespace timed::sim {
namespace {

constexpr Duration kPulse = Duration::seconds(1);
constexpr Duration kPrecision = Duration::nanos(20);  // of the simulated clock
constexpr int kPrecisionLog2 = -26;
constexpr discipline::SourceId kDevice{0};  // those of servers begin with 1
constexpr std::uint8_t kAllReached = 0xff;
constexpr int kReachSize = 8;

}  // namespace

DeviceClock::DeviceClock(Shared& shared, const ClockModel& clock, const DeviceModel& model,
                         discipline::EstimatorKind estimator)
    : machine_(shared, {.name = "client", .sockets = {.addresses = addresses({"10.0.1.1"})}, .clock = clock}),
      model_(model),
      noise_(shared.world.fork_random()),
      local_({}, machine_.clock(), machine_.loop().timers(), [] {}),
      filter_(model.filter, kPrecision),
      stats_({.estimator = estimator, .averaged = true}, kPrecision),
      selector_(discipline::SelectionOptions{}),
      reference_({}, kPrecisionLog2, shared.world.fork_random().next()),
      pulse_(machine_.loop().timers(), [this] { take_pulse(); }) {
  make_sources(estimator);
}

// As the daemon does it.
void DeviceClock::make_sources(discipline::EstimatorKind estimator) {
  std::vector<sources::SourceLine> lines(model_.servers.size());
  for (std::size_t i = 0; i < lines.size(); ++i) lines[i].name = model_.servers[i];
  sources::SourceSetOptions options;
  options.stats.estimator = estimator;
  options.precision = kPrecision;
  sources::SourceSetCallbacks callbacks;
  callbacks.now = [this] { return local_.read(); };
  callbacks.own = [] { return sources::OwnView(); };
  callbacks.own_state = [this] { return reference_.own_state(local_.read()); };
  callbacks.server_socket = [](Family) { return nullptr; };
  callbacks.on_sample = [this](discipline::SourceId id) {
    selector_.note_sample(id);
    selection_due_ = true;
  };
  callbacks.on_reachability = [this](discipline::SourceId) { selection_due_ = true; };
  callbacks.on_forgotten = [this](discipline::SourceId id) { selector_.forget(id); };
  callbacks.combined_sources = [this] { return reference_.combined_sources(); };
  const sources::SourceSetSeams seams{machine_.loop().timers(), machine_.sockets(), machine_.host(), local_.timeline()};
  servers_.emplace(lines, options, seams, std::move(callbacks));
}

void DeviceClock::start() {
  machine_.loop().run_daemon(this);
  const bool started = local_.start().ok();
  TIMED_ASSERT(started);
  pulse_.arm_in(kPulse);
  servers_->start();
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
  selector_.note_sample(kDevice);
  selection_due_ = true;
}

void DeviceClock::end_turn() {
  if (std::exchange(selection_due_, false)) select();
}

discipline::Candidate DeviceClock::device(FreeTime now) const {
  const discipline::LocalView& view = local_.timeline().view();
  discipline::Candidate c;
  c.id = kDevice;
  c.is_ntp = false;
  c.leap = ntp::Leap::Normal;
  c.reach = kAllReached;
  c.reach_size = kReachSize;
  c.data = stats_.selection_data(now, view, selector_.options().max_jitter);
  c.estimate = stats_.steering_estimate(view);
  return c;
}

void DeviceClock::select() {
  const discipline::Now now = local_.read();
  std::vector<discipline::Candidate> candidates = {device(now.free)};
  for (const auto& c : servers_->candidates(now.free, selector_.options().max_jitter)) candidates.push_back(c);
  const discipline::Selection selection = selector_.select(candidates, {});
  if (!selection.combined) return;
  discipline::ReferenceInput input;
  input.stratum = selection.stratum;
  input.leap = selection.leap;
  input.ref_id = selection.ref_id;
  input.source = selection.selected;
  input.combined_sources = selection.combined_sources;
  input.estimate = *selection.combined;
  const discipline::ReferenceUpdate update = reference_.update(input, now, local_.timeline().pending(now.raw));
  if (update.verdict != discipline::ReferenceUpdate::Verdict::Applied) return;
  local_.apply(update.clock);
  const discipline::Now after = local_.read();
  local_.set_sync_status(reference_.sync_status(after, local_.timeline().pending(after.raw)));
}

}  // namespace timed::sim
