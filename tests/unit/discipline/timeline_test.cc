#include "timed/discipline/timeline.h"

#include <gtest/gtest.h>

#include "timed/base/random.h"

namespace timed::discipline {
namespace {

const RawTime kStart = RawTime::from_seconds(1'700'000'000);

TEST(Timeline, ScalesAgreeBeforeTheFirstChange) {
  const Timeline timeline(kStart);
  const RawTime later = kStart + Duration::seconds(100);
  EXPECT_EQ(timeline.to_free(later).nanos(), later.nanos());
  EXPECT_EQ(timeline.to_local(later).nanos(), later.nanos());
  EXPECT_EQ(timeline.pending(later), Duration::zero());
}

TEST(Timeline, FreeTimeUndoesWhatTheKernelAdds) {
  Timeline timeline(kStart);
  timeline.set_frequencies(kStart, {Frequency::ppm(100), Frequency::ppm(100), {}}, {}, {});
  // The kernel runs 100 ppm fast, so 1000.1 s of raw time are 1000 s of the oscillator.
  const RawTime later = kStart + Duration::seconds(1000.1);
  EXPECT_NEAR((timeline.to_free(later) - FreeTime::from_nanos(kStart.nanos())).to_seconds(), 1000.0, 1e-9);
  EXPECT_NEAR(timeline.pending(later).to_seconds(), 0.0, 1e-12);
}

// What the temperature does to the oscillator is not steering: it is not undone.
TEST(Timeline, FreeTimeKeepsTheCompensationOfTheOscillator) {
  Timeline timeline(kStart);
  const Frequency compensation = Frequency::ppm(4);
  timeline.set_frequencies(kStart, {Frequency::ppm(104), Frequency::ppm(104), compensation}, {}, {});
  // 104 ppm more than the bare oscillator in raw time, 4 in free time.
  const RawTime later = kStart + Duration::seconds(1000.104);
  EXPECT_NEAR((timeline.to_free(later) - FreeTime::from_nanos(kStart.nanos())).to_seconds(), 1000.004, 1e-9);
  EXPECT_NEAR(timeline.pending(later).to_seconds(), 0.0, 1e-12);
  EXPECT_NEAR(timeline.view().rate.to_ppm(), 100.0 / 1.000004, 1e-9);
  EXPECT_LE(std::abs(timeline.view().to_local(timeline.to_free(later)).nanos() - later.nanos()), 1);
}

TEST(Timeline, AnOffsetIsPendingUntilTheKernelHasSlewedIt) {
  Timeline timeline(kStart);
  timeline.shift_local(kStart, Duration::millis(10));
  EXPECT_EQ(timeline.pending(kStart), Duration::millis(10));
  timeline.set_frequencies(kStart, {Frequency::ppm(1000), Frequency::zero(), {}}, {}, {});
  // 1000 ppm fast removes 10 ms in 10 s (and 10 ms of raw time more).
  EXPECT_NEAR(timeline.pending(kStart + Duration::seconds(10.01)).to_seconds(), 0.0, 1e-9);
  EXPECT_EQ(timeline.view().rate, Frequency::zero());
}

TEST(Timeline, AStepMovesRawTimeAndNotTheOscillator) {
  Timeline timeline(kStart);
  timeline.set_frequencies(kStart, {Frequency::ppm(-50), Frequency::ppm(-50), {}}, {}, {});
  const RawTime before = kStart + Duration::seconds(500);
  const FreeTime free = timeline.to_free(before);
  timeline.step(before, Duration::seconds(3600), true);
  const RawTime after = before + Duration::seconds(3600);
  EXPECT_LE(std::abs(timeline.to_free(after).nanos() - free.nanos()), 1);
  EXPECT_EQ(timeline.to_local(after).nanos(), after.nanos());
  EXPECT_FALSE(timeline.place({before, {}, env::StampSource::Kernel}));
  EXPECT_TRUE(timeline.place({after, {}, env::StampSource::Kernel}));
}

TEST(Timeline, AStepTowardsLocalTimeLeavesLocalTimeAlone) {
  Timeline timeline(kStart);
  timeline.shift_local(kStart, Duration::seconds(2));
  const LocalTime local = timeline.to_local(kStart);
  timeline.step(kStart, Duration::seconds(2), false);
  EXPECT_EQ(timeline.to_local(kStart + Duration::seconds(2)), local);
  EXPECT_EQ(timeline.pending(kStart + Duration::seconds(2)), Duration::zero());
}

TEST(Timeline, PlacesALateStampOnTheSegmentItBelongsTo) {
  Timeline timeline(kStart);
  timeline.set_frequencies(kStart, {Frequency::ppm(100), Frequency::ppm(100), {}}, {}, {});
  const RawTime change = kStart + Duration::seconds(1000);
  const RawTime stamp = kStart + Duration::seconds(999);
  const FreeTime expected = timeline.to_free(stamp);
  timeline.set_frequencies(change, {Frequency::ppm(50'000), Frequency::ppm(100), {}}, Duration::micros(3),
                           Duration::micros(11));
  const auto placed = timeline.place({stamp, Duration::nanos(5), env::StampSource::Kernel});
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->free, expected);
  EXPECT_EQ(placed->error, Duration::nanos(5));
  const auto near = timeline.place({change + Duration::micros(4), Duration::nanos(5), env::StampSource::Kernel});
  ASSERT_TRUE(near);
  EXPECT_NEAR(near->error.to_nanos(), 3005, 1e-6);
}

TEST(Timeline, RefusesStampsFromBeforeWhatItRemembers) {
  Timeline timeline(kStart);
  for (int i = 1; i <= 40; ++i) {
    timeline.set_frequencies(kStart + Duration::seconds(i), {Frequency::ppm(i), Frequency::zero(), {}}, {}, {});
  }
  EXPECT_FALSE(timeline.place({kStart, {}, env::StampSource::Kernel}));
  EXPECT_TRUE(timeline.place({kStart + Duration::seconds(40.5), {}, env::StampSource::Kernel}));
}

TEST(Timeline, ViewAndSegmentsAgreeThroughAnyHistory) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    Timeline timeline(kStart);
    RawTime now = kStart;
    Frequency base;
    for (int i = 0; i < 200; ++i) {
      now += Duration::seconds(random.uniform(0.01, 1000));
      switch (random.below(3)) {
        case 0:
          base = Frequency::ppm(random.uniform(-500, 500));
          [[fallthrough]];
        case 1:
          timeline.set_frequencies(now, {Frequency::ppm(random.uniform(-1e5, 1e5)), base, {}}, {}, {});
          break;
        default:
          timeline.shift_local(now, Duration::seconds(random.uniform(-1, 1)));
      }
      const RawTime later = now + Duration::seconds(random.uniform(0, 100));
      const auto through_view = timeline.view().to_local(timeline.to_free(later));
      EXPECT_LE(std::abs(through_view.nanos() - timeline.to_local(later).nanos()), 2)
          << "seed " << seed << " step " << i;
    }
  }
}

// History must not see a leap second: a reference that leaps too is as far away as it was.
TEST(Timeline, ALeapMovesLocalTimeAndNoOffset) {
  for (const int seconds : {-1, 1}) {
    for (const bool raw_follows : {false, true}) {
      Timeline timeline(kStart);
      timeline.set_frequencies(kStart, {Frequency::ppm(-50), Frequency::ppm(-20), {}}, {}, {});
      timeline.shift_local(kStart, Duration::millis(3));
      const RawTime before = kStart + Duration::seconds(1000);
      const Duration moved = Duration::seconds(seconds);
      const FreeTime free = timeline.to_free(before);
      const LocalTime local = timeline.to_local(before);
      const Duration pending = timeline.pending(before);
      const Duration offset = timeline.view().local_offset(free, WideDuration(Duration::millis(7)));
      const WideDuration ahead = timeline.view().ahead_of_local(local + Duration::millis(2), free);

      timeline.leap(before, seconds, raw_follows);
      const RawTime after = raw_follows ? before + moved : before;
      EXPECT_LE(std::abs(timeline.to_free(after).nanos() - free.nanos()), 1) << "the oscillator knows nothing of it";
      EXPECT_LE(std::abs(timeline.to_local(after).nanos() - (local + moved).nanos()), 1);
      EXPECT_NEAR((timeline.pending(after) - pending).to_seconds(), raw_follows ? 0.0 : seconds, 1e-9);
      EXPECT_EQ(timeline.view().leap_seconds, seconds);
      EXPECT_LE(std::abs(timeline.view().to_local(free).nanos() - (local + moved).nanos()), 1);
      EXPECT_LE(std::abs(timeline.view().to_free(local + moved).nanos() - free.nanos()), 1);
      EXPECT_NEAR((timeline.view().local_offset(free, WideDuration(Duration::millis(7))) - offset).to_seconds(), 0.0,
                  1e-9);
      const WideDuration ahead_after = timeline.view().ahead_of_local(local + Duration::millis(2) + moved, free);
      EXPECT_NEAR((ahead_after - ahead).to_duration().to_seconds(), 0.0, 1e-9);
      EXPECT_EQ(timeline.place({kStart + Duration::seconds(1), {}, env::StampSource::Kernel}).has_value(), !raw_follows)
          << "a stamp of before cannot be told from one of after only where raw time was stepped";
    }
  }
}

TEST(LocalView, ConvertsFrequenciesBothWays) {
  const LocalView view{.start = {}, .local_minus_free = {}, .rate = Frequency::ppm(300), .added_dispersion = {}};
  EXPECT_EQ(view.local_frequency(Frequency::ppm(300)), Frequency::zero());
  const Frequency free = view.free_frequency(view.local_frequency(Frequency::ppm(-120)));
  EXPECT_NEAR(free.to_ppm(), -120, 1e-9);
}

TEST(LocalView, GoesBackFromLocalToFree) {
  Timeline timeline(kStart);
  timeline.shift_local(kStart, Duration::seconds(1e9));
  timeline.set_frequencies(kStart + Duration::seconds(5), {Frequency::ppm(100), Frequency::ppm(100), {}}, {}, {});
  const FreeTime free = timeline.to_free(kStart + Duration::seconds(1234.567));
  EXPECT_LE(std::abs(timeline.view().to_free(timeline.view().to_local(free)).nanos() - free.nanos()), 1);
}

}  // namespace
}  // namespace timed::discipline
