// The state at an exchange is x = (offset, frequency, base delay one way).  An exchange gives two observations,
//
//   there: delay/2 + offset = (D + offset) + noise       back: delay/2 - offset = (D - offset) + noise
//
// with one-sided noise: each says that u = D ± offset is at most what was seen, and probably not much less.  If the
// noise were Gaussian, a Kalman filter forwards and a smoother backwards would be the whole answer.  Expectation
// propagation (Minka 2001) keeps that machine and puts in place of each observation a Gaussian factor in u, its site,
// chosen so that the belief about u has the mean and the variance that the true noise gives to it:
//
//   1. filter forwards with all sites, smooth backwards: the belief about every u;
//   2. for each site: divide it out of that belief (the cavity: what all the others say), see the observation through
//      the true noise, and make the site the quotient of what is believed then and the cavity;
//   3. repeat until the beliefs stay, with the means of the noise set to what the sites explain (expectation
//      maximisation): that is how an asymmetric jitter is found.
//
// The way back is that of Durbin and Koopman: vectors r and N with smoothed mean = m + P r, variance = P - P N P.
// It inverts nothing, and a site, being scalar, costs a few products.
//
// What can be is done for both directions of an exchange at once (double_pair.h); only the way back through time undoes
// one site after the other.
//
// The sum of the logarithms of how likely each site's observation was, over what the site itself would say, makes the
// evidence of the model: by it models with other wander and other noise are weighed.
#include "exchange_smoother.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "timed/base/check.h"

