// What no clock, no network and no honest server would send: what the estimator says of it are numbers, its frequency
// is one that the samples support, and where its models fail it says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/unit/discipline/synthetic_exchanges.h"
#include "timed/discipline/estimator.h"

namespace timed::discipline {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An estimator whose every answer is looked at.
class Watched {
 public:
  explicit Watched(const EstimatorOptions& options = {}) : estimator(options) {}

  void feed(const Sample& s) {
    const std::uint64_t rounds = estimator.counts().rounds;
    estimator.add(s);
    estimator.update();
    most_rounds = std::max(most_rounds, estimator.counts().rounds - rounds);
    const bool is_number = s.peer_delay.is_finite() && s.offset.to_duration().is_finite() &&
                           std::fabs(s.offset.to_duration().to_seconds()) < 9e9 &&
                           s.peer_delay < Duration::seconds(1e9);
    if (is_number) seen_.push_back(s);
    if (!estimator.posterior()) return;
    const Posterior& p = *estimator.posterior();
    EXPECT_TRUE(p.offset.to_duration().is_finite());
    EXPECT_TRUE(p.offset_sd.is_finite() && p.offset_sd >= Duration::zero());
    EXPECT_TRUE(p.frequency_sd.is_finite() && p.frequency_sd >= Frequency::zero());
    EXPECT_GT(p.wander, 0.0);
    EXPECT_TRUE(p.offset_sd_after(Duration::seconds(1e6)).is_finite());
    expect_supported(p.frequency.to_ratio());
  }
  double error_s(const SyntheticClock& clock) const {
    const Posterior& p = *estimator.posterior();
    const Duration since = clock.sample(0.0, 0.0).when - p.when;
    return (p.offset.to_duration() + since * p.frequency).to_seconds() - clock.offset_s();
  }

  Estimator estimator;
  std::uint64_t most_rounds = 0;

 private:
  // Some pair of those that may be in the window does not contradict it: each offset is off by half its delay at most.
  void expect_supported(double frequency) {
    double least = kInfinity, largest = -kInfinity;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double dt_s = (seen_[i].when - seen_[j].when).to_seconds();
        if (dt_s == 0.0) continue;
        const double step_s = (seen_[i].offset - seen_[j].offset).to_duration().to_seconds();
        const double delays_s = std::max(seen_[i].peer_delay, Duration::zero()).to_seconds() +
                                std::max(seen_[j].peer_delay, Duration::zero()).to_seconds();
        // And by what the clocks count in: four deviations.
        const double steps_s = 4.0 * std::min(seen_[i].peer_dispersion, seen_[j].peer_dispersion).to_seconds();
        const double slack = (0.5 * delays_s + steps_s / std::sqrt(12.0) + 1e-8) / std::fabs(dt_s);
        least = std::min(least, step_s / dt_s - slack);
        largest = std::max(largest, step_s / dt_s + slack);
      }
    }
    EXPECT_GE(frequency, least);
    EXPECT_LE(frequency, largest);
  }

  std::vector<Sample> seen_;
};

Sample moved(Sample s, double offset_s) {
  s.offset = s.offset + WideDuration(Duration::seconds(offset_s));
  return s;
}

TEST(EstimatorBadInput, SamplesThatAreNoNumbersAreLeftOut) {
  SyntheticClock clock(8, {});
  Watched watched;
  for (int i = 0; i < 40; ++i) {
    const Sample s = clock.next();
    Sample bad = s;
    bad.when = s.when + Duration::seconds(1);
    const double values[] = {std::nan(""), kInfinity, -kInfinity, 1e300};
    const double value = values[i % 4];
    if (i % 8 < 4) bad.peer_delay = Duration::seconds(value);
    if (i % 8 >= 4) bad.offset = s.offset + WideDuration(Duration::seconds(value));
    watched.feed(s);
    watched.feed(bad);
  }
  EXPECT_GE(watched.estimator.counts().refused, 20u);
  EXPECT_LT(std::fabs(watched.error_s(clock)), 1e-3);
}

TEST(EstimatorBadInput, ARepeatedSampleBeginsAnew) {
  SyntheticClock clock(9, {});
  Watched watched;
  Sample last;
  for (int i = 0; i < 20; ++i) watched.feed(last = clock.next());
  watched.feed(last);
  EXPECT_FALSE(watched.estimator.posterior());
  for (int i = 0; i < 10; ++i) watched.feed(last);
  EXPECT_FALSE(watched.estimator.posterior()) << "it is no surer for being said again";
  for (int i = 0; i < 2; ++i) watched.feed(clock.next());
  EXPECT_TRUE(watched.estimator.posterior()) << "once it counts";
}

