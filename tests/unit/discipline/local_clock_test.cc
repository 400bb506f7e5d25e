#include "timed/discipline/local_clock.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/unit/discipline/fake_kernel.h"

namespace timed::discipline {
namespace {

struct Rig {
  explicit Rig(ClockOptions options = {})
      : clock(
            options, kernel, kernel.timers, [this] { ++line_changes; },
            [this](const ClockChange& change) { told.push_back(change); }) {}

  FakeKernel kernel;
  int line_changes = 0;
  std::vector<ClockChange> told;
  LocalClock clock;
};

TEST(LocalClock, KeepsTheFrequencyItFinds) {
  Rig rig;
  rig.kernel.found = rig.kernel.in_force = Frequency::ppm(12.5);
  ASSERT_TRUE(rig.clock.start().ok());
  EXPECT_TRUE(rig.clock.steering());
  EXPECT_EQ(rig.clock.frequency(), Frequency::ppm(12.5));
  EXPECT_EQ(rig.kernel.changes, 0);
}

TEST(LocalClock, SlewsAnOffsetInAndThenRunsOnAtTheBase) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  const RawTime before = rig.kernel.raw;
  rig.clock.apply(
      {.frequency = Frequency::ppm(20), .offset = Duration::millis(50), .correction_rate = 0.5, .step = {}});
  EXPECT_EQ(rig.clock.pending(), Duration::millis(50));
  EXPECT_EQ(rig.clock.frequency(), Frequency::ppm(20));
  rig.kernel.run(Duration::seconds(60));
  EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.0, 1e-8);
  EXPECT_NEAR(rig.kernel.in_force.to_ppm(), 20.0, 0.01);
  // 60 s of the oscillator, 20 ppm and 50 ms more.
  EXPECT_NEAR((rig.kernel.raw - before).to_seconds(), 60 + 60 * 20e-6 + 0.05, 1e-6);
}

// The kernel gets both, composed; what is reported and what free-running time undoes is the frequency alone.
TEST(LocalClock, CompensatesTheOscillatorBesideItsFrequency) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.set_frequency(Frequency::ppm(50'000));
  rig.clock.set_compensation(Frequency::ppm(8));
  EXPECT_EQ(rig.clock.frequency(), Frequency::ppm(50'000));
  EXPECT_NEAR(rig.kernel.in_force.to_ppm(), 50'000.0 * (1.0 - 8e-6) + 8.0, 1e-4);
  const Now before = rig.clock.read();
  rig.kernel.run(Duration::seconds(1000));
  const Now after = rig.clock.read();
  EXPECT_NEAR((after.free - before.free).to_seconds(), 1000.0 + 1000.0 * 8e-6, 1e-7);
  EXPECT_NEAR((after.local - before.local).to_seconds(), 1000.0 * (1.0 + 0.05 * (1.0 - 8e-6) + 8e-6), 1e-7);
  EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.0, 1e-7);
}

// Local time runs on where the compensation changes in the middle of a slew.
TEST(LocalClock, ACompensationDoesNotMoveLocalTime) {
  for (const bool control : {true, false}) {
    ClockOptions options;
    options.control = control;
    Rig rig(options);
    ASSERT_TRUE(rig.clock.start().ok());
    rig.clock.apply(
        {.frequency = Frequency::ppm(20), .offset = Duration::millis(50), .correction_rate = 0.5, .step = {}});
    Now last = rig.clock.read();
    for (int i = 0; i < 100; ++i) {
      const double ppm = i % 10 - 5;
      rig.clock.set_compensation(Frequency::ppm(ppm));
      rig.kernel.run(Duration::millis(100));
      const Now now = rig.clock.read();
      EXPECT_NEAR((now.local - last.local).to_seconds(), 0.1 * (1.0 + 20e-6 + ppm * 1e-6), 5e-9);
      EXPECT_NEAR((now.free - last.free).to_seconds(), 0.1 * (1.0 + ppm * 1e-6), 5e-9);
      last = now;
    }
  }
}

TEST(LocalClock, LocalTimeDoesNotMoveWhenASlewEnds) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply({.frequency = {}, .offset = Duration::millis(-30), .correction_rate = 0.1, .step = {}});
  Now last = rig.clock.read();
  for (int i = 0; i < 400; ++i) {
    rig.kernel.run(Duration::millis(50));
    const Now now = rig.clock.read();
    EXPECT_NEAR((now.local - last.local).to_seconds(), 0.05, 3e-9);
    EXPECT_NEAR((now.free - last.free).to_seconds(), 0.05, 3e-9);
    last = now;
  }
  EXPECT_GT(rig.line_changes, 1);
}

TEST(LocalClock, ALargerRateTakesLonger) {
  const auto planned = [](double rate) {
    Rig rig;
    EXPECT_TRUE(rig.clock.start().ok());
    rig.clock.apply({.frequency = {}, .offset = Duration::millis(10), .correction_rate = rate, .step = {}});
    return rig.clock.slew().planned.to_seconds();
  };
  EXPECT_NEAR(planned(0.0), 1.0, 0.02);
  EXPECT_NEAR(planned(1.0), 100.0, 0.1);
  EXPECT_NEAR(planned(1e9), 1e4, 100.0);
}

// 50 ms at 10 ms a second of the oscillator, whatever is renewed or compensated meanwhile: neither says anything of the
// offset.
TEST(LocalClock, ASlewThatGoesOnEndsWhenItWould) {
  for (const bool compensated : {false, true}) {
    Rig rig;
    ASSERT_TRUE(rig.clock.start().ok());
    rig.clock.apply(
        {.frequency = Frequency::ppm(20), .offset = Duration::millis(50), .correction_rate = 0.25, .step = {}});
    ASSERT_NEAR(rig.clock.slew().planned.to_seconds(), 5.05, 0.01);
    for (int i = 1; i <= 40; ++i) {
      rig.kernel.run(Duration::millis(100));
      EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.05 - 0.001 * i, 2e-6) << i;
      if (compensated) {
        rig.clock.set_compensation(Frequency::ppm(i % 3));
      } else {
        rig.kernel.in_force = Frequency::ppm(0.5 * i);  // of somebody else's making
        rig.clock.renew();
      }
      EXPECT_NEAR(rig.kernel.in_force.to_ppm(), 10'020.0, 5.0) << i;
    }
    rig.kernel.run(Duration::seconds(1.1));
    EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.0, 1e-8);
    EXPECT_NEAR(rig.kernel.in_force.to_ppm(), 20.0, 3.0);
    rig.clock.renew();
    EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.0, 1e-8) << "nothing is left to go on with";
  }
}

