// The estimator takes its memory when it is made, and none after that, whatever comes.  (The regression beside it in
// SourceStats makes its lists anew for each fit.)
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "tests/allocations/allocations.h"
#include "tests/unit/discipline/synthetic_exchanges.h"
#include "timed/discipline/estimator.h"

namespace timed::discipline {
namespace {

using test::allocations_so_far;

void feed(Estimator& estimator, const Sample& sample) {
  estimator.add(sample);
  estimator.update();
}

void feed(Estimator& estimator, SyntheticClock& clock, int samples) {
  for (int i = 0; i < samples; ++i) feed(estimator, clock.next());
}

// Offsets that scatter by far more than delays say.
void feed_hidden_noise(Estimator& estimator, SyntheticClock& clock, int samples) {
  for (int i = 0; i < samples; ++i) {
    Sample s = clock.next();
    s.offset = s.offset + WideDuration(Duration::millis(3.0 * clock.normal()));
    feed(estimator, s);
  }
}

TEST(EstimatorAllocations, AreMadeByTheConstructorAlone) {
  const std::size_t at_first = allocations_so_far();
  Estimator estimator({});
  EXPECT_GT(allocations_so_far(), at_first) << "they are counted";
  SyntheticClock clock(5, {});
  const std::size_t before = allocations_so_far();

  feed(estimator, clock, 80);  // the window is full
  EXPECT_TRUE(estimator.smoothed());
  clock.w.base_s += 5e-4;
  feed(estimator, clock, 12);
  EXPECT_GT(estimator.counts().route_moves, 0u);
  clock.advance(512.0);
  feed(estimator, clock.sample(clock.offset_s() + 4e-3, 1.2e-3));
  feed(estimator, clock, 20);
  EXPECT_GT(estimator.counts().jumps, 0u) << "of the frequency";
  for (int i = 0; i < 4; ++i) {
    Sample moved = clock.next();
    moved.offset = moved.offset + WideDuration(Duration::seconds(2));
    feed(estimator, moved);
  }
  EXPECT_GT(estimator.counts().held_back, 0u);
  estimator.shift(Duration::seconds(-2));
  Sample none = clock.next();
  none.peer_delay = Duration::infinity();
  feed(estimator, none);
  EXPECT_GT(estimator.counts().refused, 0u);
  Estimator moved(std::move(estimator));
  estimator = std::move(moved);
  EXPECT_EQ(allocations_so_far(), before);

  clock.w.spacing_s = 1.0;
  const std::uint64_t updates = estimator.counts().updates;
  feed(estimator, clock, 400);
  EXPECT_LT(estimator.counts().updates, updates + 300) << "blocks of the best";
  EXPECT_EQ(allocations_so_far(), before);

  clock.w.spacing_s = 64.0;
  estimator.reset();
  feed_hidden_noise(estimator, clock, 64);
  EXPECT_FALSE(estimator.smoothed());
  feed(estimator, clock.sample(clock.offset_s() + 1e8, 1e8));
  feed(estimator, clock.sample(0.0, 0.0));  // not later
  EXPECT_EQ(estimator.samples(), 1u);
  EXPECT_EQ(allocations_so_far(), before);
}

// Where the models fail, with all that is tried then, and where they are not asked.
TEST(EstimatorAllocations, AreNotMadeWhereNoModelFits) {
  Estimator estimator({}), averaged({.window = 16, .one_sided = false});
  SyntheticClock clock(2, {});
  const std::size_t before = allocations_so_far();
  for (int i = 0; i < 160; ++i) {
    clock.advance(i < 80 ? std::exp2(20.0 * clock.uniform() - 10.0) : 0.5);
    const double size_s = std::exp2(40.0 * clock.uniform() - 30.0);
    const Sample s = clock.sample(size_s * clock.normal(), 1e-4);
    feed(estimator, s);
    feed(averaged, s);
  }
  EXPECT_GT(estimator.counts().fallbacks, 0u);
  EXPECT_GT(estimator.counts().rejected, 0u);
  EXPECT_EQ(averaged.counts().runs, 0u);
  EXPECT_LT(averaged.counts().updates, 155u) << "blocks of means";
  EXPECT_EQ(allocations_so_far(), before);
}

}  // namespace
}  // namespace timed::discipline
