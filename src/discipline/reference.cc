// From what the sources say to what is done to the clock, and to what others are told of it.
//
// With the estimator the clock is steered forward, not by feedback: a belief is of the free-running oscillator, and has
// in it all that was measured.  So the frequency that it says is run at, the offset that it says is slewed
// (slew_pace.cc), and there is no loop whose gain would be too small to follow or so large that it swings.  The next
// belief starts from the samples again, not from what was done.
//
// That holds as long as the source knows all that we know.  A source that is new does not: what a drift file or another
// source has told of the frequency is not in its few samples.  Then two beliefs meet, ours and its own, and count by
// their variances, until it knows the frequency as well as we do; and as its offset and its frequency hang together,
// what is not believed of the one is taken back from the other.  With the regression a gain by the skews does this at
// each update, as in chronyd.
//
// A belief counts once.  Samples that the estimator waits with leave it as it was, and its offset is on its way
// already.
//
// What is told must be honest at any time, not at updates alone.  The deviation (esterror) and the bound (maxerror,
// root dispersion) both grow with the time since, by what is not known of the frequency and by what it may have
// wandered; the kernel is told anew when that shows.  The deviation of a single source leaves out what no exchange
// shows, that the ways there and back may differ; the bound has half of the root delay in it for that.
#include "timed/discipline/reference.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timed/ntp/era.h"

