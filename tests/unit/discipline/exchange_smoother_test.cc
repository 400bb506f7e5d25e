#include "src/discipline/exchange_smoother.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/discipline/model_average.h"
#include "tests/unit/discipline/synthetic_exchanges.h"

namespace timed::discipline {
namespace {

constexpr double kPrecision_s = 2e-8;

struct Made {
  std::vector<Exchange> exchanges;
  double error_of_newest_s = 0.0;  // true offset, relative to that of the newest exchange
};

Made make(std::uint64_t seed, std::size_t count, const SyntheticWorld& world) {
  SyntheticClock clock(seed, world);
  Made made;
  for (std::size_t i = 0; i < count; ++i) {
    const Sample s = clock.next();
    made.exchanges.push_back({clock.t_s(), s.offset.to_duration().to_seconds(), s.peer_delay.to_seconds()});
  }
  const Exchange newest = made.exchanges.back();
  for (Exchange& e : made.exchanges) e = {e.t_s - newest.t_s, e.offset_s - newest.offset_s, e.delay_s};
  made.error_of_newest_s = clock.offset_s() - newest.offset_s;
  return made;
}

struct Truth {
  double offset_s = 0.0, offset_sd_s = 0.0, delay_s = 0.0, delay_sd_s = 0.0;
};

// The posterior of offset, frequency and base delay by brute force on a grid about what the smoother says, for a clock
// that does not wander, with the smoother's own noise.
Truth integrate(const std::vector<Exchange>& all, const SmootherResult& near, double gaussian_sd_s) {
  const OneSidedNoise noise(DoublePair{near.forward_mean_s, near.backward_mean_s}, gaussian_sd_s);
  // The smoother's prior of the base delay: a quarter of the smallest round trip, give or take as much.
  double prior_delay_s = 1e300;
  for (const Exchange& e : all) prior_delay_s = std::min(prior_delay_s, 0.25 * e.delay_s);
  constexpr int kHalf = 14;
  constexpr double kWidth = 6.0 / kHalf;  // standard deviations
  double mass = 0.0, first[2] = {}, second[2] = {}, peak = -1e300;
  for (const bool sum : {false, true}) {
    for (int a = -kHalf; a <= kHalf; ++a) {
      for (int b = -kHalf; b <= kHalf; ++b) {
        for (int c = -kHalf; c <= kHalf; ++c) {
          const double offset_s = near.clock.offset_s + a * kWidth * std::sqrt(near.clock.offset_variance_s2);
          const double slope = near.clock.frequency + b * kWidth * std::sqrt(near.clock.frequency_variance);
          const double delay_s = near.base_delay_s + c * kWidth * near.base_delay_sd_s;
          const double off_prior = (delay_s - prior_delay_s) / prior_delay_s;
          double log_p = -0.5 * off_prior * off_prior;
          for (const Exchange& e : all) {
            const double at_s = offset_s + slope * e.t_s;
            // A belief as narrow as this is a point.
            const Normals u = {DoublePair{delay_s + at_s, delay_s - at_s}, both(1e-22)};
            const DoublePair z = {0.5 * e.delay_s + e.offset_s, 0.5 * e.delay_s - e.offset_s};
            const auto seen = noise.see(u, z);
            log_p += seen.exponent[0] + seen.exponent[1] + std::log(seen.factor[0] * seen.factor[1]);
          }
          if (!sum) {
            peak = std::max(peak, log_p);
            continue;
          }
          const double p = std::exp(log_p - peak);
          mass += p;
          first[0] += p * offset_s, second[0] += p * offset_s * offset_s;
          first[1] += p * delay_s, second[1] += p * delay_s * delay_s;
        }
      }
    }
  }
  const double offset_s = first[0] / mass, mean_delay_s = first[1] / mass;
  return {offset_s, std::sqrt(second[0] / mass - offset_s * offset_s), mean_delay_s,
          std::sqrt(second[1] / mass - mean_delay_s * mean_delay_s)};
}

TEST(ExchangeSmoother, SaysWhatBruteForceSays) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Made made = make(seed, 10, {.frequency = 0.0, .wander_sd = 0.0});
    ExchangeSmoother smoother;
    smoother.load(made.exchanges, kPrecision_s);
    const double gaussian_sd_s = 3e-5;
    smoother.start_cold();
    const SmootherResult result = smoother.run({1e-26, gaussian_sd_s}, {});
    ASSERT_LT(result.residual, 0.2);
    const Truth truth = integrate(made.exchanges, result, gaussian_sd_s);
    EXPECT_NEAR(result.clock.offset_s, truth.offset_s, 0.25 * truth.offset_sd_s) << seed;
    EXPECT_NEAR(std::sqrt(result.clock.offset_variance_s2) / truth.offset_sd_s, 1.0, 0.2) << seed;
    EXPECT_NEAR(result.base_delay_s, truth.delay_s, 0.3 * truth.delay_sd_s) << seed;
    EXPECT_NEAR(result.base_delay_sd_s / truth.delay_sd_s, 1.0, 0.25) << seed;
  }
}

