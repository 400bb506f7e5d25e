#include "selectability.h"

namespace timed::discipline {

SourceState state_alone(const Candidate& c, const SelectionOptions& options, ClaimedRange& range) {
  if (c.data && !c.marks.noselect) {
    range.distance = c.data->root_distance;
    range.low = c.data->offset - range.distance;
    range.high = c.data->offset + range.distance;
  }
  if (c.marks.noselect) return SourceState::NoSelect;
  if (!c.data || !c.data->usable) return SourceState::BadStats;
  if (c.leap == ntp::Leap::Unsynchronised) return SourceState::Unsynchronised;
  if (c.stratum < options.min_stratum || c.stratum > options.max_stratum) return SourceState::BadStratum;

  // A source that has been silent for longer than its samples span may have drifted meanwhile.
  const SelectionData& data = *c.data;
  const Duration silence = data.last_sample_age * 2.0 - data.first_sample_age;
  if (silence > Duration::zero()) {
    const Duration extra = silence * options.max_clock_error;
    range.distance += extra;
    range.low -= extra;
    range.high += extra;
  }
  const bool in_range = range.distance >= Duration::zero() && range.distance <= options.max_distance;  // false for NaN
  if (!in_range || !(range.low <= range.high)) return SourceState::BadDistance;
  if (!(data.std_dev <= options.max_jitter)) return SourceState::Jittery;
  return SourceState::Unknown;
}

}  // namespace timed::discipline
