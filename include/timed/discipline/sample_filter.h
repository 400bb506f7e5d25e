// Several measurements made into one: the `filter` option of a source, and later what a reference clock delivers
// between two polls.
#ifndef TIMED_DISCIPLINE_SAMPLE_FILTER_H_
#define TIMED_DISCIPLINE_SAMPLE_FILTER_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "timed/base/units.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/timeline.h"

namespace timed::discipline {

struct FilterOptions {
  std::size_t capacity = 1;    // samples kept, 1 … SampleFilter::kMaxCapacity; the oldest make room
  double combine_ratio = 0.0;  // share around the median that is averaged; 0 = the median alone
  Duration max_deviation = Duration::seconds(16);  // a larger standard deviation gives no output; 0 = no limit
  bool ages = false;  // clock changes add dispersion to the samples that wait (reference clocks)
};

class SampleFilter {
 public:
  static constexpr std::size_t kMaxCapacity = 256;

  // `precision` is that of the local clock: the noise assumed before any was seen.
  SampleFilter(const FilterOptions& options, Duration precision);

  // False: not later than the last one, and left out.
  bool add(const Sample& sample);
  // The samples since the last output as one; they are then forgotten.  Empty without samples, or (the samples are
  // kept) where they differ too much.  Which ones count depends on their order as the clock is steered now.
  std::optional<Sample> output(const LocalView& view);
  // Forgets samples and noise.
  void reset();

  std::size_t size() const { return samples_.size(); }
  // The last sample added, also after an output.
  const std::optional<Sample>& last() const { return last_; }

 private:
  // A sample with its offset from the clock as it is steered now.
  struct Point {
    const Sample* sample;
    double offset_s;
    double dispersion_s;  // peer dispersion, with what clock changes have added
    double added_s;
  };
  struct Deviation {
    double variance_s2 = 0.0;
    double dispersion_s = 0.0;
    std::size_t degrees = 1;
  };

  std::vector<Point> chosen(const LocalView& view) const;
  Deviation deviation_of(const std::vector<Point>& points) const;
  void note_noise(Deviation& deviation);

  FilterOptions options_;
  double precision_s_;
  std::deque<Sample> samples_;
  std::optional<Sample> last_;
  double mean_variance_s2_ = 0.0;  // long-term
  std::size_t noise_count_ = 0;    // degrees of freedom that went into it
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SAMPLE_FILTER_H_