using Matrix = std::vector<std::vector<double>>;

Matrix inverse(Matrix m) {
  const std::size_t n = m.size();
  for (std::size_t i = 0; i < n; ++i) {
    m[i].resize(2 * n, 0.0);
    m[i][n + i] = 1.0;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double pivot = m[i][i];
    for (double& value : m[i]) value /= pivot;
    for (std::size_t other = 0; other < n; ++other) {
      const double factor = m[other][i];
      if (other == i) continue;
      for (std::size_t j = 0; j < 2 * n; ++j) m[other][j] -= factor * m[i][j];
    }
  }
  for (auto& row : m) row.erase(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(n));
  return m;
}

// Variances that offset and frequency gain before an exchange, beside what the walk of the frequency gives.
struct Jumps {
  std::size_t before = 0;
  double offset = 0.0, frequency = 0.0;
};

// Covariance of offset and frequency at the last of `count` exchanges, each of which shows the offset to `noise_sd`, of
// a clock whose frequency walks: all states at once, each tied to the one before by what the walk may have done.  In
// units of the spacing for the time, of the noise for offsets.
Matrix all_at_once(std::size_t count, double wander, const Jumps& jumps = {}) {
  Matrix precision(2 * count, std::vector<double>(2 * count, 0.0));
  for (std::size_t i = 0; i < count; ++i) precision[2 * i][2 * i] += 1.0;
  for (std::size_t i = 1; i < count; ++i) {
    const double gained = wander + (i == jumps.before ? jumps.frequency : 0.0);
    const double moved = i == jumps.before ? jumps.offset : 0.0;
    const Matrix walk = inverse({{gained / 3.0 + moved, gained / 2.0}, {gained / 2.0, gained}});
    // This one less what the one before leads to: J x, of which the walk is the covariance.
    const double j[2][4] = {{-1.0, -1.0, 1.0, 0.0}, {0.0, -1.0, 0.0, 1.0}};
    for (std::size_t a = 0; a < 4; ++a) {
      for (std::size_t b = 0; b < 4; ++b) {
        for (std::size_t k = 0; k < 2; ++k) {
          for (std::size_t l = 0; l < 2; ++l) precision[2 * i - 2 + a][2 * i - 2 + b] += j[k][a] * walk[k][l] * j[l][b];
        }
      }
    }
  }
  const Matrix all = inverse(precision);
  const std::size_t last = 2 * count - 2;
  return {{all[last][last], all[last][last + 1]}, {all[last + 1][last], all[last + 1][last + 1]}};
}

