#include "timed/daemon/fallback_timer.h"

#include <gtest/gtest.h>

#include <vector>

#include "one_timer.h"

namespace timed::daemon {
namespace {

struct Fixture {
  explicit Fixture(const discipline::FallbackDriftOptions& options)
      : fallback(options, timers,
                 {[this](Frequency f) { set.push_back(f); },
                  [this] {
                    ++lost;
                    fallback.note_loss();
                  }}) {}
  void update(double interval_s, double ppm) {
    timers.time += Duration::seconds(interval_s);
    fallback.note_update(Duration::seconds(interval_s), Frequency::ppm(ppm));
  }

  OneTimer timers;
  std::vector<Frequency> set;
  int lost = 0;
  FallbackTimer fallback;
};

TEST(FallbackTimer, GoesFromAverageToAverageAndStops) {
  Fixture f({4, 5});
  f.update(64, 10);
  f.update(8, 20);
  EXPECT_EQ(f.timers.fire(), Duration::seconds(16));
  ASSERT_EQ(f.set.size(), 1u);
  EXPECT_NEAR(f.set[0].to_ppm(), 13.9346934028737, 1e-9);  // 10 + 10 (1 - e^-0.5)
  EXPECT_EQ(f.lost, 1);
  EXPECT_EQ(f.timers.fire(), Duration::seconds(16));
  ASSERT_EQ(f.set.size(), 2u);
  EXPECT_NEAR(f.set[1].to_ppm(), 12.2119921692860, 1e-9);  // 10 + 10 (1 - e^-0.25)
  EXPECT_EQ(f.lost, 2);
  EXPECT_FALSE(f.timers.armed());
}

TEST(FallbackTimer, AnUpdateBeginsAnew) {
  Fixture f({4, 4});
  f.update(32, 10);
  f.update(8, 10);
  f.update(8, 10);
  EXPECT_TRUE(f.set.empty());
  EXPECT_EQ(f.timers.fire(), Duration::seconds(16));
}

// Lost for another reason: the average waited for stays, and without an update there is none.
TEST(FallbackTimer, ALossOfSynchronisationWaitsAsBefore) {
  Fixture f({4, 4});
  f.fallback.note_loss();
  EXPECT_FALSE(f.timers.armed());
  f.update(32, 10);
  f.timers.time += Duration::seconds(6);
  f.fallback.note_loss();
  EXPECT_EQ(f.timers.fire(), Duration::seconds(10));
}

TEST(FallbackTimer, OffByDefault) {
  Fixture f({});
  f.update(64, 10);
  f.fallback.note_loss();
  EXPECT_FALSE(f.timers.armed());
}

}  // namespace
}  // namespace timed::daemon
