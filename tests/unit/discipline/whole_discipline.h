// Samples of several sources taken through all of the discipline, put together as the daemon does it
// (daemon/engine_parts.cc, sources/source_set.cc), with the kernel's clock at its end.  Whatever the samples are, some
// things must hold; each is looked at after every sample, and the first that did not is named by broken().
#ifndef TIMED_TESTS_UNIT_DISCIPLINE_WHOLE_DISCIPLINE_H_
#define TIMED_TESTS_UNIT_DISCIPLINE_WHOLE_DISCIPLINE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/discipline/fake_kernel.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"
#include "timed/discipline/source_stats.h"
#include "timed/ntp/era.h"

namespace timed::discipline {

struct WholeOptions {
  std::size_t sources = 1;
  StatsOptions stats = {};
  SelectionOptions selection = {};
  ReferenceOptions reference = {};
  ClockOptions clock = {};
};

// The first rule that was broken.
class Rules {
 public:
  void expect(bool holds, const char* rule) {
    if (!holds && broken_.empty()) broken_ = rule;
  }
  void expect_number(double value, const char* rule) { expect(std::isfinite(value), rule); }
  void expect_bound(Duration bound, const char* rule) { expect(bound.is_finite() && bound >= Duration::zero(), rule); }
  void expect_bound(Frequency bound, const char* rule) {
    expect(bound.is_finite() && bound >= Frequency::zero(), rule);
  }
  const std::string& broken() const { return broken_; }

 private:
  std::string broken_;
};

// A kernel that is told nothing but numbers, and none beyond what the administrator allows.
class WatchedKernel : public FakeKernel {
 public:
  WatchedKernel(const WholeOptions& options, Rules& rules)
      : most_(std::min(kKernelsLimit, options.clock.max_drift +
                                          options.clock.max_slew_rate * (1.0 + options.clock.max_drift.to_ratio()))),
        steps_left_(options.reference.make_step.limit),
        least_step_(options.reference.make_step.threshold),
        rules_(rules) {}

  Result<Frequency> set_frequency(Frequency wanted) override {
    constexpr double kRounding = 1.0 + 1e-12;
    rules_.expect_number(wanted.to_ratio(), "the kernel's frequency is a number");
    rules_.expect(abs(wanted) <= most_ * kRounding, "the kernel's frequency is within maxdrift and maxslewrate");
    return FakeKernel::set_frequency(wanted);
  }
  // makestep counts updates, of which each makes a step at most.
  Status step(Duration offset) override {
    rules_.expect_number(offset.to_seconds(), "a step is a number");
    rules_.expect(steps_left_ != 0 && abs(offset) >= least_step_ - Duration::nanos(1), "steps are those of makestep");
    if (steps_left_ > 0) --steps_left_;
    return FakeKernel::step(offset);
  }
  Status set_sync_status(const env::SyncStatus& status) override {
    rules_.expect_bound(status.estimated_error, "the kernel's estimated error is a bound");
    rules_.expect_bound(status.maximum_error, "the kernel's maximum error is a bound");
    return FakeKernel::set_sync_status(status);
  }

 private:
  static constexpr Frequency kKernelsLimit = Frequency::ratio(0.1);
  Frequency most_;
  int steps_left_;
  Duration least_step_;
  Rules& rules_;
};

// What the samples of one source support: a frequency that no two neighbours contradict, each of whose offsets is off
// by half its delay at most, and by what the clocks count in.  A pair further apart supports nothing beyond that.
// Where the reference may have been set between the two they leave the one `believed` before as open as that.
class SupportedFrequencies {
 public:
  void add(const Sample& s, std::optional<Frequency> believed) {
    if (last_) {
      constexpr Duration kRounding = Duration::nanos(10);
      const double dt_s = (s.when - last_->when).to_seconds();
      const double slope = (s.offset - last_->offset).to_duration().to_seconds() / dt_s;
      const double slack =
          ((s.peer_delay + last_->peer_delay) * 0.5 + (s.peer_dispersion + last_->peer_dispersion) * 2.0 + kRounding)
              .to_seconds() /
          dt_s;
      include(slope, slack);
      if (believed) include(believed->to_ratio(), 2.0 * slack);
    }
    last_ = s;
  }
  void shift(Duration offset) {
    if (last_) last_->offset = last_->offset + WideDuration(offset);
  }
  double least() const { return least_; }
  double largest() const { return largest_; }

