// From what the sources say to what is done to the clock and what is told of it.  Pure: it is given the time and
// randomness, and answers with a ClockUpdate.
#ifndef TIMED_DISCIPLINE_REFERENCE_H_
#define TIMED_DISCIPLINE_REFERENCE_H_

#include <optional>

#include "timed/base/random.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/offset_limits.h"
#include "timed/discipline/options.h"
#include "timed/discipline/own_state.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/slew_pace.h"
#include "timed/discipline/timeline.h"
#include "timed/ntp/types.h"

namespace timed::discipline {

// What the selection found.
struct ReferenceInput {
  ntp::Stratum stratum = 0;  // of the selected source
  ntp::Leap leap = ntp::Leap::Normal;
  ntp::RefId ref_id;
  std::optional<SourceId> source;  // none: the time was typed in
  int combined_sources = 1;
  bool manual = false;  // the whole frequency is believed
  LocalEstimate estimate;
};

struct ReferenceUpdate {
  // Ignored and Exit are by maxchange; Invalid would have led out of the time that can be told from others.  Known: the
  // estimator has learned nothing since the last update, and the clock is left as it is.
  enum class Verdict { Applied, Ignored, Exit, Invalid, Known };
  Verdict verdict = Verdict::Applied;
  ClockUpdate clock;
  Duration offset;             // reference - local at the time of the update
  bool report_offset = false;  // larger than logchange
};

// What `tracking` reports.
struct TrackingReport {
  ntp::RefId ref_id;
  std::optional<SourceId> source;
  ntp::Stratum stratum = 0;
  ntp::Leap leap = ntp::Leap::Unsynchronised;
  LocalTime reference_time;  // zero = none
  Duration last_offset;      // reference - local at the last update
  Duration rms_offset;       // of the updates, the latest counting most
  Frequency residual;        // slope of reference - local that was left uncorrected
  Frequency skew;            // bound of the error of the clock's frequency
  Duration root_delay;
  Duration root_dispersion;
  Duration last_interval;  // between the last two updates; zero = unknown
};

class Reference {
 public:
  // precision_log2 is that of the local clock.
  Reference(const ReferenceOptions& options, int precision_log2, std::uint64_t seed);

  // What is to be done to the clock, by a selection at `now`.  pending: local - raw, what is still being slewed.  A
  // verdict other than Applied asks for nothing.
  ReferenceUpdate update(const ReferenceInput& input, const Now& now, Duration pending);
  // No majority, an unknown step, the start.
  void set_unsynchronised(const Now& now);
  // The clock was stepped by somebody else: the next update interval is unknown.
  void on_unknown_step();
  // Local time has changed by a step: what is kept in local time moves with it.
  void on_step(Duration offset);

  // What is announced while synchronised, after each update; with `in_progress` nothing that can be relied on.
  void set_leap(ntp::Leap leap, bool in_progress);
  // Orders of the operator, which hold from now on.
  void set_make_step(const MakeStep& make_step) { limits_.set_make_step(make_step); }
  void set_max_update_skew(Frequency skew) { options_.max_update_skew = skew; }
  void set_local(const LocalReferenceOptions& local);
  // Offsets above the threshold may be stepped in the next updates, besides what makestep allows.
  void allow_steps(const MakeStep& allowed) { limits_.allow_steps(allowed); }

  // From a drift file.
  void set_skew(Frequency skew) { skew_ = skew; }
  // Whose estimates the last update was made of; zero while there is nothing to follow.
  int combined_sources() const { return synchronised_ ? combined_sources_ : 0; }
  // Bound of the error of the clock's frequency, and what of its slope was left uncorrected.
  Frequency skew() const { return skew_; }
  Frequency residual() const { return residual_; }
  bool synchronised() const { return synchronised_; }
  Duration update_interval() const { return pace_.interval(); }  // between the last two; zero = unknown
  // Of the last update, synchronised or not; 1 s before the first.
  Duration root_delay() const { return root_delay_; }

  // What is served, without the line raw -> local; may switch the local reference on or off.
  OwnState own_state(const Now& now);
  TrackingReport tracking(const Now& now);
  // Root dispersion of the synchronised clock: with half the root delay a bound of its error then, `pending` apart.
  Duration root_dispersion(LocalTime at) const;
  // Deviation and bound of the error of the clock as it is read, with `pending` (local - raw) in both.
  env::SyncStatus sync_status(const Now& now, Duration pending) const;
  // When that should be told anew, if there is no update before: by then the estimator's error has grown visibly.
  // Empty where nothing is known, with the regression, and where updates have failed to come for so long that the
  // kernel takes the clock for unsynchronised.
  std::optional<Duration> renew_status_in(const Now& now) const;

 private:
  bool is_known(const ReferenceInput& input) const;
  void take_source(const ReferenceInput& input, const Now& now);
  double frequency_gain(const LocalEstimate& e) const;
  Frequency own_skew(const LocalEstimate& e) const;
  double belief_gain(const ReferenceInput& input);
  double gain_of(const ReferenceInput& input);
  Frequency correct_frequency(const ReferenceInput& input);
  bool local_reference_active(const Now& now);
  void note_offset(Duration offset);
  Duration status_span(Duration age) const;
  Duration maximum_error(const Now& now) const;

  ReferenceOptions options_;
  int precision_log2_;
  SeededRandom random_;

  bool synchronised_ = false;
  ntp::Stratum stratum_ = 0;
  ntp::Leap leap_ = ntp::Leap::Unsynchronised;
  bool leap_in_progress_ = false;
  ntp::RefId ref_id_;
  std::optional<SourceId> source_;
  LocalTime reference_time_;  // exact, for ageing
  LocalTime published_time_;  // with up to a second taken off
  Duration root_delay_ = Duration::seconds(1);
  Duration root_dispersion_ = Duration::seconds(1);
  int combined_sources_ = 0;
  LocalEstimate known_;  // of the last update; its deviations count, of the frequency as it was believed
  Frequency skew_ = Frequency::ratio(1);
  Frequency residual_;
  std::optional<SourceId> caught_up_;  // whose estimator knows what we know of the frequency
  std::optional<SourceId> newcomer_;   // that has not caught up yet
  int newcomer_updates_ = 0;
  bool ever_set_ = false;

  SlewPace pace_;
  Duration last_offset_;
  double mean_square_offset_ = 0.0;
  bool averaging_ = false;
  std::optional<MonoTime> unsynchronised_since_;
  bool local_activated_ = false;
  LocalTime local_reference_time_;
  OffsetLimits limits_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_REFERENCE_H_