// Beside Gaussian noise queues of next to nothing hardly count: then it is all but a Kalman smoother, whose answer is
// exact.
void expect_exact(double wander, const Jumps& jumps) {
  constexpr double kSpacing_s = 64.0, kGaussian_s = 1e-3, kNoise_s = kGaussian_s * M_SQRT1_2;
  constexpr double kUnitOfFrequency = kNoise_s / kSpacing_s;
  std::vector<Exchange> all(12);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].t_s = kSpacing_s * (static_cast<double>(i) - static_cast<double>(all.size() - 1));
    all[i].delay_s = 1e-1 + (i % 2 == 0 ? 0.0 : 1e-7);
  }
  all[jumps.before].jump_s2 = jumps.offset * kNoise_s * kNoise_s;
  all[jumps.before].jump = jumps.frequency * kUnitOfFrequency * kUnitOfFrequency;
  ExchangeSmoother smoother;
  smoother.load(all, 1e-9);
  const double q = wander * kUnitOfFrequency * kUnitOfFrequency / kSpacing_s;
  smoother.start_cold();
  const SmootherResult result = smoother.run({q, kGaussian_s}, {});
  const Matrix exact = all_at_once(all.size(), wander, jumps);
  EXPECT_NEAR(result.clock.offset_variance_s2 / (exact[0][0] * kNoise_s * kNoise_s), 1.0, 0.08);
  EXPECT_NEAR(result.clock.covariance_s / (exact[0][1] * kNoise_s * kUnitOfFrequency), 1.0, 0.08);
  EXPECT_NEAR(result.clock.frequency_variance / (exact[1][1] * kUnitOfFrequency * kUnitOfFrequency), 1.0, 0.08);
}

TEST(ExchangeSmoother, LetsTheFrequencyWalk) {
  for (const double wander : {1.0, 30.0}) {
    SCOPED_TRACE(wander);
    expect_exact(wander, {});
  }
}

TEST(ExchangeSmoother, KnowsLessAfterAJump) {
  expect_exact(1.0, {.before = 10, .offset = 1e3});
  expect_exact(1.0, {.before = 10, .frequency = 1e2});
}

// An observation may be so far beyond what all others say that nothing would be left of the belief without it.
TEST(ExchangeSmoother, SaysNumbersWhateverItSees) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SyntheticClock clock(seed, {});
    std::vector<Exchange> all;
    for (int i = 0; i < 30; ++i) {
      const double size_s = std::exp2(40.0 * clock.uniform() - 30.0);
      clock.advance(std::exp2(20.0 * clock.uniform() - 10.0));
      all.push_back({clock.t_s(), size_s * clock.normal(), 1e-4});
    }
    const Exchange newest = all.back();
    for (Exchange& e : all) e = {e.t_s - newest.t_s, e.offset_s - newest.offset_s, e.delay_s};
    ExchangeSmoother smoother;
    smoother.load(all, kPrecision_s);
    for (const double wander : {1e-20, 1e-18, 1e-14}) {
      smoother.start_cold();
      const SmootherResult result = smoother.run({wander, kPrecision_s}, {});
      EXPECT_TRUE(std::isfinite(result.log_evidence) && std::isfinite(result.clock.offset_s)) << seed;
      EXPECT_GT(result.clock.offset_variance_s2, 0.0) << seed;
    }
  }
}

// A warm start leads to where a cold one does.
TEST(ExchangeSmoother, ForgetsWhereItStarted) {
  const Made made = make(4, 64, {});
  ExchangeSmoother smoother;
  smoother.load(made.exchanges, kPrecision_s);
  smoother.start_cold();
  const SmootherResult cold = smoother.run({1e-18, 1e-6}, {});
  smoother.start_cold();
  smoother.run({8e-18, 1e-6}, {});
  const SmootherResult warm = smoother.run({1e-18, 1e-6}, {});
  EXPECT_NEAR(warm.clock.offset_s, cold.clock.offset_s, 0.2 * std::sqrt(cold.clock.offset_variance_s2));
  EXPECT_NEAR(warm.log_evidence, cold.log_evidence, 0.5);
  EXPECT_LE(warm.rounds, cold.rounds);
}

// Where the clock wanders most of the sites can say nothing, and must not say less.
TEST(ExchangeSmoother, IsStillWhereSitesCanSayNoLess) {
  int rounds = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    ExchangeSmoother smoother;
    smoother.load(make(seed, 64, {.spacing_s = 1024.0, .wander_sd = 1e-8}).exchanges, kPrecision_s);
    smoother.start_cold();
    const SmootherResult result = smoother.run({1e-16, kPrecision_s}, {});
    EXPECT_LT(result.residual, 0.2) << seed;
    rounds += result.rounds;
  }
  EXPECT_LT(rounds, 8 * 10);
}

