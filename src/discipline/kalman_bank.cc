// The clock is two numbers, offset and frequency; the frequency walks at random with variance q a second.  A Kalman
// filter is the exact answer to that when q and the noise of each exchange are known.  They are not, so filters with
// many values of q run side by side; the likelihood of the innovations of each, times a wide prior, is its weight.
//
// Where the noise is not known either, only the ratio of both matters to the filter, and the ratio is a time: the
// Allan intercept T = (R/q)^(1/3), below which noise hides the wander.  The filters then differ in T, and the noise
// that fits each of them best comes out in closed form, as the mean square of its scaled innovations.
#include "kalman_bank.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "double_pair.h"
#include "log_product.h"

namespace timed::discipline {
namespace {

// An oscillator of a computer walks by about 1e-9 s/s per root second, and seldom by a hundred times more or less: two
// deviations are a factor of 33 of it.  That matters while there are few exchanges; many outweigh it.  With 7 (the
// prototype's) frequency step and jitter 0.1 s have 0.50 and 0.54 instead of 0.48 and 0.51 of the regression's error,
// and default 1.11 instead of 1.03 of its frequency error (sim_estimators --seeds 1 12).
const double kUsualLogWander = std::log(1e-18);
constexpr double kLogWanderSd = 3.5;

constexpr double kLeastWander = 1e-23;  // a hydrogen maser
constexpr double kGridFactor = 4.0;     // fine enough: the optimum of the error is flat
constexpr std::size_t kWanders = 31;    // up to 1e-5: worse than anything that could be called a clock
// Values of T, from a quarter of the spacing, where all that is seen is wander, to 65 000 times it, a thousand windows.
constexpr std::size_t kIntercepts = 28;
const double kInterceptFactor = std::cbrt(kGridFactor);
constexpr double kFrequencySd = 2e-3;  // prior, before any filter saw an exchange: 2000 ppm
// Deviations of the stamps that the mean extra delay is at least; with 1 and 4 lan and loss, quiet are the same.
constexpr double kLeastExtra = 2.0;

// Two filters side by side (double_pair.h), after all exchanges.
struct FilterRuns {
  DoublePair offset_s{}, frequency{};
  DoublePair offset_variance_s2{}, covariance_s{}, frequency_variance{};
  std::array<LogProduct, 2> determinants;  // of the innovations
  DoublePair squares{};                    // sum of e²/S

  ClockPosterior clock(std::size_t which) const {
    return {offset_s[which], frequency[which], offset_variance_s2[which], covariance_s[which],
            frequency_variance[which]};
  }
};

// One filter's say.
struct Member {
  double log_weight = 0.0;
  double log_wander = 0.0;
  double noise_s2 = 0.0;
  ClockPosterior clock;
};

// The members' mean by weight.  Their disagreement is part of what is not known.
std::optional<BankAnswer> average(std::span<const Member> members) {
  double best = -std::numeric_limits<double>::infinity();
  for (const Member& m : members) {
    if (std::isfinite(m.log_weight)) best = std::max(best, m.log_weight);
  }
  if (!std::isfinite(best)) return std::nullopt;
  const auto weight_of = [best](const Member& m) {
    return std::isfinite(m.log_weight) ? std::exp(m.log_weight - best) : 0.0;
  };
  double sum = 0.0;
  for (const Member& m : members) sum += weight_of(m);
  BankAnswer answer;
  answer.log_evidence = best + std::log(sum);
  ClockPosterior& mean = answer.clock;
  double noise_s2 = 0.0;
  for (const Member& m : members) {
    const double w = weight_of(m) / sum;
    if (w == 0.0) continue;
    mean.offset_s += w * m.clock.offset_s;
    mean.frequency += w * m.clock.frequency;
    answer.log_wander += w * m.log_wander;
    noise_s2 += w * m.noise_s2;
  }
  for (const Member& m : members) {
    const double w = weight_of(m) / sum;
    if (w == 0.0) continue;
    const double offset_s = m.clock.offset_s - mean.offset_s;
    const double frequency = m.clock.frequency - mean.frequency;
    mean.offset_variance_s2 += w * (m.clock.offset_variance_s2 + offset_s * offset_s);
    mean.covariance_s += w * (m.clock.covariance_s + offset_s * frequency);
    mean.frequency_variance += w * (m.clock.frequency_variance + frequency * frequency);
  }
  answer.noise_sd_s = std::sqrt(noise_s2);
  if (!std::isfinite(mean.offset_s) || !std::isfinite(mean.frequency)) return std::nullopt;
  return answer;
}

double least_delay(std::span<const Exchange> exchanges, const RouteTerms& terms) {
  if (terms.least_delay_s) return *terms.least_delay_s;
  double least_s = std::numeric_limits<double>::infinity();
  for (const Exchange& e : exchanges) least_s = std::min(least_s, e.delay_s);
  return least_s;
}

// Exchanges with the offsets as they would be if the share that is known of the extra delays were not there.
struct Corrected {
  std::span<const Exchange> exchanges;
  double least_s = 0.0;
  double asymmetry = 0.0;

