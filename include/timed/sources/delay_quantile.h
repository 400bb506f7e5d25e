// A quantile of a stream of delays in constant memory: the frugal estimator of Ma, Muthukrishnan and Sandler (arXiv
// 1407.1121), seven of them for their median (`maxdelayquant`).  Pure.
#ifndef TIMED_SOURCES_DELAY_QUANTILE_H_
#define TIMED_SOURCES_DELAY_QUANTILE_H_

#include <array>
#include <cstddef>

#include "timed/base/random.h"
#include "timed/base/units.h"

namespace timed::sources {

class DelayQuantile {
 public:
  // Estimates the delay below which a share of 0.05 … 0.95 lies, in steps of at least min_step.
  DelayQuantile(double share, Duration min_step);

  void add(Duration delay, EntropyPool& random);

  bool empty() const { return empty_; }
  // Not before the first delay.
  Duration estimate() const;
  Duration min_step() const { return Duration::seconds(min_step_s_); }

 private:
  static constexpr std::size_t kCopies = 7;
  static constexpr double kMaxBackSteps = 100.0;  // a step shrinks to no less than so many smallest ones below zero

  struct Copy {
    double estimate_s = 0.0;
    double step_s = 0.0;
    bool upwards = true;
  };
  void move_up(Copy& copy, double delay_s) const;
  void move_down(Copy& copy, double delay_s) const;

  double share_;
  double min_step_s_;
  std::array<Copy, kCopies> copies_{};
  bool empty_ = true;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_DELAY_QUANTILE_H_