// Another window of a made-up clock: `first` is that of its first exchange.
std::vector<Exchange> window(const Made& made, std::size_t first, std::size_t count) {
  const auto begin = made.exchanges.begin() + static_cast<std::ptrdiff_t>(first);
  std::vector<Exchange> some(begin, begin + static_cast<std::ptrdiff_t>(count));
  const Exchange newest = some.back();
  for (Exchange& e : some) e = {e.t_s - newest.t_s, e.offset_s - newest.offset_s, e.delay_s};
  return some;
}

// Beyond the end of the rings, with loads between that nobody ran, and after shorter windows: where it was found is as
// good a start as it would be for the same exchanges.
TEST(ExchangeSmoother, GoesOnFromWhatWasKept) {
  constexpr SmootherModel kModel = {1e-18, kPrecision_s};
  const Made made = make(5, 200, {.forward_s = 1.9e-4, .backward_s = 1e-5});
  ExchangeSmoother smoother;
  smoother.load(window(made, 0, 60), kPrecision_s);
  EXPECT_FALSE(smoother.start_from(2));
  smoother.start_cold();
  smoother.run(kModel, {});
  smoother.keep(2);
  std::size_t first = 0;
  int rounds = 0, cold_rounds = 0;
  for (std::size_t count = 61; count <= 64; ++count) smoother.load(window(made, 0, count), kPrecision_s);
  for (; first < 130; ++first) {
    smoother.load(window(made, first + 1, 64), kPrecision_s);
    if (first % 2 == 0) continue;
    ASSERT_TRUE(smoother.start_from(2)) << first;
    const SmootherResult result = smoother.run(kModel, {});
    smoother.keep(2);
    ExchangeSmoother other;
    other.load(window(made, first + 1, 64), kPrecision_s);
    other.start_cold();
    const SmootherResult cold = other.run(kModel, {});
    rounds += result.rounds;
    cold_rounds += cold.rounds;
    EXPECT_NEAR(result.clock.offset_s, cold.clock.offset_s, 0.5 * std::sqrt(cold.clock.offset_variance_s2)) << first;
  }
  EXPECT_LT(rounds, cold_rounds / 2);
  smoother.forget(2);
  EXPECT_FALSE(smoother.start_from(2));
}

TEST(ExchangeSmoother, KeepsNothingForOtherExchanges) {
  const Made made = make(6, 100, {});
  for (const std::size_t first : {2u, 10u}) {
    ExchangeSmoother smoother;
    smoother.load(window(made, 0, 64), kPrecision_s);
    smoother.start_cold();
    smoother.run({1e-18, kPrecision_s}, {});
    smoother.keep(0);
    smoother.load(window(made, first, 64), kPrecision_s);
    EXPECT_FALSE(smoother.start_from(0)) << first;
  }
  // Of a block another sample may have become the best: that is one exchange of many.
  std::vector<Exchange> blocks = window(made, 0, 20);
  ExchangeSmoother smoother;
  smoother.load(blocks, kPrecision_s);
  smoother.start_cold();
  smoother.run({1e-18, kPrecision_s}, {});
  smoother.keep(0);
  blocks = window(made, 0, 21);
  blocks[19].delay_s *= 0.9;
  smoother.load(blocks, kPrecision_s);
  EXPECT_TRUE(smoother.start_from(0));
  smoother.load(window(made, 0, 12), kPrecision_s);
  EXPECT_FALSE(smoother.start_from(0));
}

