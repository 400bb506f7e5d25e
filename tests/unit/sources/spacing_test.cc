#include "timed/sources/spacing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/sources/fake_seams.h"
#include "timed/base/random.h"

namespace timed::sources {
namespace {

MonoTime at(double seconds) {
  return MonoTime::from_seconds(1000) + Duration::seconds(seconds);
}
constexpr Duration kSeparation = Duration::seconds(0.2);

// Deadlines where they are wanted: nothing is near.
SpacedTimes with(const std::vector<double>& seconds) {
  SpacedTimes times;
  for (const double s : seconds) times.place(at(s), Duration::zero());
  return times;
}

TEST(SpacedTimes, FreeTimeStays) {
  EXPECT_EQ(with({}).place(at(1), kSeparation), at(1));
  EXPECT_EQ(with({0.7, 1.3}).place(at(1), kSeparation), at(1));
  EXPECT_EQ(with({0.8, 1.2}).place(at(1), kSeparation), at(1)) << "just far enough";
}

TEST(SpacedTimes, KeepsAwayFromTheLastDispatch) {
  SpacedTimes times;
  times.note_dispatch(at(0.9));
  EXPECT_EQ(times.place(at(1), kSeparation), at(1.1));
}

TEST(SpacedTimes, IsPushedOnByTimersThatAreTooNear) {
  EXPECT_EQ(with({1.05}).place(at(1), kSeparation), at(1.25));
  EXPECT_EQ(with({1.3, 1.0, 0.9}).place(at(1), kSeparation), at(1.5)) << "in the order of time, each pushes";
}

TEST(SpacedTimes, RemovedOnesPushNoMore) {
  SpacedTimes times = with({1.05, 1.05});
  times.remove(at(1.05));
  EXPECT_EQ(times.place(at(1), kSeparation), at(1.25)) << "there were two of them";
  times = with({1.05});
  times.remove(at(1.05));
  times.remove(at(7));
  EXPECT_EQ(times.place(at(1), kSeparation), at(1));
}

TEST(SpacedTimes, ManyAtOnceEndUpInARow) {
  SpacedTimes times;
  MonoTime last = times.place(at(0), kSeparation);
  for (int i = 0; i < 50; ++i) {
    const MonoTime next = times.place(at(0), kSeparation);
    EXPECT_EQ(next - last, kSeparation);
    last = next;
  }
}

// One pass over the whole queue in the order of time, as the specification says it.
MonoTime by_the_book(MonoTime wanted, Duration separation, std::vector<MonoTime> queued) {
  std::sort(queued.begin(), queued.end());
  for (const MonoTime other : queued) {
    if (abs(other - wanted) < separation) wanted = other + separation;
  }
  return wanted;
}

TEST(SpacedTimes, IsTheOnePassOfTheSpecification) {
  SeededRandom random(20261124);
  for (int round = 0; round < 50; ++round) {
    SpacedTimes times;
    std::vector<MonoTime> queued;
    for (int i = 0; i < 60; ++i) {
      const MonoTime wanted = at(random.uniform(0, 8));
      const Duration separation = Duration::seconds(random.uniform(0.002, 0.2));
      const MonoTime expected = by_the_book(wanted, separation, queued);
      ASSERT_EQ(times.place(wanted, separation), expected) << round << " " << i;
      queued.push_back(expected);
      if (random.below(4) > 0) continue;
      const auto gone = queued.begin() + static_cast<std::ptrdiff_t>(random.below(queued.size()));
      times.remove(*gone);
      queued.erase(gone);
    }
  }
}

TEST(SpacedTimer, LeavesItsDeadlineWhenItRunsAndWhenItIsDisarmed) {
  FakeTimers timers;
  SpacedTimes times;
  int runs = 0;
  SpacedTimer one(timers, times, [&] { ++runs; });
  one.arm_in(Duration::seconds(1), kSeparation);
  one.arm_in(Duration::seconds(2), kSeparation);
  timers.advance(1.99);
  EXPECT_EQ(runs, 0);
  timers.advance(0.02);
  EXPECT_EQ(runs, 1);
  const MonoTime now = timers.now();
  EXPECT_EQ(times.place(now, kSeparation), now + Duration::seconds(0.19)) << "away from the dispatch";
  {
    SpacedTimer two(timers, times, [] {});
    two.arm_in(Duration::seconds(10), kSeparation);
  }
  EXPECT_EQ(times.place(now + Duration::seconds(10), kSeparation), now + Duration::seconds(10));
}

}  // namespace
}  // namespace timed::sources