namespace timed::discipline {
namespace {

constexpr DoublePair kSign = {1.0, -1.0};  // of the offset in u

// From a cold start the beliefs may pause before they move; a warm one is looked at twice.  With 2 and 8, and with 1
// and 4 for a warm one, default, asymmetric jitter and polls of 1024 s have the same errors within 0.001 (seeds 401 to
// 440); 4 warm rounds at least make an update a third dearer.
constexpr int kLeastRounds = 4;
constexpr int kWarmRounds = 2;
// Smaller changes, in standard deviations, end a run.  With 0.1 no row of twelve is better or worse by more than 0.01
// of the regression's error (sim_estimators --seeds 1 12), and the usual update takes a tenth less.
constexpr double kStill = 0.07;
// Of every round but the first: sites that answer one another swing else.  With 0.6 (the prototype's) the same five
// rows have the same errors within 0.01.
constexpr double kDamping = 0.8;
// Exchanges' worth of belief that both directions have the same noise: as many as the prototype had while the window is
// short, and fewer as it fills, 1 for all 64.  With 4 for ever the quiet direction never had less than 3 % of the noise
// of the loud one: with 0.2 ms of queues there and 1 us back the error was 1.46 times the regression's, and is 0.73
// times with 1 (8 seeds).
constexpr double kMostScalePrior = 4.0;
constexpr double kFadingScalePrior = 64.0;
constexpr double kMostExtra = 6;  // times the mean: what a single delay may add to it; 12 is as good
// Deviations of the stamps that the mean of the noise is at least: what is shorter looks like them.  With 1 and 4 the
// row lan has 0.74 and 0.85 instead of 0.77 of the regression's error (seeds 401 to 410).
constexpr double kLeastMean = 2.0;
constexpr double kLeastFirstMean = 4.0;  // to start from; with 2 and 8 lan has the same error within 0.003
// Prior of the frequency, about the least-squares line: so many times the noise over the span of the window, and no
// less than a tenth of a part per million.  Where wander makes more of the line's error than noise does, this is too
// narrow and the wander comes out up to 1.5 times too large; a prior as wide as the line's residuals had 2 to 3 % less
// error there, and deviations that covered 93.5 % instead of 97 %.  With 1e-8 and 1e-6 at least, default, long has
// 0.477 and 0.478 instead of 0.480 of the regression's error, wander 1e-7 0.548 and 0.546 instead of 0.548 (seeds 401
// to 440).
constexpr double kPriorSpans = 20;
constexpr double kLeastFrequencySd = 1e-7;
// Prior of the offset: so many times the noise, or the whole delay if that is more, which is as good as none.  With 50
// and 200 default, jitter 0.1 s and loss, quiet have the same time errors within 0.001.
constexpr double kWideOffset = 100.0;
constexpr double kFixedDelayVariance_s2 = 1e-24;  // of a base delay that was told: a picosecond, which no stamp shows
// A cavity keeps at least this share of the belief's precision, a site this share of the cavity's: precisions of both
// must stay above zero, and an observation far beyond the belief would make them zero.  With 1e-9 and 1e-4 for the
// site seven rows have the same time errors within 0.001 (the same seeds); with 1e-4 for the cavity five have, with
// 1e-2 ten times as many runs are rejected at wander 1e-7.
constexpr double kLeastCavity = 1e-3;
constexpr double kLeastSite = 1e-6;
constexpr double kLeastVariance_s2 = 1e-26;  // of a belief, whatever rounding makes of it: 0.1 ps

// Slope of the least-squares line: only to keep the numbers small.
double crude_slope(std::span<const Exchange> exchanges) {
  double mean_t_s = 0.0, mean_offset_s = 0.0;
  for (const Exchange& e : exchanges) {
    mean_t_s += e.t_s / static_cast<double>(exchanges.size());
    mean_offset_s += e.offset_s / static_cast<double>(exchanges.size());
  }
  double variation = 0.0, product = 0.0;
  for (const Exchange& e : exchanges) {
    variation += (e.t_s - mean_t_s) * (e.t_s - mean_t_s);
    product += (e.t_s - mean_t_s) * (e.offset_s - mean_offset_s);
  }
  return variation > 0.0 ? product / variation : 0.0;
}

}  // namespace

void ExchangeSmoother::load(std::span<const Exchange> exchanges, double least_sd_s) {
  TIMED_ASSERT(exchanges.size() >= 3 && exchanges.size() <= kEstimatorWindow);
  move_shelves(exchanges);
  size_ = exchanges.size();
  least_sd_s_ = least_sd_s;
  span_s_ = exchanges.back().t_s - exchanges.front().t_s;
  slope_ = crude_slope(exchanges);
  least_delay_s_ = std::numeric_limits<double>::infinity();
  mean_delay_s_ = 0.0;
  for (std::size_t i = 0; i < size_; ++i) {
    const Exchange& e = exchanges[i];
    const double offset_s = e.offset_s - slope_ * e.t_s;
    points_[i].dt_s = i == 0 ? 0.0 : e.t_s - exchanges[i - 1].t_s;
    points_[i].delay_s = e.delay_s;
    points_[i].jump = e.jump;
    points_[i].jump_s2 = e.jump_s2;
    points_[i].observed_s = both(0.5 * e.delay_s) + kSign * both(offset_s);
    least_delay_s_ = std::min(least_delay_s_, e.delay_s);
    mean_delay_s_ += e.delay_s / static_cast<double>(size_);
  }
  mean_extra_s_ = std::max(0.5 * (mean_delay_s_ - least_delay_s_), kLeastFirstMean * least_sd_s_);
}

// As the window moves by one what was kept stays with its exchanges, and the new one begins as a cold start would.
void ExchangeSmoother::move_shelves(std::span<const Exchange> exchanges) {
  const std::size_t common = exchanges.size() - 1;
  bool follows = size_ == common || size_ == common + 1;
  const std::size_t gone = follows ? size_ - common : 0;
  // The last one may have become a better one of its block.
  for (std::size_t i = 0; follows && i + 1 < common; ++i) follows = points_[i + gone].delay_s == exchanges[i].delay_s;
  first_ = place_of(gone);
  for (Shelf& shelf : shelves_) {
    shelf.is_full = shelf.is_full && follows;
    if (shelf.is_full) shelf.sites[place_of(common)] = as_kept(both(1.0) / (shelf.mean_s * shelf.mean_s), shelf.mean_s);
  }
}

ExchangeSmoother::KeptSites ExchangeSmoother::as_kept(DoublePair precision, DoublePair extra_s) {
  KeptSites kept;
  for (const std::size_t j : {0u, 1u}) {
    kept.precision[j] = static_cast<float>(precision[j]);
    kept.extra_s[j] = static_cast<float>(extra_s[j]);
  }
  return kept;
}

void ExchangeSmoother::keep(std::size_t number) {
  Shelf& shelf = shelves_[number];
  for (std::size_t i = 0; i < size_; ++i) {
    const Sites& sites = points_[i].sites;
    shelf.sites[place_of(i)] = as_kept(sites.precision, points_[i].observed_s - sites.shift / sites.precision);
  }
  shelf.mean_s = mean_s_;
  shelf.is_full = true;
}

bool ExchangeSmoother::start_from(std::size_t number) {
  const Shelf& shelf = shelves_[number];
  if (!shelf.is_full) return false;
  mean_s_ = shelf.mean_s;
  for (std::size_t i = 0; i < size_; ++i) {
    const KeptSites& kept = shelf.sites[place_of(i)];
    const DoublePair precision = {kept.precision[0], kept.precision[1]}, extra_s = {kept.extra_s[0], kept.extra_s[1]};
    points_[i].sites = Sites{precision, precision * (points_[i].observed_s - extra_s)};
  }
  is_warm_ = true;
  return true;
}

// As if the noise were Gaussian with the mean and the variance of the exponential.
void ExchangeSmoother::start_cold() {
  mean_s_ = both(mean_extra_s_ * (1.0 + kMinimumBias / std::sqrt(static_cast<double>(size_))));
  const DoublePair precision = both(1.0) / (mean_s_ * mean_s_);
  for (std::size_t i = 0; i < size_; ++i)
    points_[i].sites = Sites{precision, precision * (points_[i].observed_s - mean_s_)};
  is_warm_ = false;
}

// The integrals of N(u; belief) · exp(-precision u²/2 + shift u), squared: exp(exponent) / denominator.
void ExchangeSmoother::Evidence::times_masses(const Normals& beliefs, const Sites& sites,
                                              DoublePair inverse_denominators) {
  const DoublePair exponents = both(2.0) * beliefs.mean * sites.shift + sites.shift * sites.shift * beliefs.variance -
                               sites.precision * beliefs.mean * beliefs.mean;
  const DoublePair scaled = exponents * inverse_denominators;
  squared_.times_exp(scaled[0] + scaled[1]);
  squared_.times(inverse_denominators[0] * inverse_denominators[1]);
}

// Divides by them.
void ExchangeSmoother::Evidence::over_masses(const Normals& beliefs, const Sites& sites) {
  const DoublePair denominators = both(1.0) + sites.precision * beliefs.variance;
  const DoublePair exponents = both(2.0) * beliefs.mean * sites.shift + sites.shift * sites.shift * beliefs.variance -
                               sites.precision * beliefs.mean * beliefs.mean;
  const DoublePair scaled = exponents / denominators;
  squared_.times_exp(-(scaled[0] + scaled[1]));
  squared_.times(denominators[0] * denominators[1]);
}

// Multiplies both sites into the belief, first that of the way there, and how likely they were into the evidence.  To
// have one division wait for the other would be half of the cost, so the second one's denominator is found without.
void ExchangeSmoother::take_sites(Belief& belief, Point& point) {
  Matrix& p = belief.variance;
  Vector& m = belief.mean;
  const Sites& sites = point.sites;
  const Vector there = {p.oo + p.od, p.of + p.fd, p.od + p.dd};
  const Vector back = {p.od - p.oo, p.fd - p.of, p.dd - p.od};
  const double common = there.delay - there.offset;  // covariance of both u
  const double there_s2 = there.offset + there.delay, back_s2 = back.delay - back.offset;
  const double denominator = 1.0 + sites.precision[0] * there_s2;
  // there_s2 · back_s2 - common² is 4 times this, which does not cancel where offset and delay are independent.
  const double independent = std::max(p.oo * p.dd - p.od * p.od, 0.0);
  const double of_both =
      denominator + sites.precision[1] * back_s2 + sites.precision[0] * sites.precision[1] * 4.0 * independent;
  const double first = 1.0 / denominator, second = denominator / of_both;
  const double weight = sites.precision[0] * first, back_weight = sites.precision[1] * second;
  const double there_s = m.delay + m.offset;
  const double pull = (sites.shift[0] - sites.precision[0] * there_s) * first;
  const double back_s = m.delay - m.offset + common * pull;
  const double back_pull = (sites.shift[1] - sites.precision[1] * back_s) * second;
  const double less = weight * common;
  const Vector gain = {back.offset - less * there.offset, back.frequency - less * there.frequency,
                       back.delay - less * there.delay};
  point.updates = {Update{there, weight, pull}, Update{gain, back_weight, back_pull}};
  m.offset += there.offset * pull + gain.offset * back_pull;
  m.frequency += there.frequency * pull + gain.frequency * back_pull;
  m.delay += there.delay * pull + gain.delay * back_pull;
  p.oo -= weight * there.offset * there.offset + back_weight * gain.offset * gain.offset;
  p.of -= weight * there.offset * there.frequency + back_weight * gain.offset * gain.frequency;
  p.od -= weight * there.offset * there.delay + back_weight * gain.offset * gain.delay;
  p.ff -= weight * there.frequency * there.frequency + back_weight * gain.frequency * gain.frequency;
  p.fd -= weight * there.frequency * there.delay + back_weight * gain.frequency * gain.delay;
  p.dd -= weight * there.delay * there.delay + back_weight * gain.delay * gain.delay;
  const Normals beliefs = {DoublePair{there_s, back_s}, DoublePair{there_s2, back_s2 - less * common}};
  evidence_.times_masses(beliefs, sites, DoublePair{first, second});
}

void ExchangeSmoother::filter(const SmootherModel& model, const SmootherTerms& terms) {
  Belief belief;
  const double offset_sd_s = std::max(mean_delay_s_, kWideOffset * mean_extra_s_);
  const double frequency_sd = std::max(kPriorSpans * mean_extra_s_ / std::max(span_s_, 1.0), kLeastFrequencySd);
  belief.variance.oo = offset_sd_s * offset_sd_s;
  belief.variance.ff = frequency_sd * frequency_sd;
  // The base delay is something between nothing and half of the smallest round trip.  Without that prior the sites may
  // agree on a negative one.
  const double delay_sd_s = least_delay_s_ / 4.0 + least_sd_s_;
  const bool fixed = terms.known.least_delay_s.has_value();
  belief.mean.delay = fixed ? *terms.known.least_delay_s * 0.5 : least_delay_s_ / 4.0;
  belief.variance.dd = fixed ? kFixedDelayVariance_s2 : delay_sd_s * delay_sd_s;
  for (std::size_t i = 0; i < size_; ++i) {
    Point& point = points_[i];
    const double dt = point.dt_s;
    Matrix& p = belief.variance;
    const double gained = model.wander * dt + point.jump;  // by the variance of the frequency
    belief.mean.offset += dt * belief.mean.frequency;
    p.oo += 2.0 * dt * p.of + dt * dt * (p.ff + gained / 3.0) + point.jump_s2;
    p.of += dt * (p.ff + gained / 2.0);
    p.ff += gained;
    p.od += dt * p.fd;
    if (terms.moved[i] && !fixed) p.dd += mean_delay_s_ * mean_delay_s_;
    take_sites(belief, point);
    point.filtered = belief;
  }
}

void ExchangeSmoother::smooth() {
  Vector r;
  Matrix n;
  const auto product = [](const Matrix& a, const Vector& x) {
    return Vector{a.oo * x.offset + a.of * x.frequency + a.od * x.delay,
                  a.of * x.offset + a.ff * x.frequency + a.fd * x.delay,
                  a.od * x.offset + a.fd * x.frequency + a.dd * x.delay};
  };
  const auto dot = [](const Vector& a, const Vector& b) {
    return a.offset * b.offset + a.frequency * b.frequency + a.delay * b.delay;
  };
  for (std::size_t i = size_; i-- > 0;) {
    Point& point = points_[i];
    const Matrix& p = point.filtered.variance;
    const Vector& m = point.filtered.mean;
    // P h, and N P h.
    const DoublePair offset = kSign * both(p.oo) + both(p.od), frequency = kSign * both(p.of) + both(p.fd),
                     delay = kSign * both(p.od) + both(p.dd);
    const DoublePair n_offset = both(n.oo) * offset + both(n.of) * frequency + both(n.od) * delay,
                     n_frequency = both(n.of) * offset + both(n.ff) * frequency + both(n.fd) * delay,
                     n_delay = both(n.od) * offset + both(n.fd) * frequency + both(n.dd) * delay;
    point.smoothed.mean = kSign * both(m.offset) + both(m.delay) + offset * both(r.offset) +
                          frequency * both(r.frequency) + delay * both(r.delay);
    point.smoothed.variance = kSign * offset + delay - (offset * n_offset + frequency * n_frequency + delay * n_delay);
    for (std::size_t j = 2; j-- > 0;) {  // undo the sites, last one first
      const Update& u = point.updates[j];
      const double s = kSign[j];
      const Vector y = product(n, u.gain);
      const double onto_h = u.pull - u.weight * dot(u.gain, r);
      const double twice_h = u.weight + u.weight * u.weight * dot(u.gain, y);
      r.offset += s * onto_h;
      r.delay += onto_h;
      n.oo += twice_h - 2.0 * u.weight * s * y.offset;
      n.of -= u.weight * s * y.frequency;
      n.od += s * twice_h - u.weight * (s * y.delay + y.offset);
      n.fd -= u.weight * y.frequency;
      n.dd += twice_h - 2.0 * u.weight * y.delay;
    }
    // And the time since the exchange before.
    const double dt = point.dt_s;
    r.frequency += dt * r.offset;
    n.ff += 2.0 * dt * n.of + dt * dt * n.oo;
    n.of += dt * n.oo;
    n.fd += dt * n.od;
  }
}

ExchangeSmoother::SiteRound ExchangeSmoother::update_sites(const SmootherModel& model, double damping) {
  const OneSidedNoise noise(mean_s_, model.gaussian_sd_s);
  const DoublePair one = both(1.0), most_extra_s = both(kMostExtra) * mean_s_;
  SiteRound round;
  DoublePair most_change2{};
  for (std::size_t i = 0; i < size_; ++i) {
    Point& point = points_[i];
    Sites& sites = point.sites;
    const Normals belief = {point.smoothed.mean, larger(point.smoothed.variance, both(kLeastVariance_s2))};
    const DoublePair precision = one / belief.variance;
    const DoublePair cavity_precision = larger(precision - sites.precision, both(kLeastCavity) * precision);
    const DoublePair cavity_variance = one / cavity_precision;
    const Normals cavity = {(belief.mean * precision - sites.shift) * cavity_variance, cavity_variance};
    const OneSidedNoise::Seen seen = noise.see(cavity, point.observed_s);
    evidence_.times(seen);
    evidence_.over_masses(cavity, sites);
    round.extra_s += smaller(larger(point.observed_s - seen.belief.mean, both(0.0)), most_extra_s);
    Sites next;
    next.precision = larger(one / seen.belief.variance - cavity_precision, both(kLeastSite) * cavity_precision);
    const DoublePair next_precision = cavity_precision + next.precision;  // of the belief
    next.shift = seen.belief.mean * next_precision - cavity.mean * cavity_precision;
    // Not against what was seen: where sites that must not say less keep the belief narrower than that, it would never
    // be still.
    const DoublePair moved = seen.belief.mean - belief.mean;
    const DoublePair wider = larger(next_precision * belief.variance, precision / next_precision) - one;
    most_change2 = larger(most_change2, moved * moved * next_precision + wider * wider);
    sites.precision += both(damping) * (next.precision - sites.precision);
    sites.shift += both(damping) * (next.shift - sites.shift);
  }
  round.largest_change = std::sqrt(std::max(most_change2[0], most_change2[1]));
  return round;
}

void ExchangeSmoother::update_scales(const SiteRound& round, const SmootherTerms& terms) {
  const double count = static_cast<double>(size_);
  const double common_s = 0.5 * (round.extra_s[0] + round.extra_s[1]) / count;
  const double prior = std::min(kMostScalePrior, kFadingScalePrior / count);
  for (std::size_t j = 0; j < 2; ++j) {
    double mean_s = (round.extra_s[j] + prior * common_s) / (count + prior);
    if (terms.known.asymmetry) {
      // Variances of exponential delays are the squares of their means, and the means must add up.
      const double forward = std::sqrt(0.5 - *terms.known.asymmetry),
                   backward = std::sqrt(0.5 + *terms.known.asymmetry);
      mean_s = 2.0 * common_s * (j == 0 ? forward : backward) / (forward + backward);
    }
    mean_s_[j] = std::max(mean_s, kLeastMean * least_sd_s_);
  }
}

SmootherResult ExchangeSmoother::run(const SmootherModel& model, const SmootherTerms& terms, int most_rounds) {
  const bool warm = std::exchange(is_warm_, true);
  SmootherResult result;
  const int least_rounds = warm ? kWarmRounds : kLeastRounds;
  for (int number = 1; number <= std::min(most_rounds, kMostSmootherRounds); ++number) {
    result.rounds = number;
    evidence_ = {};
    filter(model, terms);
    smooth();
    result.forward_mean_s = mean_s_[0];
    result.backward_mean_s = mean_s_[1];
    const SiteRound round = update_sites(model, !warm && number == 1 ? 1.0 : kDamping);
    result.residual = round.largest_change;
    if (number >= least_rounds && round.largest_change < kStill) break;
    update_scales(round, terms);
  }
  result.log_evidence = evidence_.log();
  const Belief& last = points_[size_ - 1].filtered;
  result.clock = {last.mean.offset, last.mean.frequency + slope_, last.variance.oo, last.variance.of, last.variance.ff};
  result.base_delay_s = last.mean.delay;
  result.base_delay_sd_s = std::sqrt(std::max(last.variance.dd, 0.0));
  return result;
}

}  // namespace timed::discipline
