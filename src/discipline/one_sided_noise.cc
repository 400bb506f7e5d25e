// An exponential seen through a Gaussian belief.  With before = N(m, v), noise e ~ Exp(s) and stamps of variance g,
// w = u + stamp error is N(m, v + g) before and must lie below z; the exponential weighs it by exp(w/s), which moves a
// Gaussian by (v + g)/s without changing its width.  So what is believed of w is a Gaussian cut off at z, whose
// moments are known (Mills' ratio), and u follows from w as in any Gaussian pair: by the share v/(v + g).
//
// In deviations of w before: z lies t above the mean, an exponential of rate r moves the Gaussian by r, and it is cut
// off at a = t - r.  How likely z was is then, for a kind of packets and up to its share,
//
//   r · exp(r²/2 - r t) · Phi(a)  =  r · exp(-t²/2) · exp(a²/2) Phi(a),
//
// where the left form serves above zero and the right one below: neither overflows.  As usual packets and rare ones
// have t in common, two exponential functions are all that both need, and no error function: Phi comes from Mills'
// ratio, which a quotient of polynomials gives.
#include "one_sided_noise.h"

#include <array>

namespace timed::discipline {
namespace {

constexpr double kInverseRoot2Pi = 0.3989422804014327;
constexpr double kLeastShare = 1e-9;  // of a variance is left at least, whatever rounding makes of it
// Above it what is cut off is less than a double's last digit.
constexpr double kNothingCut = 8.5;
// Of the standard normal, for x of zero and above: phi(x)/(1 - Phi(x)) - x, which falls from 0.8 as 1/x does, is
// kOver/kUnder to 1.6e-12 of itself (minimax in x from zero to infinity, by weighted least squares at 45 digits).
constexpr std::array<double, 8> kOver = {21483.8672834692142, 24005.9917803006486, 13530.6648610640475,
                                         4826.20881407074134, 1163.22270177566454, 189.27978716550887,
                                         19.4338021647758266, 0.999999999998392114};
constexpr std::array<double, 9> kUnder = {26926.034590624984,  42349.9614046854588, 32566.9699083455115,
                                          15740.3979246633973, 5198.77192532976604, 1202.09023745636439,
                                          191.279787852304924, 19.4338021621420022, 1.0};
constexpr double kFarthest = 1e15;     // of x: its 17th power is still a double
constexpr double kAsymptotic = 100.0;  // from there on three terms of a series have more digits than a difference

}  // namespace

[[gnu::always_inline]] inline CutNormal cut(DoublePair a, DoublePair bell) {
  const auto is_above = a > both(0.0);
  const DoublePair distance = is_above ? a : -a;
  const DoublePair x = smaller(distance, both(kFarthest));
  const DoublePair over = polynomial(kOver, x), under = polynomial(kUnder, x);
  // phi/(1 - Phi) = sum/under at x.  What is left of the cut is that of the other side: below zero 1 - Phi(x), above it
  // 1 - (1 - Phi(x)).  All three quotients have the same denominator.
  const DoublePair sum = over + x * under;
  const DoublePair density = bell * both(kInverseRoot2Pi);
  const DoublePair left = is_above ? sum - density * under : under;
  const DoublePair inverse = both(1.0) / (left * sum);
  CutNormal cut;
  cut.mass = left * left * inverse * (is_above ? both(1.0) : both(kInverseRoot2Pi));
  cut.excess = is_above ? a + density * sum * sum * inverse : over * sum * inverse;
  const DoublePair ratio = cut.excess - a;  // phi(a)/Phi(a)
  const DoublePair inverse2 = both(1.0) / (distance * distance);
  const DoublePair series = inverse2 * (both(1.0) - inverse2 * (both(6.0) - both(50.0) * inverse2));
  cut.variance = a < both(-kAsymptotic) ? series : both(1.0) - ratio * cut.excess;
  cut.variance = larger(cut.variance, both(kLeastShare));
  return cut;
}

CutNormal cut_above(DoublePair a, DoublePair bell) {
  return cut(a, bell);
}

OneSidedNoise::OneSidedNoise(DoublePair mean_s, double gaussian_sd_s)
    : gaussian_variance_s2_(gaussian_sd_s * gaussian_sd_s),
      rate_(both(1.0) / mean_s),
      usual_peak_(both(1.0 - kRareShare) * rate_),
      rare_peak_(both(kRareShare / kRareFactor) * rate_) {}

OneSidedNoise::Seen OneSidedNoise::see(const Normals& before, DoublePair z) const {
  const DoublePair sd_s = root(before.variance + both(gaussian_variance_s2_));  // of w
  const DoublePair inverse_sd = both(1.0) / sd_s;
  const DoublePair share = before.variance * inverse_sd * inverse_sd;  // of its variance that is of u
  const DoublePair t = (z - before.mean) * inverse_sd;
  const DoublePair usual_rate = rate_ * sd_s, rare_rate = usual_rate * both(1.0 / kRareFactor);
  const DoublePair usual_a = t - usual_rate, rare_a = t - rare_rate;  // the rare one is the larger
  // Bells of both, which also say how much less likely usual packets are than rare ones; where the bells are nothing
  // beside 1, that and no bell.
  const DoublePair usual_above = larger(usual_a, both(0.0)), rare_above = larger(rare_a, both(0.0));
  const DoublePair apart = smaller(rare_above, usual_rate - rare_rate);
  const auto is_far = usual_above > both(kNothingCut);
  const DoublePair usual_bell = exp_below_zero(both(-0.5) * usual_above * usual_above);
  const DoublePair other =
      exp_below_zero(both(-0.5) * (is_far ? apart * (rare_above + usual_above) : rare_above * rare_above));
  const CutNormal usual = cut(usual_a, is_far ? both(0.0) : usual_bell);
  const CutNormal rare = cut(rare_a, is_far ? both(0.0) : other);
  const DoublePair less = is_far ? other : other / usual_bell;
  // Bayes' rule between the two kinds of packet.
  const DoublePair usual_mass = usual_peak_ * usual.mass * less, rare_mass = rare_peak_ * rare.mass;
  Seen seen;
  seen.exponent = rare_a > both(0.0) ? rare_rate * (both(0.5) * rare_rate - t) : both(-0.5) * t * t;
  seen.factor = usual_mass + rare_mass;
  const DoublePair usual_share = usual_mass / seen.factor, rare_share = both(1.0) - usual_share;
  const DoublePair between = usual.excess - rare.excess;
  const DoublePair excess = usual_share * usual.excess + rare_share * rare.excess;
  const DoublePair variance =
      usual_share * usual.variance + rare_share * rare.variance + usual_share * rare_share * between * between;
  seen.belief.mean = before.mean + share * sd_s * (t - excess);
  seen.belief.variance =
      before.variance *
      larger(both(gaussian_variance_s2_) * inverse_sd * inverse_sd + share * variance, both(kLeastShare));
  return seen;
}

}  // namespace timed::discipline
