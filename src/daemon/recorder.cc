#include "timed/daemon/recorder.h"

#include <algorithm>
#include <utility>

namespace timed::daemon {

using discipline::Now;
using discipline::SourceId;

void Recorder::note_response(const sources::ResponseRecord& record) {
  const sources::ResponseReport& response = record.response;
  if (!journal_.wants_measurement(response.tests.synchronised())) return;
  const ntp::Header& header = response.header;
  MeasurementRow row;
  row.when = clock_.timeline().view().to_local(response.when);
  row.source = record.address.to_string();
  row.leap = header.leap;
  row.stratum = header.stratum;
  row.tests = response.tests;
  row.local_poll = record.poll;
  row.remote_poll = header.poll;
  row.poll_score = record.poll_score;
  row.offset = response.offset;
  row.peer_delay = response.peer_delay;
  row.peer_dispersion = response.peer_dispersion;
  row.root_delay = header.root_delay.to_duration();
  row.root_dispersion = header.root_dispersion.to_duration();
  row.ref_id = header.ref_id;
  row.mode = header.mode;
  row.interleaved = response.interleaved;
  row.transmit_source = response.transmit_source;
  row.receive_source = response.receive_source;
  journal_.write(row);
}

void Recorder::note_sample(const sources::SourceSet& sources, SourceId id) {
  if (!journal_.wants_statistics()) return;
  const discipline::SourceStats* const stats = sources.stats_of(id);
  if (stats == nullptr || !stats->regression_ok()) return;
  const auto estimate = stats->local_estimate(clock_.timeline().view());
  if (!estimate) return;
  StatisticsRow row;
  row.when = estimate->when;
  row.source = sources.label_of(id);
  row.std_dev = stats->std_dev();
  row.offset = estimate->offset;
  row.offset_sd = estimate->offset_sd;
  row.frequency = estimate->frequency;
  row.skew = estimate->skew;
  row.stress = stats->stress();
  row.samples = static_cast<int>(stats->samples() + stats->dropped());
  row.dropped = static_cast<int>(stats->dropped());
  row.runs = static_cast<int>(stats->runs());
  row.asymmetry = stats->asymmetry();
  journal_.write(row);
}

void Recorder::note_selection(const sources::SourceSet& sources, std::span<const discipline::Candidate> candidates,
                              const discipline::Selection& selection, const Now& now) {
  for (const discipline::StateRecord& record : selection.states) {
    const discipline::Candidate& candidate = candidates[record.candidate];
    SelectionRow row;
    row.when = now.local;
    row.source = sources.label_of(candidate.id);
    row.state = static_cast<char>(record.state);
    row.marks = candidate.marks;
    row.reach = candidate.reach;
    row.score = record.score;
    if (candidate.data) row.age = candidate.data->last_sample_age;
    row.low = record.low;
    row.high = record.high;
    journal_.write(row);
  }
}

void Recorder::before_update(const discipline::Reference& reference, const Now& now) {
  root_distance_ = reference.root_delay() * 0.5 + reference.root_dispersion(now.local);
}

// The clock as read was wrong by so much more than what it was measured to be off, when that was last done.
Duration Recorder::max_error(Duration total_offset) {
  return root_distance_ + std::exchange(last_error_, abs(total_offset));
}

void Recorder::note_update(const std::string& source, const discipline::ReferenceInput& input,
                           const discipline::ReferenceUpdate& update, const discipline::Reference& reference,
                           const Now& now, Duration pending) {
  TrackingRow row;
  row.max_error = max_error(update.offset + pending);
  if (!journal_.wants_tracking()) return;
  row.when = now.local;
  row.source = source;
  row.stratum = input.stratum + 1;
  row.frequency = clock_.frequency();
  row.skew = reference.skew();
  row.offset = update.offset;
  row.leap = input.leap;
  row.combined = input.combined_sources;
  row.offset_sd = input.estimate.offset_sd;
  row.remaining = pending;
  row.root_delay = input.estimate.root_delay;
  row.root_dispersion = input.estimate.root_dispersion;
  journal_.write(row);
}

void Recorder::note_loss(const discipline::Reference& reference, const Now& now) {
  const Duration pending = clock_.timeline().pending(now.raw);
  before_update(reference, now);  // root delay and dispersion are not lost with it
  TrackingRow row;
  row.max_error = max_error(pending);
  if (!journal_.wants_tracking()) return;
  row.when = now.local;
  row.frequency = clock_.frequency();
  row.skew = reference.skew();
  row.remaining = pending;
  row.root_delay = reference.root_delay();
  row.root_dispersion = reference.root_dispersion(now.local);
  journal_.write(row);
}

}  // namespace timed::daemon