 private:
  void include(double frequency, double slack) {
    least_ = std::min(least_, frequency - slack);
    largest_ = std::max(largest_, frequency + slack);
  }

  std::optional<Sample> last_;
  double least_ = std::numeric_limits<double>::infinity();
  double largest_ = -std::numeric_limits<double>::infinity();
};

// What an exchange has shown.  Offsets are those from the bare oscillator, which nobody steps or steers.
struct Shown {
  Duration offset;
  Duration delay = Duration::zero();
  Duration dispersion = Duration::nanos(20);
  Duration root_delay = Duration::zero();  // of the source
  Duration root_dispersion = Duration::zero();
  Duration late = Duration::zero();  // how long ago it was
};

class WholeDiscipline {
 public:
  explicit WholeDiscipline(const WholeOptions& options)
      : kernel_(options, rules_),
        clock_(options.clock, kernel_, kernel_.timers, [] {}),
        selector_(options.selection),
        reference_(options.reference, kPrecisionLog2, 1),
        max_jitter_(options.selection.max_jitter),
        max_slew_rate_(options.clock.max_slew_rate),
        least_delay_(options.stats.min_delay) {
    static_cast<void>(clock_.start());
    oscillator_ = FreeTime::from_nanos(kernel_.raw.nanos());
    for (std::size_t i = 0; i < options.sources; ++i) sources_.emplace_back(options.stats, kPrecision);
  }

  // So much of the oscillator's time passes; timers run.
  void run(Duration span) {
    kernel_.run(span);
    oscillator_ += span;
    check_reports();
  }

  void take(std::size_t index, const Shown& shown) {
    Source& source = sources_[index];
    accumulate(index, sample_of(shown));
    source.reach = source.reach << 1 | 1;
    source.reach_size = std::min(source.reach_size + 1, 8);
    const double before = clock_.frequency().to_ratio();
    select();
    check_frequency(before);
    check_reports();
  }

  // The server's clock was set, and said by how much.
  void shift(std::size_t index, Duration offset) {
    sources_[index].stats.shift(offset);
    sources_[index].supported.shift(offset);
  }

  // Somebody else has stepped our clock; the daemon has seen it.
  void step_clock(Duration offset) {
    kernel_.raw += offset;
    clock_.on_unknown_step(offset);
    reference_.on_unknown_step();
    for (Source& source : sources_) {
      source.stats.reset();
      source.supported = {};
    }
    select();
    reference_.set_unsynchronised(clock_.read());
    check_reports();
  }
  // Or has not.
  void step_clock_unseen(Duration offset) { kernel_.raw += offset; }

  // reference - local now, of a reference that is so far from the oscillator.
  Duration error(Duration offset) { return (ahead(clock_.read().local) + WideDuration(offset)).to_duration(); }
  Frequency frequency() const { return clock_.frequency(); }
  env::SyncStatus status() const { return kernel_.sync.value_or(env::SyncStatus{}); }  // as the kernel was told
  const Reference& reference() const { return reference_; }
  const SourceStats& stats(std::size_t index) const { return sources_[index].stats; }
  std::size_t updates() const { return updates_; }
  const std::string& broken() const { return rules_.broken(); }

 private:
  struct Source {
    Source(const StatsOptions& options, Duration precision) : stats(options, precision) {}
    SourceStats stats;
    SupportedFrequencies supported;
    unsigned reach = 0;
    int reach_size = 0;
  };
  static constexpr Duration kPrecision = Duration::nanos(20);
  static constexpr int kPrecisionLog2 = -26;

