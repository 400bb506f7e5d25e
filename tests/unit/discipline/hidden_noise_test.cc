#include "src/discipline/hidden_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/unit/discipline/synthetic_exchanges.h"
#include "timed/discipline/estimator.h"

namespace timed::discipline {
namespace {

constexpr double kPrecision_s = 1e-7;

// As a source sees them: `server_s` is how far its clock is off, each time anew.
std::vector<Exchange> exchanges(std::uint64_t seed, const SyntheticWorld& world, double server_s, int count = 32) {
  SyntheticClock clock(seed, world);
  std::vector<Exchange> all;
  for (int i = 0; i < count; ++i) {
    const Sample s = clock.next();
    all.push_back(
        {clock.t_s(), s.offset.to_duration().to_seconds() + server_s * clock.normal(), s.peer_delay.to_seconds()});
  }
  const Exchange newest = all.back();
  for (Exchange& e : all) {
    e.t_s -= newest.t_s;
    e.offset_s -= newest.offset_s;
  }
  return all;
}

bool hidden(const std::vector<Exchange>& all, bool believed = false) {
  return hides_noise(all, kPrecision_s, *bank_by_delay(all, kPrecision_s), *bank_by_scatter(all, kPrecision_s),
                     believed);
}

TEST(HiddenNoise, IsFoundWhereOffsetsScatterMoreThanDelays) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_TRUE(hidden(exchanges(seed, {}, 4e-4))) << seed;
    EXPECT_TRUE(hidden(exchanges(seed, {}, 3e-3))) << seed;
  }
}

// Queues, on one side or both, and none at all.
TEST(HiddenNoise, IsNotFoundInWhatDelaysShow) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const bool believed : {false, true}) {
      EXPECT_FALSE(hidden(exchanges(seed, {}, 0.0), believed)) << seed;
      EXPECT_FALSE(hidden(exchanges(seed, {.forward_s = 2e-4, .backward_s = 2e-6}, 0.0), believed)) << seed;
      EXPECT_FALSE(hidden(exchanges(seed, {.forward_s = 0.0, .backward_s = 0.0}, 0.0), believed)) << seed;
    }
  }
}

// A clock that is hardly one makes offsets as large, but from one to the next they are of a piece.
TEST(HiddenNoise, IsNotTheWanderOfABadClock) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_FALSE(hidden(exchanges(seed, {.spacing_s = 256, .wander_sd = 1e-7}, 0.0))) << seed;
    EXPECT_FALSE(hidden(exchanges(seed, {.spacing_s = 64, .wander_sd = 1e-6}, 0.0))) << seed;
  }
}

TEST(HiddenNoise, WantsEightExchanges) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_FALSE(hidden(exchanges(seed, {}, 3e-3, 7)));
    found += hidden(exchanges(seed, {}, 3e-3, 12)) ? 1 : 0;
  }
  EXPECT_GE(found, 7);
}

// What was believed takes more to overturn: between both limits it stays as it was.
TEST(HiddenNoise, StaysAsItWasBetweenTheLimits) {
  int differ = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto all = exchanges(seed, {}, 1.5e-4);
    EXPECT_LE(hidden(all, false), hidden(all, true)) << seed;
    differ += hidden(all, false) != hidden(all, true) ? 1 : 0;
  }
  EXPECT_GT(differ, 0);
}

// The whole estimator: the frequency is known although each offset is off by 1 ms, what it says of its own error is
// true, and no jump is seen anywhere once the noise is known.
TEST(HiddenNoise, IsNotFollowedByTheEstimator) {
  double scaled2 = 0.0, count = 0.0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SyntheticClock clock(seed, {});
    Estimator estimator({});
    std::uint64_t jumps = 0;
    for (int i = 0; i < 100; ++i) {
      Sample s = clock.next();
      s.offset = s.offset + WideDuration(Duration::seconds(1e-3 * clock.normal()));
      estimator.add(s);
      estimator.update();
      if (i == 40) jumps = estimator.counts().jumps;
      if (i < 40) continue;
      ASSERT_TRUE(estimator.posterior());
      EXPECT_FALSE(estimator.smoothed()) << "delays say nothing here";
      EXPECT_LT(std::fabs(estimator.posterior()->frequency.to_ratio() - clock.frequency()), 2e-6) << seed << " " << i;
      const double error_s = estimator.posterior()->offset.to_duration().to_seconds() - clock.offset_s();
      const double sd_s = estimator.posterior()->offset_sd.to_seconds();
      scaled2 += error_s * error_s / (sd_s * sd_s);
      count += 1.0;
    }
    EXPECT_EQ(estimator.counts().jumps, jumps) << seed;
  }
  EXPECT_GT(scaled2 / count, 0.3);
  EXPECT_LT(scaled2 / count, 2.0);
}

// A server that is mended is gone by delays again when the window has forgotten what it was.
TEST(HiddenNoise, IsForgottenWithTheWindow) {
  SyntheticClock clock(3, {});
  Estimator estimator({});
  for (int i = 0; i < 140; ++i) {
    Sample s = clock.next();
    if (i < 60) s.offset = s.offset + WideDuration(Duration::seconds(1e-3 * clock.normal()));
    estimator.add(s);
    estimator.update();
    if (i == 59) {
      EXPECT_FALSE(estimator.smoothed());
      EXPECT_EQ(estimator.bank_use(), BankUse::HiddenNoise);
    }
  }
  EXPECT_TRUE(estimator.smoothed());
  EXPECT_EQ(estimator.bank_use(), BankUse::None);
  EXPECT_LT(std::fabs(estimator.posterior()->offset.to_duration().to_seconds() - clock.offset_s()), 1e-4);
}

// So it is where samples are made into blocks, whose means scatter less than samples do.
TEST(HiddenNoise, IsForgottenBySamplesInBlocks) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SyntheticClock clock(seed, {.spacing_s = 0.25});
    Estimator estimator({});
    for (int i = 0; i < 8000; ++i) {
      Sample s = clock.next();
      if (i < 4000) s.offset = s.offset + WideDuration(Duration::seconds(1e-3 * clock.normal()));
      estimator.add(s);
      estimator.update();
      if (i == 3999) {
        EXPECT_FALSE(estimator.smoothed()) << seed;
      }
    }
    EXPECT_TRUE(estimator.smoothed()) << seed;
  }
}

}  // namespace
}  // namespace timed::discipline
