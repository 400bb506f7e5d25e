// The samples of one source, an immutable history, and what they say of the clock.  By a weighted regression with a
// runs test, which the selection and the reports of chrony go by whatever steers; and, unless "estimator regression" is
// set, by the Estimator (docs/accuracy.md), whose answer steers.
#ifndef TIMED_DISCIPLINE_SOURCE_STATS_H_
#define TIMED_DISCIPLINE_SOURCE_STATS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "timed/discipline/estimator.h"
#include "timed/discipline/options.h"
#include "timed/discipline/regression.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/sample_history.h"
#include "timed/discipline/timeline.h"

namespace timed::discipline {

// Fits in a row whose delays lean to one side are counted so far.
inline constexpr int kMaxAsymmetryRun = 1000;

// What the selection wants to know of a source at one instant.
struct SelectionData {
  bool usable = false;     // false: too few samples for a fit
  Duration offset;         // reference - local, of the best sample, carried to now
  Duration root_distance;  // half the root delay + dispersion + ageing
  Duration std_dev;        // of the samples about their line
  Duration first_sample_age;
  Duration last_sample_age;
};

// What the delay tests of a new response want to know.
struct DelayTestData {
  Duration min_delay;  // smallest round trip
  Duration std_dev;    // of the samples about their line
  Frequency skew;      // bound of the error of its slope
  FreeTime last_sample;
};

// One row of the `sourcestats` report, in our sign (reference - local).
struct StatsReport {
  std::size_t samples = 0;
  std::size_t runs = 0;
  Duration span;                            // from the first sample to the last
  Duration std_dev = Duration::seconds(4);  // of the samples about their line
  Frequency frequency;                      // what is left to correct: the slope of the offset
  Frequency skew = Frequency::ppm(2000);    // bound of its error
  Duration offset;                          // carried to now, as its deviation is
  Duration offset_sd = Duration::seconds(4);
};

// The part of a `sources` row that the last sample gives.
struct LastSampleReport {
  FreeTime when;
  Duration measured;  // reference - local when it was taken
  Duration adjusted;  // reference - local as the clock is steered now
  Duration error;     // half the root delay + root dispersion
  ntp::Stratum stratum = 0;
};

// What became of a sample.
enum class SampleVerdict : std::uint8_t {
  Added,
  BeganAnew,  // it was not later than the last one, so the history was dropped first
  Refused,    // it is no measurement (is_measurement()), and has changed nothing
};

class SourceStats {
 public:
  // `precision` is that of the local clock.
  SourceStats(const StatsOptions& options, Duration precision);

  // Adds a sample and fits anew, unless it is refused.
  SampleVerdict accumulate(const Sample& sample, const LocalView& view);
  // Fits anew: the view has changed by added dispersion, or options did.
  void regress(const LocalView& view);
  // In place of all samples, those of an earlier daemon, strictly in order; the run is that of asymmetry_run().  Those
  // that are no measurements are refused.
  void restore(const std::vector<Sample>& samples, int asymmetry_run, const LocalView& view);
  // Forgets all samples.
  void reset();
  // The reference was moved, positive = set forward, which no frequency explains: samples and estimate move with it.
  void shift(Duration offset);

  std::size_t samples() const { return history_.size(); }
  const SampleHistory& history() const { return history_; }
  // Of the last fit of the regression, on the free-running scale.
  bool regression_ok() const { return ok_; }
  Frequency skew() const { return estimate_.skew; }
  Frequency frequency() const { return estimate_.frequency; }
  Duration std_dev() const { return std_dev_; }
  std::size_t runs() const { return runs_; }
  double asymmetry() const { return asymmetry_; }       // in use, as the option of that name
  int asymmetry_run() const { return asymmetry_run_; }  // fits in a row that lean to one side; its sign
  std::size_t best_sample() const { return best_; }     // index in the history
  std::size_t dropped() const { return dropped_; }      // samples that the last fit dropped
  double stress() const { return stress_; }             // |change of frequency| / skew before it
  std::uint64_t refused() const { return refused_; }    // samples so far that were no measurements

  // Of the estimator; null where the regression steers.
  const Estimator* estimator() const { return estimator_ ? &*estimator_ : nullptr; }
  std::uint64_t begun_anew() const { return begun_anew_; }  // times so far that it was lost
  // Samples that the poll may be judged by: those of the present.
  std::size_t telling_samples() const;
  // How the sample added last was, beside what the estimator had said of the clock; with the regression Met.
  Expectation expectation() const;

  // reference - local expected at a time: by what steers, else the last offset, zero without samples.
  Duration predict(FreeTime t, const LocalView& view) const;
  // Smallest round trip; infinite without samples.
  Duration min_delay() const;
  // Empty below six samples.
  std::optional<DelayTestData> delay_test_data() const;
  // Empty without samples.  max_jitter stands in for the deviation where fewer samples than a fit needs must do.
  std::optional<SelectionData> selection_data(FreeTime now, const LocalView& view, Duration max_jitter) const;
  // By the regression, for reports.
  std::optional<LocalEstimate> local_estimate(const LocalView& view) const;
  // That which steers the clock: the estimator's where there is one and it has an answer.
  std::optional<LocalEstimate> steering_estimate(const LocalView& view) const;
  StatsReport report(FreeTime now, const LocalView& view) const;
  std::optional<LastSampleReport> last_sample(const LocalView& view) const;

 private:
  bool refuses(const Sample& sample);
  void correct_asymmetry(std::vector<double>& x_s, std::vector<double>& y_s);
  void take_fit(const std::optional<RunsTestFit>& fit, const LocalView& view);
  void find_best(const LocalView& view);
  void tell_estimator(const Sample& sample);
  bool estimator_is_lost();
  void begin_estimator_anew();

  StatsOptions options_;
  Duration precision_;
  SampleHistory history_;
  std::optional<Estimator> estimator_;
  bool ok_ = false;
  bool fresh_ = true;  // no fit was tried since the last reset
  Estimate estimate_;
  Duration std_dev_ = Duration::seconds(4);
  std::size_t runs_ = 0;
  std::size_t best_ = 0;
  std::size_t dropped_ = 0;
  double asymmetry_ = 0.0;
  int asymmetry_run_ = 0;
  double stress_ = 0.0;
  std::uint64_t refused_ = 0;
  std::uint64_t begun_anew_ = 0;
  int far_worse_ = 0;                // samples in a row after which the estimator knew far less than the regression
  std::vector<FreeTime> held_back_;  // samples of the history that the estimator held back
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SOURCE_STATS_H_
