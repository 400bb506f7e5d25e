#include "timed/sources/source_set.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "source.h"
#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::sources {
using discipline::Now;
using discipline::Sample;
using discipline::SourceId;

SourceSet::SourceSet(const std::vector<SourceLine>& lines, const SourceSetOptions& options, const SourceSetSeams& seams,
                     SourceSetCallbacks callbacks)
    : options_(options),
      seams_(seams),
      callbacks_(std::move(callbacks)),
      random_([&host = seams.host](std::span<std::byte> into) { host.random(into); }),
      sockets_(seams.network, options.acquisition, options.dscp,
               [this](env::UdpSocket& socket) { on_shared_readable(socket); }),
      names_(seams.host, seams.timers,
             [this](const NameLookup& lookup, const NameLookups::Addresses& addresses) {
               return on_answer(lookup, addresses);
             }),
      refresh_plan_(options.refresh, seams.timers.now()) {
  sockets_.open_shared();
  for (const SourceLine& line : lines) {
    const AddResult result = add(line, log::Severity::Debug);
    if (result.status == AddStatus::Added) continue;
    log::error("Could not add source %s : %s", line.name.c_str(), reason_of(result.status));
  }
}

SourceSet::~SourceSet() = default;

void SourceSet::start() {
  started_ = true;
  for (const auto& source : sources_) {
    if (source->address.is_set()) begin_polling(*source);
  }
  names_.start();
}

void SourceSet::stop() {
  started_ = false;
  names_.stop();
  for (const auto& source : sources_) {
    source->timer->disarm();
    close_socket(*source);
  }
  sockets_.close_shared();
}

void SourceSet::begin_polling(Source& source) {
  if (source.line.offline) return;
  run(source, [&] { return source.association.go_online(callbacks_.now()); });
}

// ---- events and actions ----

void SourceSet::carry_out(Source& source, const Actions& actions) {
  for (const Action& action : actions) {
    if (const auto* request = std::get_if<SendRequest>(&action)) carry_out(source, send(source, *request));
    if (const auto* timer = std::get_if<ArmTimer>(&action)) source.timer->arm_in(timer->delay, timer->separation);
    if (const auto* taken = std::get_if<TakeSample>(&action)) carry_out(source, take_sample(source, *taken));
    if (std::holds_alternative<SampleMissed>(action)) carry_out(source, miss_sample(source));
    if (std::holds_alternative<CloseSocket>(action)) close_socket(source);
    if (std::holds_alternative<RateKissObeyed>(action)) log_rate_kiss(source);
    if (std::holds_alternative<ForgetSamples>(action)) forget_samples(source);
    if (std::holds_alternative<NeedKeys>(action)) ask_for_keys(source);
    if (std::holds_alternative<StopPolling>(action)) {
      source.timer->disarm();
      close_socket(source);
    }
  }
}

// One poll more: after as many as the filter is long it gives one sample for all of them.  Where it cannot (nothing
// but misses, or samples that differ too much) the next poll asks it again.
std::optional<Sample> SourceSet::filter_output(Source& source) {
  if (++source.filter_polls < source.line.filter) return std::nullopt;
  auto output = source.filter->output(seams_.timeline.view());
  if (output) source.filter_polls = 0;
  return output;
}

Actions SourceSet::take_sample(Source& source, const TakeSample& taken) {
  const Sample& sample = taken.sample;
  source.server_moved += taken.server_moved;
  source.answered_well = true;
  // Who refuses what is no measurement counts it too; in the filter it would be in the median of the others.
  if (!source.filter || !discipline::is_measurement(sample)) return accumulate(source, sample);
  source.filter->add(sample);
  if (const auto output = filter_output(source)) return accumulate(source, *output);
  return source.association.on_sample_kept(sample.peer_delay, callbacks_.now());
}

Actions SourceSet::miss_sample(Source& source) {
  if (!source.filter) return {};
  const auto output = filter_output(source);
  return output ? accumulate(source, *output) : Actions();
}

