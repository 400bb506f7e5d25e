// An exponential seen through a Gaussian belief.  With before = N(m, v), noise e ~ Exp(s) and stamps of variance g,
// w = u + stamp error is N(m, v + g) before and must lie below z; the exponential weighs it by exp(w/s), which moves a
// Gaussian by (v + g)/s without changing its width.  So what is believed of w is a Gaussian cut off at z, whose
// moments are known (Mills' ratio), and u follows from w as in any Gaussian pair: by the share v/(v + g).
#include "one_sided_noise.h"

#include <algorithm>
#include <cmath>

namespace timed::discipline {
namespace {

constexpr double kFarTail = -30.0;     // left of it Phi is taken from its continued fraction: erfc is soon too small
constexpr double kAsymptotic = 100.0;  // from there on two terms of a series have more digits than a difference
constexpr double kLeastShare = 1e-9;   // of a variance is left at least, whatever rounding makes of it
constexpr double kInverseRoot2Pi = 0.3989422804014327;
constexpr double kInverseRoot2 = 0.7071067811865476;
constexpr double kHalfLog2Pi = 0.9189385332046727;
const double kLogRareFactor = std::log(kRareFactor);
const double kLogRare = std::log(kRareShare);
const double kLogUsual = std::log(1.0 - kRareShare);

}  // namespace

NormalTail normal_tail(double a) {
  if (a > kFarTail) {
    const double cdf = 0.5 * std::erfc(-a * kInverseRoot2);
    return {kInverseRoot2Pi * std::exp(-0.5 * a * a) / cdf, std::log(cdf)};
  }
  const double x = -a;
  const double ratio = x + 1.0 / (x + 2.0 / (x + 3.0 / (x + 4.0 / (x + 5.0 / x))));
  return {ratio, -0.5 * a * a - kHalfLog2Pi - std::log(ratio)};
}

namespace {

// What cutting off a Gaussian at a leaves of its variance.
double share_of_variance(double a, double ratio) {
  if (a > -kAsymptotic) return 1.0 - ratio * (a + ratio);
  const double inverse2 = 1.0 / (a * a);
  return inverse2 * (1.0 - 6.0 * inverse2);
}

}  // namespace

OneSidedNoise::OneSidedNoise(double mean_s, double gaussian_sd_s)
    : mean_s_(mean_s), gaussian_variance_s2_(gaussian_sd_s * gaussian_sd_s), log_mean_(std::log(mean_s)) {}

OneSidedNoise::Seen OneSidedNoise::see_exponential(const Normal& before, double z, double mean_s,
                                                   double log_mean) const {
  const double variance = before.variance + gaussian_variance_s2_;  // of w
  const double sd = std::sqrt(variance);
  const double moved = before.mean + variance / mean_s;
  const double a = (z - moved) / sd;
  const NormalTail tail = normal_tail(a);
  const double w_mean = moved - sd * tail.ratio;
  const double w_variance = variance * std::max(share_of_variance(a, tail.ratio), kLeastShare);
  const double share = before.variance / variance;
  Seen seen;
  seen.belief.mean = before.mean + share * (w_mean - before.mean);
  seen.belief.variance =
      std::max(before.variance + share * share * (w_variance - variance), kLeastShare * before.variance);
  seen.log_likelihood = -log_mean - (z - before.mean) / mean_s + 0.5 * variance / (mean_s * mean_s) + tail.log_cdf;
  return seen;
}

OneSidedNoise::Seen OneSidedNoise::see(const Normal& before, double z) const {
  const Seen usual = see_exponential(before, z, mean_s_, log_mean_);
  const Seen rare = see_exponential(before, z, mean_s_ * kRareFactor, log_mean_ + kLogRareFactor);
  // Bayes' rule between the two kinds of packet, in logarithms: either may be unlikely beyond a double's range.
  const double log_odds = rare.log_likelihood + kLogRare - usual.log_likelihood - kLogUsual;
  const double odds = std::exp(-std::fabs(log_odds));
  const double rare_share = log_odds > 0.0 ? 1.0 / (1.0 + odds) : odds / (1.0 + odds);
  const double usual_share = 1.0 - rare_share;
  Seen seen;
  seen.log_likelihood = std::max(usual.log_likelihood + kLogUsual, rare.log_likelihood + kLogRare) + std::log1p(odds);
  seen.belief.mean = usual_share * usual.belief.mean + rare_share * rare.belief.mean;
  const double apart = usual.belief.mean - rare.belief.mean;
  seen.belief.variance = usual_share * usual.belief.variance + rare_share * rare.belief.variance +
                         usual_share * rare_share * apart * apart;
  return seen;
}

}  // namespace timed::discipline