TEST(LocalClock, NeverSlewsFasterThanAllowed) {
  ClockOptions options;
  options.max_slew_rate = Frequency::ppm(100);
  Rig rig(options);
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply({.frequency = {}, .offset = Duration::seconds(5), .correction_rate = 0.0, .step = {}});
  EXPECT_NEAR(rig.kernel.in_force.to_ppm(), 100.0, 1e-3);
  EXPECT_EQ(rig.clock.slew().planned, Duration::seconds(1e4));
}

TEST(LocalClock, ClampsTheFrequencyAndSaysSo) {
  ClockOptions options;
  options.max_drift = Frequency::ppm(500);
  Rig rig(options);
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.set_frequency(Frequency::ppm(-900));
  EXPECT_EQ(rig.clock.frequency(), Frequency::ppm(-500));
  EXPECT_TRUE(rig.clock.take_clamped());
  EXPECT_FALSE(rig.clock.take_clamped());
}

TEST(LocalClock, DoesNotKeepARateThatIsBeyondMaxdrift) {
  // As a daemon leaves it behind that was killed during a slew.
  FakeKernel kernel;
  kernel.found = kernel.in_force = Frequency::ppm(83000);
  ClockOptions options;
  options.max_drift = Frequency::ppm(500);
  LocalClock clock(options, kernel, kernel.timers, [] {});
  ASSERT_TRUE(clock.start().ok());
  EXPECT_NEAR(clock.frequency().to_ppm(), 500, 1e-9);
  EXPECT_NEAR(kernel.in_force.to_ppm(), 500, 1e-3);
  ASSERT_TRUE(clock.take_clamped().has_value());
}

TEST(LocalClock, StepsAtOnceOrSlewsWhatTheKernelRefuses) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  const Now before = rig.clock.read();
  EXPECT_TRUE(rig.clock.step(Duration::seconds(-3600)));
  EXPECT_EQ(rig.clock.read().local - before.local, Duration::seconds(-3600));
  EXPECT_EQ(rig.clock.read().free, before.free);
  rig.kernel.refuse = true;
  EXPECT_FALSE(rig.clock.step(Duration::seconds(2)));
  EXPECT_EQ(rig.clock.pending(), Duration::seconds(2));
}