TEST(EstimatorBadInput, SamplesOutOfOrderAreNotUnderstoodAsALine) {
  SyntheticClock clock(14, {});
  std::vector<Sample> samples;
  for (int i = 0; i < 60; ++i) samples.push_back(clock.next());
  for (std::size_t i = samples.size() - 1; i > 0; --i) {
    std::swap(samples[i], samples[static_cast<std::size_t>(clock.uniform() * static_cast<double>(i + 1))]);
  }
  Watched watched;
  for (const Sample& s : samples) watched.feed(s);
  for (int i = 0; i < 20; ++i) watched.feed(clock.next());
  EXPECT_LT(std::fabs(watched.error_s(clock)), 3e-4) << "and in order it goes on";
}

// Whoever sends what no model explains is told from others by a counter, and makes no update dearer.
TEST(EstimatorBadInput, HostileSamplesEndInTheFallbackAndAreCounted) {
  std::uint64_t most = 0, rejected = 0, fallbacks = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SyntheticClock clock(seed, {});
    Watched watched;
    for (int i = 0; i < 80; ++i) {
      clock.advance(std::exp2(20.0 * clock.uniform() - 10.0));
      const double size_s = std::exp2(40.0 * clock.uniform() - 30.0);
      const std::uint64_t before = watched.estimator.counts().fallbacks;
      watched.feed(clock.sample(size_s * clock.normal(), seed % 2 == 0 ? 1e-4 : size_s * clock.uniform()));
      const bool fell_back = watched.estimator.counts().fallbacks > before && watched.estimator.posterior();
      if (fell_back) {
        EXPECT_EQ(watched.estimator.bank_use(), BankUse::NoRun);
      }
    }
    most = std::max(most, watched.most_rounds);
    rejected += watched.estimator.counts().rejected;
    fallbacks += watched.estimator.counts().fallbacks;
  }
  EXPECT_LE(most, 80u);
  EXPECT_GT(most, 30u) << "else the samples are too easy";
  EXPECT_GT(rejected, 50u);
  EXPECT_GT(fallbacks, 10u);
}

// Runs of the smoother that went astray claim more evidence than there can be, and to know all to a millionth.
TEST(EstimatorBadInput, NoEvidenceIsBelievedThatCannotBe) {
  struct Case {
    std::uint64_t seed;
    int samples;
  };
  for (const Case& c : {Case{105, 7}, Case{164, 6}, Case{164, 8}, Case{307, 5}}) {
    SyntheticClock clock(c.seed, {});
    Watched watched;
    for (int i = 0; i < c.samples; ++i) {
      clock.advance(std::exp2(20.0 * clock.uniform() - 10.0));
      const double size_s = std::exp2(40.0 * clock.uniform() - 30.0);
      const double delay_s = size_s * clock.uniform();
      watched.feed(clock.sample(size_s * clock.normal(), delay_s));
    }
    const Posterior& p = *watched.estimator.posterior();
    EXPECT_GT(p.offset_sd, p.noise_sd * 0.01) << c.seed;
  }
}

TEST(EstimatorBadInput, EqualSamplesMeanAClockThatRunsAlike) {
  for (const double delay_s : {0.0, 1e-4, 2.0}) {
    Watched watched;
    SyntheticClock clock(1, {.offset_s = 3.25, .frequency = 0.0, .wander_sd = 0.0});
    for (int i = 0; i < 80; ++i) {
      clock.advance(64.0);
      watched.feed(clock.sample(3.25, delay_s));
    }
    ASSERT_TRUE(watched.estimator.posterior());
    EXPECT_NEAR(watched.estimator.posterior()->offset.to_duration().to_seconds(), 3.25, 1e-8 + 0.1 * delay_s);
    EXPECT_NEAR(watched.estimator.posterior()->frequency.to_ratio(), 0.0, 1e-10 + 1e-4 * delay_s);
  }
}