Actions SourceSet::accumulate(Source& source, const Sample& sample) {
  const discipline::LocalView& view = seams_.timeline.view();
  SampleOutcome outcome;
  outcome.prediction_error = abs(sample.measured - source.stats.predict(sample.when, view));
  outcome.distance = sample.peer_dispersion + sample.peer_delay * 0.5;
  if (source.server_moved != Duration::zero()) source.stats.shift(std::exchange(source.server_moved, {}));
  if (discipline::is_measurement(sample) && near_leap_second(view.to_local(sample.when), sample.measured)) {
    log::info("Dropping sample around leap second");
  } else {
    const discipline::SampleVerdict verdict = source.stats.accumulate(sample, view);
    if (verdict == discipline::SampleVerdict::Refused) return source.association.on_sample_refused(callbacks_.now());
    note_order(source, verdict == discipline::SampleVerdict::Added);
    if (verdict == discipline::SampleVerdict::Added) outcome.expectation = source.stats.expectation();
  }
  outcome.samples = source.stats.telling_samples();
  outcome.by_estimator = source.stats.estimator() != nullptr && source.stats.estimator()->posterior().has_value();
  if (outcome.by_estimator && callbacks_.combined_sources) {
    outcome.samples = shared_samples(outcome.samples, callbacks_.combined_sources());
  }
  outcome.min_delay = source.stats.min_delay();
  callbacks_.on_sample(source.id);
  return source.association.on_sample_taken(outcome, callbacks_.now());
}

// Told once, until one is in order again.
void SourceSet::note_order(Source& source, bool in_order) {
  const bool told = std::exchange(source.told_out_of_order, !in_order);
  if (in_order || told) return;
  log::warning("Out of order sample detected, discarding history for %s", describe(source.id).c_str());
}

bool SourceSet::near_leap_second(LocalTime when, Duration offset) const {
  return callbacks_.near_leap_second && callbacks_.near_leap_second(when, offset);
}

void SourceSet::log_rate_kiss(Source& source) {
  const MonoTime now = seams_.timers.now();
  if (source.last_kiss_logged && now - *source.last_kiss_logged < kKissLogSpacing) return;
  source.last_kiss_logged = now;
  log::warning("Received KoD RATE from %s", source.address.to_string().c_str());
}

void SourceSet::forget_samples(Source& source) {
  source.stats.reset();
  if (source.filter) source.filter->reset();
  source.filter_polls = 0;
  source.server_moved = Duration::zero();
}

void SourceSet::on_unknown_step() {
  for (const auto& source : sources_) {
    forget_samples(*source);
    run(*source, [&] { return source->association.on_unknown_step(callbacks_.now()); });
  }
}

void SourceSet::reset() {
  on_unknown_step();
  for (const auto& source : sources_) source->association.forget_reachability();
}

bool SourceSet::change_option(SourceId id, const OptionChange& change) {
  Source* const source = get(id);
  if (source == nullptr) return false;
  const SourceLine before = source->line;
  if (!sources::change_option(source->line, change)) return true;
  source->association.take_options(source->line);
  const auto tell = [&](SourceOption option) {
    log::info("Source %s %s", label_of(id).c_str(), describe_option(source->line, option).c_str());
  };
  tell(change.option);
  if (change.option == SourceOption::MinPoll && before.poll.max_poll != source->line.poll.max_poll) {
    tell(SourceOption::MaxPoll);
  }
  if (change.option == SourceOption::MaxPoll && before.poll.min_poll != source->line.poll.min_poll) {
    tell(SourceOption::MinPoll);
  }
  return true;
}

std::optional<discipline::SelectMarks> SourceSet::marks_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? std::optional(source->line.marks) : std::nullopt;
}

bool SourceSet::set_marks(SourceId id, const discipline::SelectMarks& marks) {
  Source* const source = get(id);
  if (source == nullptr) return false;
  if (source->line.marks == marks) return true;
  source->line.marks = marks;
  log::info("Source %s selection options modified", label_of(id).c_str());
  return true;
}

bool SourceSet::set_online(SourceId id, bool online) {
  Source* const source = get(id);
  if (source == nullptr) return false;
  source->line.offline = !online;
  if (!source->address.is_set()) {
    names_.hurry();
    return true;
  }
  const PollMode before = source->association.mode();
  run(*source,
      [&] { return online ? source->association.go_online(callbacks_.now()) : source->association.end_polling(); });
  if (source->association.mode() != before) {
    log::info("Source %s %s", source->address.to_string().c_str(), online ? "online" : "offline");
  }
  return true;
}

void SourceSet::refresh_by_burst() {
  constexpr int kGood = PollSchedule::kInitialBurstGood, kTotal = PollSchedule::kInitialBurstTotal;
  for (const auto& source : sources_) {
    if (source->association.is_polling()) start_burst(source->id, kGood, kTotal);
  }
}

bool SourceSet::start_burst(SourceId id, int good, int total) {
  Source* const source = get(id);
  if (source == nullptr || !source->address.is_set()) return false;
  run(*source, [&] { return source->association.start_burst(good, total, callbacks_.now()); });
  return true;
}

}  // namespace timed::sources