TEST(LocalClock, KeepsWhatIsBelowANanosecondOfAStep) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  EXPECT_TRUE(rig.clock.step(Duration::nanos(1e9 + 0.4)));
  EXPECT_NEAR(rig.clock.pending().to_nanos(), 0.4, 1e-3);
}

TEST(LocalClock, CancelledSlewLeavesRawTimeInForce) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply({.frequency = Frequency::ppm(7), .offset = Duration::seconds(1), .correction_rate = 0.0, .step = {}});
  rig.clock.cancel_slew();
  EXPECT_EQ(rig.clock.pending(), Duration::zero());
  EXPECT_NEAR(rig.kernel.in_force.to_ppm(), 7.0, 1e-4);
}

TEST(LocalClock, WhatLastsIsRawTimeWhereItIsNotSteered) {
  for (const bool control : {true, false}) {
    ClockOptions options;
    options.control = control;
    Rig rig(options);
    ASSERT_TRUE(rig.clock.start().ok());
    rig.clock.apply(
        {.frequency = Frequency::ppm(100), .offset = Duration::seconds(1), .correction_rate = 0.0, .step = {}});
    rig.kernel.run(Duration::seconds(100));
    const Now now = rig.clock.read();
    const LocalView lasting = rig.clock.left_behind().view;
    const LocalTime lasts = lasting.to_local(now.free);
    const Duration of_raw = WideDuration::between(lasts, now.raw).to_duration();
    const Duration of_local = lasts - now.local;
    EXPECT_NEAR((control ? of_local : of_raw).to_seconds(), 0.0, 1e-8);
    EXPECT_NEAR(lasting.rate.to_ppm(), control ? 100.0 : 0.0, 1e-9);
  }
}

// What was saved of measurements is taken up late, when names are resolved: by then the clock may be steered elsewhere.
TEST(LocalClock, WhatWasFoundStaysWhatItWas) {
  Rig rig;
  rig.kernel.found = rig.kernel.in_force = Frequency::ppm(30);
  ASSERT_TRUE(rig.clock.start().ok());
  EXPECT_FALSE(rig.clock.found().has_value()) << "not marked";
  rig.clock.mark_found();
  const Now at_start = rig.clock.read();
  ASSERT_TRUE(rig.clock.step(Duration::seconds(3)));
  rig.clock.set_frequency(Frequency::ppm(-20));
  rig.clock.set_compensation(Frequency::ppm(4));
  rig.kernel.run(Duration::seconds(100));
  const auto found = rig.clock.found();
  ASSERT_TRUE(found.has_value());
  // 1000 s before: the kernel ran 30 ppm fast, 4 of which are the oscillator's own by now.
  const FreeTime before = found->view.to_free(at_start.local - Duration::seconds(1000));
  EXPECT_NEAR((at_start.free - before).to_seconds(), 1000 * (1 - 26e-6), 1e-6);
  EXPECT_NEAR(found->marks.kernel.value_or(Frequency()).to_ppm(), 30.0, 1e-9);
  rig.clock.on_unknown_step(Duration::seconds(20));
  EXPECT_FALSE(rig.clock.found().has_value());
}

TEST(LocalClock, IsLeftAsItWillBeFound) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply(
      {.frequency = Frequency::ppm(20), .offset = Duration::millis(50), .correction_rate = 0.5, .step = {}});
  rig.kernel.run(Duration::seconds(10));
  rig.clock.cancel_slew();
  const ClockMarks left = rig.clock.left_behind().marks;
  rig.kernel.found = rig.kernel.in_force;
  rig.kernel.run(Duration::seconds(10));
  LocalClock next({}, rig.kernel, rig.kernel.timers, [] {});
  ASSERT_TRUE(next.start().ok());
  next.mark_found();
  EXPECT_EQ(ClockMarks::moved_between(left, next.found()->marks), Duration::zero());
  ASSERT_TRUE(rig.kernel.step(Duration::seconds(1)).ok());
  next.mark_found();
  EXPECT_FALSE(ClockMarks::moved_between(left, next.found()->marks));
}