  template <class Scale>
  WideDuration ahead(TimePoint<Scale> reading) const {
    return WideDuration::between(oscillator_, reading);
  }

  // As sources/response_check.cc makes it; what packets say of the root has no sign.
  Sample sample_of(const Shown& shown) {
    const Now now = clock_.read();
    const LocalView& view = clock_.timeline().view();
    Sample s;
    s.when = now.free - shown.late;
    s.offset = ahead(now.free) + WideDuration(shown.offset);
    s.measured = view.local_offset(s.when, s.offset);
    s.peer_delay = std::max(shown.delay, kPrecision);
    s.peer_dispersion = std::max(shown.dispersion, kPrecision);
    s.root_delay = std::max(shown.root_delay, Duration::zero()) + s.peer_delay;
    s.root_dispersion = std::max(shown.root_dispersion, Duration::zero()) + s.peer_dispersion;
    s.added_dispersion = view.added_dispersion;
    s.stratum = 1;
    return s;
  }

  void accumulate(std::size_t index, const Sample& sample) {
    Source& source = sources_[index];
    const LocalView& view = clock_.timeline().view();
    rules_.expect_number(source.stats.predict(sample.when, view).to_seconds(), "what is expected is a number");
    std::optional<Frequency> believed;
    if (const Estimator* e = source.stats.estimator(); e != nullptr && e->posterior()) {
      believed = e->posterior()->frequency;
    }
    const SampleVerdict verdict = source.stats.accumulate(sample, view);
    if (verdict == SampleVerdict::Refused) return;
    if (verdict == SampleVerdict::BeganAnew) source.supported = {};
    // What lies below a smallest delay that was given is as far off as what lies above.
    Sample taken = sample;
    taken.peer_delay = std::max(sample.peer_delay, least_delay_ * 2.0 - sample.peer_delay);
    source.supported.add(taken, believed);
    selector_.note_sample({static_cast<std::uint32_t>(index)});
  }

  std::vector<Candidate> candidates(FreeTime now) {
    const LocalView& view = clock_.timeline().view();
    std::vector<Candidate> all;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      Candidate c;
      c.id = {static_cast<std::uint32_t>(i)};
      c.stratum = 1;
      c.leap = ntp::Leap::Normal;
      c.reach = static_cast<std::uint8_t>(sources_[i].reach);
      c.reach_size = sources_[i].reach_size;
      c.data = sources_[i].stats.selection_data(now, view, max_jitter_);
      c.estimate = sources_[i].stats.steering_estimate(view);
      check(c);
      all.push_back(c);
    }
    return all;
  }

  void select() {
    const Selection selection = selector_.select(candidates(clock_.read().free), {});
    if (selection.lose_synchronisation) reference_.set_unsynchronised(clock_.read());
    if (!selection.combined) return;
    check(*selection.combined);
    const Now now = clock_.read();
    const ReferenceUpdate update = reference_.update({.stratum = selection.stratum,
                                                      .leap = selection.leap,
                                                      .ref_id = selection.ref_id,
                                                      .source = selection.selected,
                                                      .combined_sources = selection.combined_sources,
                                                      .manual = false,
                                                      .estimate = *selection.combined},
                                                     now, clock_.timeline().pending(now.raw));
    if (update.verdict == ReferenceUpdate::Verdict::Known) clock_.renew();
    if (update.verdict == ReferenceUpdate::Verdict::Applied) apply(update);
  }

  void apply(const ReferenceUpdate& update) {
    ++updates_;
    clock_.apply(update.clock);
    if (update.clock.step) {
      static_cast<void>(clock_.step(*update.clock.step));
      reference_.on_step(*update.clock.step);
    }
    rules_.expect(ntp::is_sane(clock_.read().local, Duration::zero()), "no update leads out of the era");
    tell_kernel();
  }