namespace timed::discipline {
namespace {

constexpr Duration kUnknownDispersion = Duration::seconds(1);  // served while nothing is known
constexpr double kRmsWeight = 0.1;
constexpr Duration kLocalRefresh = Duration::seconds(64);  // of the reference time in local mode
constexpr Duration kOrphanWait = Duration::seconds(300);

// The first beliefs of a source rest on three or four samples, of which one that was long in a queue may make a
// frequency that seems to contradict what was known: then it must do so by four times the bound.  With twice
// of it 11 and 7 of 400 runs of the rows restart and resume had 1.3 times the error of the regression or more, and 4
// and 3 have now (seeds 201 to 600).
constexpr int kVagueUpdates = 2;
constexpr double kVagueSlack = 4.0;

// The error that the kernel is told is renewed when it has grown by so much, but at most four times between two
// updates, and every 16 seconds, or as often as there are updates: it is worth no more wake-ups.  Told at 1.1 and 1.4
// times, the error is within 1.96 deviations in 96.1 % and 97.2 % instead of 96.4 % of the time (default, long; seeds
// 401 to 440).
constexpr double kVisibleGrowth = 1.2;
constexpr double kRenewals = 4.0;
constexpr Duration kLeastStatusSpan = Duration::seconds(16), kShortestStatusSpan = Duration::seconds(1);
constexpr double kMostStatusSpan = 1.5;  // intervals between updates: usually the next one comes before
// After so many intervals without an update none is expected any more.  The bound then grows as the kernel's own does,
// 500 ppm of the time, so that the kernel takes the clock for unsynchronised as late as if it were not told anything.
constexpr double kUpdateOverdue = 4.0;
constexpr Frequency kKernelsGrowth = Frequency::ppm(500);
constexpr Duration kKernelsLimit = Duration::seconds(16);  // of maxerror: Linux then says unsynchronised
// Deviations of what the frequency may have wandered, within the bound: of an error that the skew, 3.5 deviations, and
// maxclockerror leave open only after hours without an answer.  With 1 and 4 no row is beyond it more often or less.
constexpr double kWanderBound = 2.0;

Duration offset_at(LocalTime t, const LocalEstimate& e) {
  return e.offset + (t - e.when) * e.frequency;
}

// What a few samples say of offset and frequency hangs together: they may as well be explained by the one as by the
// other.  Where the frequency is known from elsewhere, to a deviation about that at which the clock runs, the offset
// follows from it.  `change`: what is believed of theirs all the same.
LocalEstimate given_our_frequency(const LocalEstimate& e, Frequency change, Frequency own_sd) {
  const double theirs2 = e.frequency_sd.to_ratio() * e.frequency_sd.to_ratio();
  const double own2 = own_sd.to_ratio() * own_sd.to_ratio();
  const double both2 = theirs2 + own2, covariance_s = e.growth->covariance_s;
  if (!std::isnormal(both2)) return e;
  LocalEstimate given = e;
  given.frequency = change;
  given.offset = e.offset - Duration::seconds(covariance_s / both2 * e.frequency.to_ratio());
  const double variance_s2 = e.offset_sd.to_seconds() * e.offset_sd.to_seconds() - covariance_s * covariance_s / both2;
  given.offset_sd = Duration::seconds(std::sqrt(std::max(variance_s2, 0.0)));
  return given;
}

}  // namespace

Reference::Reference(const ReferenceOptions& options, int precision_log2, std::uint64_t seed)
    : options_(options),
      precision_log2_(precision_log2),
      random_(seed),
      pace_(options.correction_time_ratio),
      local_activated_(options.local.activate <= Duration::zero()),
      limits_(options.max_change, options.make_step) {}

// How much of a measured frequency is believed: all of it when it is known much better than what we have.
double Reference::frequency_gain(const LocalEstimate& e) const {
  const Frequency measured_skew = e.skew;
  const double own = 3.0 * skew_.to_ratio() * skew_.to_ratio();
  const double sum = own + measured_skew.to_ratio() * measured_skew.to_ratio();
  if (std::isnormal(sum)) return own / sum;
  // The squares left the range of a double; their ratio does not.
  if (measured_skew == Frequency::zero()) return 1.0;
  const double ratio = skew_.to_ratio() / measured_skew.to_ratio();
  return std::abs(ratio) >= 1e100 ? 1.0 : 3.0 * ratio * ratio / (3.0 * ratio * ratio + 1.0);
}

// What is known of our own frequency after the time since the last update, without what the update says: a bound.
Frequency Reference::own_skew(const LocalEstimate& e) const {
  const Frequency wandered = e.growth->frequency_wandered(pace_.interval());
  return Frequency::ratio(std::hypot(skew_.to_ratio(), kBoundDeviations * wandered.to_ratio()));
}

// The same of the estimator's frequency: all of it once the source has known it as well as we did, for what it says
// from then on has in it what was known before.  A source that is new does not know what an earlier one, or the drift
// file, has told: three samples of a burst leave the frequency open by hundreds of ppm.  Until it has caught up it
// counts by the variances (both being bounds of the same share); where ours cannot be true, as after a cold night
// without power, the source is believed at once.
double Reference::belief_gain(const ReferenceInput& input) {
  const LocalEstimate& e = input.estimate;
  if (input.source == caught_up_) return 1.0;
  if (newcomer_ != input.source) newcomer_updates_ = 0;
  newcomer_ = input.source;
  const double slack = ++newcomer_updates_ <= kVagueUpdates ? kVagueSlack : 1.0;
  const Frequency own = own_skew(e);
  const double theirs = e.skew.to_ratio();
  if (theirs <= own.to_ratio() || std::abs(e.frequency.to_ratio()) > slack * std::hypot(own.to_ratio(), theirs)) {
    caught_up_ = input.source;
    return 1.0;
  }
  const double ratio = own.to_ratio() / theirs;
  return ratio * ratio;
}

double Reference::gain_of(const ReferenceInput& input) {
  if (input.manual) return 1.0;
  if (abs(input.estimate.skew) > abs(options_.max_update_skew)) return 0.0;
  return input.estimate.growth ? belief_gain(input) : frequency_gain(input.estimate);
}

// The frequency is changed by as much of what was measured as is believed, and known by so much better.
Frequency Reference::correct_frequency(const ReferenceInput& input) {
  const LocalEstimate& e = input.estimate;
  const double gain = gain_of(input);
  const Frequency change = e.frequency * gain;
  const double applied = change.to_ratio(), residual = (e.frequency - change).to_ratio();
  residual_ = Frequency::ratio(residual);
  known_ = e;
  if (e.growth && gain < 1.0) {
    // What the clock runs at is what we knew; the source's doubts about it are not ours.
    skew_ = own_skew(e);
    if (gain > 0.0) known_ = given_our_frequency(e, change, skew_ * (1.0 / kBoundDeviations));
    known_.frequency_sd = std::min(skew_ * (1.0 / kBoundDeviations), e.frequency_sd);
    known_.growth->covariance_s = 0.0;
    return change;
  }
  skew_ = skew_ + (e.skew - skew_) * gain +
          Frequency::ratio(std::sqrt(applied * applied * (1.0 - gain) + residual * residual * gain));
  return change;
}

// Root mean square of the offsets: the first ones count fully, as long as they shrink.
void Reference::note_offset(Duration offset) {
  const double square = offset.to_seconds() * offset.to_seconds();
  if (averaging_) {
    mean_square_offset_ += kRmsWeight * (square - mean_square_offset_);
    return;
  }
  averaging_ = mean_square_offset_ > 0.0 && mean_square_offset_ < square;
  mean_square_offset_ = square;
}

// Samples that wait for others to be made into one, or for what the next one says, leave the estimate as it was: its
// offset is already being slewed.  To count it again would make the clock look as good as its own prediction, and the
// next word look near.
bool Reference::is_known(const ReferenceInput& input) const {
  const std::optional<Growth>& told = input.estimate.growth;
  return synchronised_ && told && known_.growth && told->newest == known_.growth->newest && input.source == source_ &&
         input.combined_sources == combined_sources_;
}

// Whose time we serve, and what can be said of it.
void Reference::take_source(const ReferenceInput& input, const Now& now) {
  const bool synchronised_before = std::exchange(synchronised_, input.leap != ntp::Leap::Unsynchronised);
  stratum_ = static_cast<ntp::Stratum>(input.stratum + 1);
  leap_ = input.leap;
  ref_id_ = input.ref_id;
  source_ = input.source;
  combined_sources_ = input.combined_sources;
  root_delay_ = input.estimate.root_delay;
  root_dispersion_ = input.estimate.root_dispersion;
  if (synchronised_) {
    unsynchronised_since_.reset();
  } else if (synchronised_before) {
    unsynchronised_since_ = now.mono;
  }
}

ReferenceUpdate Reference::update(const ReferenceInput& input, const Now& now, Duration pending) {
  const LocalEstimate& e = input.estimate;
  ReferenceUpdate update;
  if (is_known(input)) {
    take_source(input, now);
    update.verdict = ReferenceUpdate::Verdict::Known;
    return update;
  }
  update.offset = offset_at(now.local, e);
  if (const auto answer = limits_.check(update.offset); answer != OffsetLimits::Answer::Move) {
    const bool ignored = answer == OffsetLimits::Answer::Ignore;
    update.verdict = ignored ? ReferenceUpdate::Verdict::Ignored : ReferenceUpdate::Verdict::Exit;
    return update;
  }
  if (!ntp::is_sane(now.local, update.offset)) {
    update.verdict = ReferenceUpdate::Verdict::Invalid;
    return update;
  }

  pace_.note_update(now.mono);
  const Frequency change = correct_frequency(input);
  if (known_.frequency != e.frequency) update.offset = offset_at(now.local, known_);

  take_source(input, now);
  ever_set_ = true;
  last_offset_ = update.offset;
  note_offset(update.offset);

  update.report_offset = abs(update.offset) > options_.log_change;
  update.clock.frequency = change;
  update.clock.correction_rate = pace_.correction_rate(known_, update.offset + pending);
  if (limits_.wants_step(update.offset + pending)) {
    update.clock.offset = -pending;  // what is being slewed is part of the step
    update.clock.step = update.offset + pending;
  } else {
    update.clock.offset = update.offset;
  }
  // The reference time is one of the local clock as it will be after this update, but for the step (on_step).
  reference_time_ = e.when + update.clock.offset - (now.local - e.when) * change;
  published_time_ = reference_time_ - Duration::seconds(random_.uniform());
  return update;
}

void Reference::set_unsynchronised(const Now& now) {
  if (synchronised_ || !unsynchronised_since_) unsynchronised_since_ = now.mono;
  synchronised_ = false;
  caught_up_.reset();
  newcomer_.reset();
  stratum_ = 0;
  leap_ = ntp::Leap::Unsynchronised;
  ref_id_ = {};
  source_.reset();
}

void Reference::set_local(const LocalReferenceOptions& local) {
  options_.local = local;
  local_activated_ = local.activate <= Duration::zero();
}

void Reference::on_unknown_step() {
  pace_.forget_last_update();
  caught_up_.reset();
  newcomer_.reset();
}

void Reference::on_step(Duration offset) {
  reference_time_ += offset;
  published_time_ += offset;
  local_reference_time_ += offset;
}

void Reference::set_leap(ntp::Leap leap, bool in_progress) {
  leap_ = leap;
  leap_in_progress_ = in_progress;
}

Duration Reference::root_dispersion(LocalTime at) const {
  if (!ever_set_) return kUnknownDispersion;
  const Duration age = abs(at - reference_time_);
  const Duration wandered = known_.growth ? known_.growth->offset_wandered(age) : Duration::zero();
  return root_dispersion_ + age * (skew_ + abs(residual_) + options_.max_clock_error) + wandered * kWanderBound;
}

// For how long what is told at that age will stand.
Duration Reference::status_span(Duration age) const {
  const Duration told = known_.offset_sd_after(age);
  const Duration usual = std::min(std::max(pace_.interval() * (1.0 / kRenewals), kLeastStatusSpan), pace_.interval());
  const Duration least = std::max({usual, age * (1.0 / kRenewals), kShortestStatusSpan});
  Duration span = std::max(pace_.interval() * kMostStatusSpan, least);
  while (span > least && known_.offset_sd_after(age + span) > told * kVisibleGrowth) span = span * 0.5;
  return std::max(span, least);
}

// The bound of the clock's error that the kernel is told, without what is being slewed.
Duration Reference::maximum_error(const Now& now) const {
  const Duration bound = root_delay_ * 0.5 + root_dispersion(now.local);
  if (!known_.growth) return bound;
  const Duration overdue = abs(now.local - reference_time_) - pace_.interval() * kUpdateOverdue;
  return bound + std::max(overdue, Duration::zero()) * kKernelsGrowth;
}

std::optional<Duration> Reference::renew_status_in(const Now& now) const {
  if (!synchronised_ || !known_.growth || maximum_error(now) >= kKernelsLimit) return std::nullopt;
  return status_span(abs(now.local - reference_time_));
}

bool Reference::local_reference_active(const Now& now) {
  const LocalReferenceOptions& local = options_.local;
  if (!local.enabled) return false;
  const Duration distance = root_delay_ * 0.5 + root_dispersion(now.local);
  if (!local_activated_) {
    if (!synchronised_ || distance >= local.activate) return false;
    local_activated_ = true;
  }
  if (synchronised_) {
    return now.local - reference_time_ >= local.wait_synced && distance > local.distance;
  }
  const Duration wait = local.wait_unsynced.value_or(local.orphan ? kOrphanWait : Duration::zero());
  return !unsynchronised_since_ || now.mono - *unsynchronised_since_ >= wait;
}

OwnState Reference::own_state(const Now& now) {
  OwnState state;
  state.precision_log2 = static_cast<std::int8_t>(precision_log2_);
  state.dispersion_since = now.local;
  if (local_reference_active(now)) {
    const Duration age = now.local - local_reference_time_;
    if (age > kLocalRefresh || age < Duration::seconds(1)) {
      local_reference_time_ = now.local - Duration::seconds(1.0 + random_.uniform());
    }
    state.local_reference = true;
    state.leap = ntp::Leap::Normal;
    state.stratum = static_cast<ntp::Stratum>(options_.local.stratum);
    state.ref_id = ntp::kLocalRefId;
    state.root_delay = state.root_dispersion = Duration::zero();
    state.reference_time = local_reference_time_;
  } else if (synchronised_) {
    state.leap = leap_in_progress_ ? ntp::Leap::Unsynchronised : leap_;
    state.stratum = stratum_;
    state.ref_id = ref_id_;
    state.root_delay = root_delay_;
    state.root_dispersion = root_dispersion(now.local);
    state.dispersion_rate = skew_ + abs(residual_) + options_.max_clock_error;
    state.reference_time = published_time_;
  }
  return state;
}

TrackingReport Reference::tracking(const Now& now) {
  const OwnState own = own_state(now);
  TrackingReport report;
  report.ref_id = own.ref_id;
  report.stratum = own.stratum;
  report.leap = own.leap;
  report.reference_time = own.reference_time;
  report.root_delay = own.root_delay;
  report.root_dispersion = own.root_dispersion;
  report.last_offset = last_offset_;
  report.rms_offset = Duration::seconds(std::sqrt(mean_square_offset_));
  report.last_interval = pace_.interval();
  if (synchronised_ && !own.local_reference) {
    report.residual = residual_;
    report.skew = skew_;
    report.source = source_;
  }
  return report;
}

env::SyncStatus Reference::sync_status(const Now& now, Duration pending) const {
  if (!synchronised_) return {};
  env::SyncStatus status;
  status.synchronised = true;
  const Duration age = abs(now.local - reference_time_);
  status.estimated_error = std::max(known_.offset_sd_after(age), abs(pending));
  if (known_.growth) {
    // It stays in the kernel for a while, so it is that of the end of it; a deviation about where the slew is going,
    // seen from where it is.
    const Duration unknown = known_.offset_sd_after(age + std::min(status_span(age), std::max(pace_.interval(), age)));
    status.estimated_error = Duration::seconds(std::hypot(unknown.to_seconds(), pending.to_seconds()));
  }
  status.maximum_error = maximum_error(now) + abs(pending);
  return status;
}

}  // namespace timed::discipline