TEST(LocalClock, ALeapComesInThreeWays) {
  using LeapBy = LocalClock::LeapBy;
  for (const int seconds : {-1, 1}) {
    const Duration moved = Duration::seconds(seconds);
    for (const LeapBy by : {LeapBy::Kernel, LeapBy::Step, LeapBy::Slew}) {
      Rig rig;
      ASSERT_TRUE(rig.clock.start().ok());
      rig.clock.apply(
          {.frequency = Frequency::ppm(20), .offset = Duration::millis(50), .correction_rate = 0.5, .step = {}});
      rig.kernel.run(Duration::seconds(2));
      rig.told.clear();
      const LocalTime before = rig.clock.read().local;
      const Duration pending = rig.clock.pending();
      if (by == LeapBy::Kernel) rig.kernel.raw += moved;
      EXPECT_TRUE(rig.clock.leap(seconds, by));
      EXPECT_NEAR((rig.clock.read().local - before - moved).to_seconds(), 0.0, 2e-9);
      EXPECT_NEAR((rig.clock.pending() - pending).to_seconds(), by == LeapBy::Slew ? seconds : 0.0, 2e-9);
      EXPECT_TRUE(rig.told.empty()) << "a leap second is no correction";
      // At the largest rate: 1 s takes 12 s.
      rig.kernel.run(Duration::seconds(by == LeapBy::Slew ? 14 : 30));
      EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.0, 1e-6);
    }
  }
}

TEST(LocalClock, ALeapThatTheKernelRefusesIsSlewed) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.kernel.refuse = true;
  EXPECT_FALSE(rig.clock.leap(-1, LocalClock::LeapBy::Step));
  EXPECT_EQ(rig.clock.pending(), Duration::seconds(-1));
}

TEST(LocalClock, TellsTheKernelOfLeapSecondsOnlyWhereItSteers) {
  for (const bool control : {false, true}) {
    ClockOptions options;
    options.control = control;
    Rig rig(options);
    ASSERT_TRUE(rig.clock.start().ok());
    EXPECT_TRUE(rig.clock.set_leap(env::LeapAction::Delete, 37).ok());
    EXPECT_EQ(rig.kernel.leap, control ? env::LeapAction::Delete : env::LeapAction::None);
    EXPECT_EQ(rig.kernel.tai, control ? std::optional(37) : std::nullopt);
    EXPECT_TRUE(rig.clock.set_leap(env::LeapAction::None, 0).ok());
    EXPECT_EQ(rig.kernel.tai, std::nullopt) << "0 is unknown, and nothing to set";
  }
}

// Each change of local time but a step or a leap second, with what local time gained by it.
TEST(LocalClock, TellsWhatChangesLocalTime) {
  Rig rig;
  rig.kernel.found = rig.kernel.in_force = Frequency::ppm(10);
  ASSERT_TRUE(rig.clock.start().ok());
  EXPECT_TRUE(rig.told.empty());
  rig.clock.apply(
      {.frequency = Frequency::ppm(20), .offset = Duration::millis(50), .correction_rate = 0.5, .step = {}});
  ASSERT_EQ(rig.told.size(), 1u);
  EXPECT_NEAR(rig.told[0].frequency.to_ppm(), 20.0, 1e-9);
  EXPECT_EQ(rig.told[0].offset, Duration::millis(50));
  EXPECT_EQ(rig.told[0].local.nanos(), rig.kernel.raw.nanos()) << "before";

  rig.clock.set_frequency(Frequency::ppm(5));
  ASSERT_EQ(rig.told.size(), 2u);
  EXPECT_NEAR(rig.told[1].frequency.to_ppm(), -25.0, 1e-3);
  EXPECT_EQ(rig.told[1].offset, Duration::zero());

  const Duration pending = rig.clock.pending();
  rig.clock.cancel_slew();
  ASSERT_EQ(rig.told.size(), 3u);
  EXPECT_EQ(rig.told[2].offset, -pending);

  EXPECT_TRUE(rig.clock.step(Duration::seconds(3)));
  EXPECT_EQ(rig.told.size(), 3u);
  rig.kernel.refuse = true;
  EXPECT_FALSE(rig.clock.step(Duration::seconds(3)));
  ASSERT_EQ(rig.told.size(), 4u) << "slewed instead";
  EXPECT_EQ(rig.told[3].offset, Duration::seconds(3));
}