  double offset_s(std::size_t i) const { return exchanges[i].offset_s + asymmetry * (exchanges[i].delay_s - least_s); }
};

// Through all exchanges in order, with the variance of the noise of each.  A jump of the frequency is wander that all
// happened between two exchanges.
FilterRuns run_filters(const Corrected& corrected, std::span<const double> noise_s2, DoublePair wander,
                       double frequency_variance) {
  const std::span<const Exchange> exchanges = corrected.exchanges;
  FilterRuns c;
  c.offset_s = both(corrected.offset_s(0));
  c.offset_variance_s2 = both(noise_s2[0]);
  c.frequency_variance = both(frequency_variance);
  for (std::size_t i = 1; i < exchanges.size(); ++i) {
    const DoublePair dt = both(exchanges[i].t_s - exchanges[i - 1].t_s);
    const DoublePair gained = wander * dt + both(exchanges[i].jump);
    c.offset_s += c.frequency * dt;
    c.offset_variance_s2 += both(2.0) * dt * c.covariance_s +
                            dt * dt * (c.frequency_variance + gained * both(1.0 / 3.0)) + both(exchanges[i].jump_s2);
    c.covariance_s += dt * (c.frequency_variance + gained * both(0.5));
    c.frequency_variance += gained;
    const DoublePair innovation_s2 = c.offset_variance_s2 + both(noise_s2[i]);
    const DoublePair inverse_s2 = both(1.0) / innovation_s2;
    const DoublePair innovation_s = both(corrected.offset_s(i)) - c.offset_s;
    if (i >= 2) {  // the first two only say where the clock is
      for (const std::size_t which : {0u, 1u}) c.determinants[which].times(innovation_s2[which]);
      c.squares += innovation_s * innovation_s * inverse_s2;
    }
    const DoublePair offset_gain = c.offset_variance_s2 * inverse_s2;
    const DoublePair frequency_gain = c.covariance_s * inverse_s2;
    const DoublePair left = both(noise_s2[i]) * inverse_s2;
    c.offset_s += offset_gain * innovation_s;
    c.frequency += frequency_gain * innovation_s;
    c.frequency_variance -= frequency_gain * c.covariance_s;
    c.covariance_s *= left;
    c.offset_variance_s2 *= left;
  }
  return c;
}

}  // namespace

double log_prior_of_wander(double log_wander) {
  const double d = (log_wander - kUsualLogWander) / kLogWanderSd;
  return -0.5 * d * d;
}

std::optional<BankAnswer> bank_by_delay(std::span<const Exchange> exchanges, double least_sd_s,
                                        const RouteTerms& terms) {
  const std::size_t n = exchanges.size();
  if (n < 3 || n > kEstimatorWindow) return std::nullopt;
  const double least_s = least_delay(exchanges, terms);
  const Corrected corrected{exchanges, least_s, terms.asymmetry.value_or(0.0)};
  double sum_s = 0.0;
  for (const Exchange& e : exchanges) sum_s += e.delay_s;
  const double count = static_cast<double>(n);
  const double mean_extra_s = std::max(sum_s / count - least_s, kLeastExtra * least_sd_s);
  const double base_below_s = terms.least_delay_s ? 0.0 : kMinimumBias * mean_extra_s / std::sqrt(count);
  const double unknown_share = 1.0 - 2.0 * std::fabs(corrected.asymmetry);
  std::array<double, kEstimatorWindow> noise_s2{};
  double mean_noise_s2 = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double extra_s = unknown_share * (exchanges[i].delay_s - least_s) + base_below_s;
    noise_s2[i] = extra_s * extra_s / 12.0 + least_sd_s * least_sd_s;  // of a uniform error
    mean_noise_s2 += noise_s2[i] / count;
  }
  std::array<Member, kWanders> members;
  double wander = kLeastWander;
  for (std::size_t i = 0; i < kWanders; i += 2) {
    const FilterRuns runs = run_filters(corrected, {noise_s2.data(), n}, DoublePair{wander, kGridFactor * wander},
                                        kFrequencySd * kFrequencySd);
    for (std::size_t which = 0; which < 2 && i + which < kWanders; ++which) {
      Member& m = members[i + which];
      m.log_wander = std::log(wander);
      m.log_weight = -0.5 * (runs.determinants[which].log() + runs.squares[which]) + log_prior_of_wander(m.log_wander);
      m.noise_s2 = mean_noise_s2;
      m.clock = runs.clock(which);
      wander *= kGridFactor;
    }
  }
  return average(members);
}