  void tell_kernel() {
    const Now now = clock_.read();
    clock_.set_sync_status(reference_.sync_status(now, clock_.timeline().pending(now.raw)));
    const auto again = reference_.renew_status_in(now);
    rules_.expect(!again || (again->is_finite() && *again > Duration::zero()), "the kernel is told again in a while");
  }

  // A sample moves the frequency nowhere but from where it is towards what samples of some source support.
  void check_frequency(double before) {
    double least = before, largest = before;
    for (const Source& source : sources_) {
      least = std::min(least, source.supported.least());
      largest = std::max(largest, source.supported.largest());
    }
    const double now = clock_.frequency().to_ratio();
    rules_.expect_number(now, "the frequency is a number");
    rules_.expect(now >= least - kRounding && now <= largest + kRounding, "the frequency is one that samples support");
    rules_.expect(abs(clock_.slew().correction) <= max_slew_rate_, "slews are within maxslewrate");
  }
  static constexpr double kRounding = 1e-15;

  void check(const LocalEstimate& e) {
    rules_.expect_number(e.offset.to_seconds(), "an estimated offset is a number");
    rules_.expect_number(e.frequency.to_ratio(), "an estimated frequency is a number");
    rules_.expect_bound(e.offset_sd, "the deviation of an offset is a bound");
    rules_.expect_bound(e.frequency_sd, "the deviation of a frequency is a bound");
    rules_.expect_bound(e.skew, "a skew is a bound");
    rules_.expect_bound(e.root_delay, "a root delay is a bound");
    rules_.expect_bound(e.root_dispersion, "a root dispersion is a bound");
    rules_.expect_bound(e.offset_sd_after(Duration::seconds(1e5)), "and so is what the deviation grows to");
  }

  void check(const Candidate& c) {
    if (c.estimate) check(*c.estimate);
    if (!c.data) return;
    rules_.expect_number(c.data->offset.to_seconds(), "the offset of a candidate is a number");
    rules_.expect_bound(c.data->root_distance, "a root distance is a bound");
    rules_.expect_bound(c.data->std_dev, "the jitter of a candidate is a bound");
  }

  // What anybody may ask at any time.
  void check_reports() {
    const Now now = clock_.read();
    const TrackingReport t = reference_.tracking(now);
    for (const Duration d : {t.last_offset, t.rms_offset, t.last_interval}) {
      rules_.expect_number(d.to_seconds(), "what tracking reports are numbers");
    }
    rules_.expect_number(t.residual.to_ratio(), "the residual frequency is a number");
    rules_.expect_bound(t.skew, "the skew of tracking is a bound");
    rules_.expect_bound(t.root_delay, "the root delay of tracking is a bound");
    rules_.expect_bound(t.root_dispersion, "the root dispersion of tracking is a bound");
    rules_.expect_bound(reference_.own_state(now).dispersion_rate, "the growth of the dispersion is a bound");
    for (const Source& source : sources_) {
      const StatsReport r = source.stats.report(now.free, clock_.timeline().view());
      rules_.expect_number(r.offset.to_seconds(), "the offset of sourcestats is a number");
      rules_.expect_number(r.frequency.to_ratio(), "the frequency of sourcestats is a number");
      rules_.expect_bound(r.skew, "the skew of sourcestats is a bound");
      rules_.expect_bound(r.std_dev, "the jitter of sourcestats is a bound");
    }
    if (reference_.synchronised()) tell_kernel();
  }

  Rules rules_;
  WatchedKernel kernel_;
  LocalClock clock_;
  FreeTime oscillator_;
  std::vector<Source> sources_;
  Selector selector_;
  Reference reference_;
  Duration max_jitter_;
  Frequency max_slew_rate_;
  Duration least_delay_;
  std::size_t updates_ = 0;
};

}  // namespace timed::discipline

#endif  // TIMED_TESTS_UNIT_DISCIPLINE_WHOLE_DISCIPLINE_H_