TEST(ExchangeSmoother, FindsOnWhichSideTheQueueIs) {
  double forward_s = 0.0, backward_s = 0.0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Made made = make(seed, 64, {.forward_s = 1.9e-4, .backward_s = 1e-5});
    ExchangeSmoother smoother;
    smoother.load(made.exchanges, kPrecision_s);
    smoother.start_cold();
    const SmootherResult result = smoother.run({1e-18, kPrecision_s}, {});
    forward_s += result.forward_mean_s / 10;
    backward_s += result.backward_mean_s / 10;
    EXPECT_LT(std::fabs(result.clock.offset_s - made.error_of_newest_s), 3e-5) << seed;
  }
  EXPECT_NEAR(forward_s, 1.9e-4, 3e-5);
  EXPECT_LT(backward_s, 4e-5);
}

TEST(ExchangeSmoother, ObeysTheTerms) {
  const Made made = make(5, 64, {.forward_s = 1.9e-4, .backward_s = 1e-5});
  ExchangeSmoother smoother;
  smoother.load(made.exchanges, kPrecision_s);
  SmootherTerms even;
  even.known.asymmetry = 0.0;
  smoother.start_cold();
  const SmootherResult symmetric = smoother.run({1e-18, kPrecision_s}, even);
  EXPECT_DOUBLE_EQ(symmetric.forward_mean_s, symmetric.backward_mean_s);
  SmootherTerms wrong;
  wrong.known.asymmetry = 0.3;  // variances 1:4, so means 1:2, though the truth is the other way round
  smoother.start_cold();
  const SmootherResult obeyed = smoother.run({1e-18, kPrecision_s}, wrong);
  EXPECT_NEAR(obeyed.backward_mean_s / obeyed.forward_mean_s, 2.0, 1e-6);
  SmootherTerms fixed;
  fixed.known.least_delay_s = 8e-4;  // and the truth is 1e-4
  smoother.start_cold();
  const SmootherResult far = smoother.run({1e-18, kPrecision_s}, fixed);
  EXPECT_NEAR(far.base_delay_s, 4e-4, 1e-10);
}

TEST(ExchangeSmoother, ALongerRouteNeedsAMark) {
  Made before = make(6, 20, {.frequency = 0.0, .wander_sd = 0.0});
  const Made after = make(7, 20, {.frequency = 0.0, .wander_sd = 0.0, .base_s = 1e-3});
  std::vector<Exchange> all;
  for (Exchange e : before.exchanges) all.push_back({e.t_s - 20 * 64.0, e.offset_s, e.delay_s});
  for (const Exchange& e : after.exchanges) all.push_back(e);
  ExchangeSmoother smoother;
  smoother.load(all, kPrecision_s);
  SmootherTerms terms;
  terms.moved.set(20);
  smoother.start_cold();
  const SmootherResult result = smoother.run({1e-18, kPrecision_s}, terms);
  EXPECT_NEAR(result.base_delay_s, 1e-3, 5e-5);
  smoother.start_cold();
  EXPECT_LT(smoother.run({1e-18, kPrecision_s}, {}).base_delay_s, 5e-4) << "without it the old one holds";
  terms.known.least_delay_s = 4e-4;
  smoother.start_cold();
  EXPECT_NEAR(smoother.run({1e-18, kPrecision_s}, terms).base_delay_s, 2e-4, 1e-9) << "a delay that is known stays";
}

TEST(ModelAverage, WeighsWanderAndNoise) {
  double log_calm = 0.0, log_wild = 0.0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    ModelAverage models;
    const Made calm = make(seed, 64, {.spacing_s = 256, .wander_sd = 1e-9});
    const Made wild = make(seed, 64, {.spacing_s = 256, .wander_sd = 1e-7});
    const auto calm_bank = bank_by_delay(calm.exchanges, kPrecision_s);
    const auto wild_bank = bank_by_delay(wild.exchanges, kPrecision_s);
    ASSERT_TRUE(calm_bank && wild_bank);
    const auto a = models.run(calm.exchanges, kPrecision_s, {}, *calm_bank);
    models.reset();
    const auto b = models.run(wild.exchanges, kPrecision_s, {}, *wild_bank);
    ASSERT_TRUE(a && b);
    log_calm += a->log_wander / 8;
    log_wild += b->log_wander / 8;
    EXPECT_LT(std::fabs(a->clock.offset_s - calm.error_of_newest_s), 5 * std::sqrt(a->clock.offset_variance_s2));
    EXPECT_LT(a->gaussian_sd_s, 4e-5) << "queues alone, and the evidence says so";
  }
  EXPECT_NEAR(log_calm, std::log(1e-18), 1.5);
  EXPECT_NEAR(log_wild, std::log(1e-14), 1.5);
}