std::optional<BankAnswer> bank_by_scatter(std::span<const Exchange> exchanges, double least_sd_s,
                                          const RouteTerms& terms) {
  const std::size_t n = exchanges.size();
  if (n < 3 || n > kEstimatorWindow) return std::nullopt;
  const Corrected corrected{exchanges, least_delay(exchanges, terms), terms.asymmetry.value_or(0.0)};
  const double span_s = exchanges.back().t_s - exchanges.front().t_s;
  const double innovations = static_cast<double>(n - 2);
  std::array<double, kEstimatorWindow> unit{};
  for (std::size_t i = 0; i < n; ++i) unit[i] = 1.0 / exchanges[i].count;
  std::array<Member, kIntercepts> members;
  double intercept_s = span_s / static_cast<double>(n - 1) / 4.0;
  // Variances in units of that of the noise.  The prior of the frequency must not matter in any unit.
  const double flat = 1e12 / (span_s * span_s);
  for (std::size_t i = 0; i < kIntercepts; i += 2) {
    const DoublePair intercepts_s = {intercept_s, intercept_s * kInterceptFactor};
    const FilterRuns runs =
        run_filters(corrected, {unit.data(), n}, both(1.0) / (intercepts_s * intercepts_s * intercepts_s), flat);
    for (std::size_t which = 0; which < 2 && i + which < kIntercepts; ++which) {
      Member& m = members[i + which];
      m.noise_s2 = std::max(runs.squares[which] / innovations, least_sd_s * least_sd_s);
      const double log_noise = std::log(m.noise_s2);
      m.log_wander = log_noise - 3.0 * std::log(intercepts_s[which]);
      m.log_weight =
          -0.5 * (runs.determinants[which].log() + innovations * log_noise + runs.squares[which] / m.noise_s2) +
          log_prior_of_wander(m.log_wander);
      m.clock = runs.clock(which);
      m.clock.offset_variance_s2 *= m.noise_s2;
      m.clock.covariance_s *= m.noise_s2;
      m.clock.frequency_variance *= m.noise_s2;
    }
    intercept_s = intercepts_s[1] * kInterceptFactor;
  }
  return average(members);
}

}  // namespace timed::discipline