TEST(LocalClock, WithoutControlAllCorrectionStaysInLocalTime) {
  for (const bool allowed : {true, false}) {
    ClockOptions options;
    options.control = !allowed;  // -x, or no permission
    Rig rig(options);
    rig.kernel.allowed = allowed;
    ASSERT_TRUE(rig.clock.start().ok());
    EXPECT_FALSE(rig.clock.steering());
    const Now before = rig.clock.read();
    rig.clock.apply(
        {.frequency = Frequency::ppm(100), .offset = Duration::seconds(2), .correction_rate = 0.0, .step = {}});
    EXPECT_EQ(rig.clock.pending(), Duration::seconds(2));
    rig.kernel.run(Duration::seconds(1000));
    EXPECT_NEAR((rig.clock.read().local - before.local).to_seconds(), 1002.1, 1e-6);
    EXPECT_NEAR((rig.clock.read().free - before.free).to_seconds(), 1000, 1e-9);
    EXPECT_FALSE(rig.clock.step(Duration::seconds(1)));
    rig.clock.set_sync_status({.synchronised = true, .estimated_error = {}, .maximum_error = {}});
    EXPECT_EQ(rig.kernel.changes, 0);
    EXPECT_FALSE(rig.kernel.sync);
  }
}

TEST(LocalClock, ASlewThatEndsLateMakesTheNextOneLonger) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply({.frequency = {}, .offset = Duration::millis(10), .correction_rate = 0.0, .step = {}});
  rig.kernel.pass(Duration::seconds(3));  // two seconds late
  rig.kernel.fire();
  EXPECT_NEAR(rig.clock.slew().excess.to_seconds(), 2.0, 0.1);
  EXPECT_GE(rig.clock.slew().planned, Duration::seconds(9));
  EXPECT_NEAR(rig.clock.pending().to_seconds(), -0.02, 1e-3) << "it ran past the aim and must come back";
}

// A machine that slept is not one whose timers are late.
TEST(LocalClock, ALongSleepDoesNotStretchTheNextSlews) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply({.frequency = {}, .offset = Duration::millis(10), .correction_rate = 0.0, .step = {}});
  rig.kernel.pass(Duration::seconds(500));
  rig.kernel.fire();
  EXPECT_LT(rig.clock.slew().excess, Duration::millis(1));
}

// The clock has jumped, and not the time that the slew has taken.
TEST(LocalClock, AStepDuringASlewMakesItNoLater) {
  using LeapBy = LocalClock::LeapBy;
  for (const int how : {0, 1, 2}) {
    Rig rig;
    ASSERT_TRUE(rig.clock.start().ok());
    rig.clock.apply({.frequency = {}, .offset = Duration::millis(50), .correction_rate = 0.5, .step = {}});
    rig.kernel.run(Duration::seconds(2));
    if (how == 2) rig.kernel.raw += Duration::seconds(1);
    const bool done =
        how == 0 ? rig.clock.step(Duration::seconds(50)) : rig.clock.leap(1, how == 1 ? LeapBy::Step : LeapBy::Kernel);
    EXPECT_TRUE(done) << how;
    rig.kernel.run(Duration::seconds(10));
    EXPECT_NEAR(rig.clock.pending().to_seconds(), 0.0, 1e-6) << how;
    EXPECT_LT(rig.clock.slew().excess, Duration::millis(1)) << how;
  }
}

TEST(LocalClock, AnUnknownStepEndsEverythingButTheFrequency) {
  Rig rig;
  ASSERT_TRUE(rig.clock.start().ok());
  rig.clock.apply(
      {.frequency = Frequency::ppm(30), .offset = Duration::millis(10), .correction_rate = 1.0, .step = {}});
  const Duration dispersion = rig.clock.timeline().view().added_dispersion;
  rig.kernel.raw += Duration::seconds(100);
  rig.clock.on_unknown_step(Duration::seconds(-100));
  EXPECT_EQ(rig.clock.pending(), Duration::zero());
  EXPECT_EQ(rig.clock.frequency(), Frequency::ppm(30));
  EXPECT_GE((rig.clock.timeline().view().added_dispersion - dispersion).to_seconds(), 100.0);
}

}  // namespace
}  // namespace timed::discipline