struct Mixture {
  double offset_s = 0.0, variance_s2 = 0.0, covariance_s = 0.0, frequency_variance = 0.0;
  double disagreement = 0.0;  // share of the offset's variance
};

// The mean of many models by evidence, each run for itself.
Mixture mix_many(const std::vector<Exchange>& exchanges) {
  ExchangeSmoother smoother;
  smoother.load(exchanges, kPrecision_s);
  struct Say {
    double weight;
    ClockPosterior clock;
  };
  std::vector<Say> all;
  double best = -1e300, sum = 0.0;
  for (double log_wander = std::log(1e-22); log_wander < std::log(1e-11); log_wander += std::log(3.0)) {
    for (const double share : {0.0, 0.35, 1.0}) {
      const double gaussian_s = std::max(kPrecision_s, share * smoother.mean_extra_s());
      smoother.start_cold();
      const SmootherResult r = smoother.run({std::exp(log_wander), gaussian_s}, {});
      if (!std::isfinite(r.log_evidence) || r.residual > 0.7) continue;
      all.push_back({r.log_evidence + log_prior_of_wander(log_wander), r.clock});
      best = std::max(best, all.back().weight);
    }
  }
  Mixture m;
  double frequency = 0.0, apart_s2 = 0.0;
  for (Say& say : all) sum += say.weight = std::exp(say.weight - best);
  for (const Say& say : all) m.offset_s += say.weight / sum * say.clock.offset_s;
  for (const Say& say : all) frequency += say.weight / sum * say.clock.frequency;
  for (const Say& say : all) {
    const double w = say.weight / sum, offset_s = say.clock.offset_s - m.offset_s;
    const double off_frequency = say.clock.frequency - frequency;
    apart_s2 += w * offset_s * offset_s;
    m.variance_s2 += w * (say.clock.offset_variance_s2 + offset_s * offset_s);
    m.covariance_s += w * (say.clock.covariance_s + offset_s * off_frequency);
    m.frequency_variance += w * (say.clock.frequency_variance + off_frequency * off_frequency);
  }
  m.disagreement = apart_s2 / m.variance_s2;
  return m;
}

// A few models are enough, and what they disagree about nobody knows.
TEST(ModelAverage, SaysWhatManyModelsSay) {
  double variance = 0.0, covariance = 0.0, of_frequency = 0.0, disagreement = 0.0;
  constexpr int kSeeds = 12;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Made made = make(seed, 24, {.wander_sd = 1e-8});
    const auto bank = bank_by_delay(made.exchanges, kPrecision_s);
    ASSERT_TRUE(bank);
    const auto few = ModelAverage().run(made.exchanges, kPrecision_s, {}, *bank);
    ASSERT_TRUE(few);
    const Mixture many = mix_many(made.exchanges);
    EXPECT_NEAR(few->clock.offset_s, many.offset_s, 0.4 * std::sqrt(many.variance_s2)) << seed;
    variance += few->clock.offset_variance_s2 / many.variance_s2 / kSeeds;
    covariance += few->clock.covariance_s / many.covariance_s / kSeeds;
    of_frequency += few->clock.frequency_variance / many.frequency_variance / kSeeds;
    disagreement += many.disagreement / kSeeds;
  }
  EXPECT_GT(disagreement, 0.15) << "else they have nothing to disagree about";
  EXPECT_NEAR(variance, 1.0, 0.1);
  EXPECT_NEAR(covariance, 1.0, 0.1);
  EXPECT_NEAR(of_frequency, 1.0, 0.1);
}

