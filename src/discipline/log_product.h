// A product of very many factors of any size, as its logarithm.  That is only taken where a double would soon hold the
// product no longer: taken of each factor it would be the dearest part of the estimator.
#ifndef TIMED_SRC_DISCIPLINE_LOG_PRODUCT_H_
#define TIMED_SRC_DISCIPLINE_LOG_PRODUCT_H_

#include <cmath>

namespace timed::discipline {

class LogProduct {
 public:
  // Of 1e-200 to 1e200.
  void times(double factor) {
    factor_ *= factor;
    if (factor_ > kLeast && factor_ < kMost) return;
    log_ += std::log(factor_);  // of what is no positive number: none either, from then on
    factor_ = 1.0;
  }
  void times_exp(double exponent) { log_ += exponent; }
  double log() const { return log_ + std::log(factor_); }

 private:
  static constexpr double kLeast = 1e-100, kMost = 1e100;

  double log_ = 0.0;
  double factor_ = 1.0;
};

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_LOG_PRODUCT_H_