// Worlds without any noise, or with only the grain of the stamps.
TEST(EstimatorBadInput, NoJitterAndNanosecondsOfIt) {
  for (const double noise_s : {0.0, 1e-9, 2e-8}) {
    for (const double delay_s : {0.0, 1e-9, 1e-4, 0.3}) {
      SyntheticClock clock(10, {.wander_sd = 0.0});
      Watched watched;
      for (int i = 0; i < 40; ++i) {
        clock.advance(64.0);
        watched.feed(clock.sample(clock.offset_s() + noise_s * clock.normal(), delay_s));
      }
      ASSERT_TRUE(watched.estimator.posterior());
      EXPECT_LT(std::fabs(watched.error_s(clock)), 1e-7 + 0.1 * delay_s) << noise_s;
      EXPECT_NEAR(watched.estimator.posterior()->frequency.to_ratio(), clock.frequency(), 1e-8)
          << noise_s << " " << delay_s;
    }
  }
}

// Hours without an answer: less is known, and the first answer after them is believed for what it is.
TEST(EstimatorBadInput, AfterHoursOfOutageTheErrorIsWhatItSays) {
  for (const double hours : {1.0, 6.0, 48.0}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SyntheticClock clock(seed, {});
      Watched watched;
      for (int i = 0; i < 60; ++i) watched.feed(clock.next());
      const Posterior before = *watched.estimator.posterior();
      clock.advance(3600.0 * hours);
      const double sd_s = before.offset_sd_after(Duration::seconds(3600.0 * hours)).to_seconds();
      EXPECT_GT(sd_s, 1e-9 * std::sqrt(std::pow(3600.0 * hours, 3.0) / 3.0) * 0.3) << hours;
      EXPECT_LT(std::fabs(watched.error_s(clock)), 4.0 * sd_s) << hours << " " << seed;
      for (int i = 0; i < 5; ++i) watched.feed(clock.next());
      EXPECT_LT(std::fabs(watched.error_s(clock)), 3e-4) << hours << " " << seed;
      EXPECT_NEAR(watched.estimator.posterior()->frequency.to_ratio(), clock.frequency(), 1e-6) << hours << " " << seed;
    }
  }
}

// A step of the server's clock, or of a counter that our time is made of, is one of all offsets to come.
TEST(EstimatorBadInput, StepsOfEitherClockAreFollowed) {
  for (const double step_s : {1e-3, -0.1, 30.0, -1e6}) {
    SyntheticClock clock(17, {});
    Watched watched;
    for (int i = 0; i < 50; ++i) watched.feed(clock.next());
    for (int i = 0; i < 12; ++i) watched.feed(moved(clock.next(), step_s));
    EXPECT_NEAR(watched.error_s(clock), step_s, 5e-4) << step_s;
  }
}

TEST(EstimatorBadInput, OurTimeThatGoesBackBeginsAnew) {
  SyntheticClock clock(18, {});
  Watched watched;
  for (int i = 0; i < 50; ++i) watched.feed(clock.next());
  clock.advance_time(-2000.0);
  watched.feed(clock.next());
  EXPECT_FALSE(watched.estimator.posterior());
  for (int i = 0; i < 20; ++i) watched.feed(clock.next());
  EXPECT_LT(std::fabs(watched.error_s(clock)), 3e-4);
}

// A clock that runs faster and faster, seen without noise: any filter for it is ahead of the last pair of samples.
TEST(EstimatorBadInput, NoFrequencyIsAheadOfTheSamples) {
  for (const double more : {1e-7, 1e-6, -1e-5}) {
    for (const bool one_sided : {true, false}) {
      EstimatorOptions options;
      options.one_sided = one_sided;
      Watched watched(options);
      SyntheticClock clock(1, {.spacing_s = 64.0, .offset_s = 0.0, .frequency = 0.0, .wander_sd = 0.0});
      for (int i = 0; i < 40; ++i) {
        clock.advance(64.0);
        watched.feed(clock.sample(0.5 * more / 64.0 * clock.t_s() * clock.t_s(), 1e-9));
      }
    }
  }
}

// Outages, steps of either clock, storms, all at once.
TEST(EstimatorBadInput, StormsNeverLeaveWhatTheSamplesSupport) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SyntheticClock clock(seed, {});
    Watched watched;
    for (int i = 0; i < 70; ++i) {
      const double what = clock.uniform();
      clock.w.spacing_s = what < 0.05 ? 20000.0 : std::exp2(10.0 * clock.uniform());
      clock.w.forward_s = what > 0.8 ? 1.0 : 1e-4 * clock.uniform();
      const Sample s = clock.next();
      watched.feed(moved(s, what > 0.95 ? 100.0 * (clock.uniform() - 0.5) : 0.0));
    }
  }
}

}  // namespace
}  // namespace timed::discipline