// Queues alone, and as much noise that no delay shows.
TEST(ModelAverage, TellsGaussianNoiseFromQueues) {
  double among_queues_s = 0.0, beside_them_s = 0.0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    for (const bool gaussian : {false, true}) {
      SyntheticClock clock(seed, {});
      Made made = make(seed, 64, {});
      if (gaussian) {
        for (Exchange& e : made.exchanges) {
          const double there_s = 1e-4 * clock.normal(), back_s = 1e-4 * clock.normal();
          e.offset_s += 0.5 * (there_s - back_s);
          e.delay_s += there_s + back_s;
        }
      }
      const auto bank = bank_by_delay(made.exchanges, kPrecision_s);
      ASSERT_TRUE(bank);
      const auto answer = ModelAverage().run(made.exchanges, kPrecision_s, {}, *bank);
      ASSERT_TRUE(answer);
      (gaussian ? beside_them_s : among_queues_s) += answer->gaussian_sd_s / 8;
    }
  }
  EXPECT_LT(among_queues_s, 2e-5);
  EXPECT_NEAR(beside_them_s, 1e-4, 4e-5);
}

// Queues and Gaussian noise, of which two shapes may be the cause: each model goes on from where it was itself.
TEST(ModelAverage, GoesOnFromTheLastUpdate) {
  Made made = make(11, 120, {.wander_sd = 1e-8});
  SyntheticClock noise(12, {});
  for (Exchange& e : made.exchanges) e.offset_s += 4e-5 * noise.normal();
  ModelAverage models;
  std::size_t runs = 0, rounds = 0, afresh_runs = 0, afresh_rounds = 0;
  for (std::size_t first = 0; first + 64 <= made.exchanges.size(); ++first) {
    const std::vector<Exchange> exchanges = window(made, first, 64);
    const auto bank = bank_by_delay(exchanges, kPrecision_s);
    ASSERT_TRUE(bank && models.run(exchanges, kPrecision_s, {}, *bank));
    (first % 8 == 0 ? afresh_runs : runs) += models.runs();
    (first % 8 == 0 ? afresh_rounds : rounds) += models.rounds();
  }
  EXPECT_GT(runs, 49u * 7u) << "else only one shape is in question";
  EXPECT_LT(10 * rounds, 38 * runs);
  EXPECT_GT(10 * afresh_rounds, 38 * afresh_runs) << "now and then nothing is taken for granted";
}

// A distribution that is wide has a mean beyond its middle; where many exchanges tell the wander it is narrow.
TEST(ModelAverage, HasALargerMeanWanderWhereLittleIsKnownOfIt) {
  const auto excess = [](std::size_t exchanges, double spacing_s) {
    double sum = 0.0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const Made made = make(seed, exchanges, {.spacing_s = spacing_s, .wander_sd = 1e-8});
      const auto bank = bank_by_delay(made.exchanges, kPrecision_s);
      if (!bank) return 0.0;
      const auto answer = ModelAverage().run(made.exchanges, kPrecision_s, {}, *bank);
      if (!answer) return 0.0;
      sum += answer->mean_wander / std::exp(answer->log_wander) / 8;
    }
    return sum;
  };
  EXPECT_GT(excess(10, 64), 2.5);
  EXPECT_GT(excess(64, 1024), 1.0);
  EXPECT_LT(excess(64, 1024), 1.6);
}

TEST(ModelAverage, SaysTheSameOfTheSame) {
  const Made made = make(9, 40, {});
  const auto bank = bank_by_delay(made.exchanges, kPrecision_s);
  ASSERT_TRUE(bank);
  ModelAverage once, again;
  again.run(make(10, 64, {}).exchanges, kPrecision_s, {}, *bank);
  again.reset();
  const auto a = once.run(made.exchanges, kPrecision_s, {}, *bank);
  const auto b = again.run(made.exchanges, kPrecision_s, {}, *bank);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->clock.offset_s, b->clock.offset_s);
  EXPECT_EQ(a->clock.frequency_variance, b->clock.frequency_variance);
  EXPECT_EQ(a->log_wander, b->log_wander);
}

}  // namespace
}  // namespace timed::discipline
