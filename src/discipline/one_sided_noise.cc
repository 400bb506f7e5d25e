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

// What cutting off a Gaussian at a leaves of its variance.
double share_of_variance(double a, double ratio) {
  if (a > -kAsymptotic) return 1.0 - ratio * (a + ratio);
  const double inverse2 = 1.0 / (a * a);
  return inverse2 * (1.0 - 6.0 * inverse2);
}

}  // namespace

double NormalTail::log_cdf() const {
  return exponent + std::log(factor);
}

NormalTail normal_tail(double a) {
  if (a > kFarTail) {
    const double cdf = 0.5 * std::erfc(-a * kInverseRoot2);
    return {kInverseRoot2Pi * std::exp(-0.5 * a * a) / cdf, 0.0, cdf};
  }
  const double x = -a;
  const double ratio = x + 1.0 / (x + 2.0 / (x + 3.0 / (x + 4.0 / (x + 5.0 / x))));
  return {ratio, -0.5 * a * a, kInverseRoot2Pi / ratio};
}

OneSidedNoise::OneSidedNoise(double mean_s, double gaussian_sd_s)
    : mean_s_(mean_s),
      gaussian_variance_s2_(gaussian_sd_s * gaussian_sd_s),
      usual_{1.0 / mean_s, (1.0 - kRareShare) / mean_s},
      rare_{1.0 / (kRareFactor * mean_s), kRareShare / (kRareFactor * mean_s)} {}

// `sd_s`: of w before; `share`: of its variance that is of u.
OneSidedNoise::Part OneSidedNoise::see_part(const Normal& before, double z, double sd_s, double share,
                                            const Exponential& kind) {
  const double variance = sd_s * sd_s;
  const double moved = before.mean + variance * kind.inverse_mean;
  const double a = (z - moved) / sd_s;
  const NormalTail tail = normal_tail(a);
  const double w_mean = moved - sd_s * tail.ratio;
  const double w_variance = variance * std::max(share_of_variance(a, tail.ratio), kLeastShare);
  Part part;
  part.belief.mean = before.mean + share * (w_mean - before.mean);
  part.belief.variance =
      std::max(before.variance + share * share * (w_variance - variance), kLeastShare * before.variance);
  part.exponent = (0.5 * variance * kind.inverse_mean - (z - before.mean)) * kind.inverse_mean + tail.exponent;
  part.factor = kind.peak * tail.factor;
  return part;
}

OneSidedNoise::Seen OneSidedNoise::see(const Normal& before, double z) const {
  const double variance = before.variance + gaussian_variance_s2_;  // of w
  const double sd_s = std::sqrt(variance), share = before.variance / variance;
  const Part usual = see_part(before, z, sd_s, share, usual_);
  const Part rare = see_part(before, z, sd_s, share, rare_);
  // Bayes' rule between the two kinds of packet.  Either may be unlikely beyond a double's range, but not both beside
  // the larger exponent.
  const double exponent = std::max(usual.exponent, rare.exponent);
  const double less = std::exp(-std::fabs(usual.exponent - rare.exponent));
  const double usual_mass = usual.factor * (usual.exponent < exponent ? less : 1.0);
  const double rare_mass = rare.factor * (rare.exponent < exponent ? less : 1.0);
  Seen seen;
  seen.exponent = exponent;
  seen.factor = usual_mass + rare_mass;
  const double usual_share = usual_mass / seen.factor, rare_share = rare_mass / seen.factor;
  seen.belief.mean = usual_share * usual.belief.mean + rare_share * rare.belief.mean;
  const double apart = usual.belief.mean - rare.belief.mean;
  seen.belief.variance = usual_share * usual.belief.variance + rare_share * rare.belief.variance +
                         usual_share * rare_share * apart * apart;
  return seen;
}

double OneSidedNoise::Seen::log_likelihood() const {
  return exponent + std::log(factor);
}

}  // namespace timed::discipline
