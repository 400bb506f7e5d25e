// What the simulator does not show: a kernel that refuses, that does not do what it was asked, or does something else.
#include "timed/daemon/leap_seconds.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/leap_files.h"
#include "tests/unit/daemon/one_file.h"
#include "tests/unit/fake_timers.h"

namespace timed::daemon {
namespace {

using discipline::LeapSecondMode;
using env::LeapAction;
using ntp::Leap;
using Lines = std::vector<std::string>;

constexpr std::int64_t kMidnight = leap_files::kJanuary2017;

// A clock on a perfect oscillator with its timers.
class Machine : public env::SystemClock {
 public:
  RawTime now() override { return raw; }
  Result<env::ClockState> start(bool steer) override {
    env::ClockState state;
    state.may_steer = steer;
    return state;
  }
  Result<Frequency> set_frequency(Frequency wanted) override { return wanted; }
  Status step(Duration offset) override {
    raw += offset;
    return {};
  }
  Status set_leap(LeapAction action, std::optional<int> tai_offset) override {
    if (refuses) return Error{"Could not set leap second status : no"};
    orders.emplace_back(action, tai_offset);
    return {};
  }
  Status set_sync_status(const env::SyncStatus&) override { return {}; }
  std::optional<Duration> suspended() override { return std::nullopt; }

  // Lets time go on, timers included.
  void run_for(Duration left) {
    while (!alarms.queue.empty() && alarms.queue.begin()->first.first - alarms.mono <= left) {
      const auto next = alarms.queue.begin();
      const Duration until = next->first.first - alarms.mono;
      pass(until);
      left -= until;
      auto fn = std::move(next->second);
      alarms.queue.erase(next);
      fn();
    }
    pass(left);
  }
  void pass(Duration span) {
    raw += span;
    alarms.mono += span;
  }

  FakeTimers alarms;
  RawTime raw = RawTime::from_seconds(kMidnight - 100);
  bool refuses = false;
  std::vector<std::pair<LeapAction, std::optional<int>>> orders;
};

struct Rig {
  explicit Rig(LeapSecondMode mode, bool control = true)
      : clock(options(control), machine, machine.alarms, [] {}),
        files("leap.list"),
        leap({mode, "leap.list", ""}, clock, machine.alarms, files,
             {[this] { ++changes; }, [this](const LocalLeap& l) { leaps.push_back(l); }}) {
    files.contents = leap_files::list();
    static_cast<void>(clock.start());
    leap.start(36);
    log.lines.clear();
  }
  static discipline::ClockOptions options(bool control) {
    discipline::ClockOptions o;
    o.control = control;
    return o;
  }

  Machine machine;
  discipline::LocalClock clock;
  OneFile files;
  int changes = 0;
  std::vector<LocalLeap> leaps;
  CapturedLog log;
  LeapSeconds leap;
};

using Orders = std::vector<std::pair<LeapAction, std::optional<int>>>;

TEST(LeapSeconds, TheKernelIsToldBeforeAndAfter) {
  for (const int pending : {1, -1}) {
    Rig rig(LeapSecondMode::System);
    rig.leap.update(pending > 0 ? Leap::Insert : Leap::Delete);
    const LeapAction action = pending > 0 ? LeapAction::Insert : LeapAction::Delete;
    EXPECT_EQ(rig.machine.orders, (Orders{{action, 36}}));
    rig.machine.run_for(Duration::seconds(pending > 0 ? 100.3 : 99.3));
    EXPECT_TRUE(rig.leap.in_progress());
    rig.machine.raw -= Duration::seconds(pending);  // the kernel does it
    rig.leap.watch_kernel(Duration::seconds(-pending));
    ASSERT_EQ(rig.leaps.size(), 1u);
    EXPECT_EQ(rig.leaps[0].seconds, -pending);
    EXPECT_EQ(rig.leaps[0].by, LocalLeap::By::Kernel);
    EXPECT_EQ(rig.clock.read().local.nanos(), rig.machine.raw.nanos());
    rig.leap.watch_kernel(Duration::seconds(-pending));
    EXPECT_EQ(rig.leaps.size(), 1u) << "one leap second, one leap";
    rig.machine.run_for(Duration::seconds(2));
    EXPECT_FALSE(rig.leap.in_progress());
    EXPECT_EQ(rig.machine.orders, (Orders{{action, 36}, {LeapAction::None, 36 + pending}}));
    const std::string what = pending > 0 ? "insert" : "delete";
    EXPECT_EQ(rig.log.lines, (Lines{"info: System clock status set to " + what + " leap second",
                                    "info: System clock status reset after leap second"}));
  }
}

TEST(LeapSeconds, AKernelThatDoesNotLeapIsAskedNoLonger) {
  Rig rig(LeapSecondMode::System);
  rig.leap.update(Leap::Insert);
  rig.machine.run_for(Duration::seconds(99.8));
  // Other jumps than that of the leap second.
  for (const double jump : {0.0, 0.5, 1.0, -0.6, -1.4}) rig.leap.watch_kernel(Duration::seconds(jump));
  rig.machine.run_for(Duration::seconds(3));
  EXPECT_TRUE(rig.leaps.empty());
  EXPECT_EQ(rig.machine.orders.back().first, LeapAction::None);
  EXPECT_EQ(rig.log.lines.back(), "info: System clock status set to not insert/delete leap second");
}

TEST(LeapSeconds, ARefusalIsToldAndNothingElse) {
  Rig rig(LeapSecondMode::System);
  rig.machine.refuses = true;
  rig.leap.update(Leap::Insert);
  EXPECT_EQ(rig.log.lines, Lines{"error: Could not set leap second status : no"});
  EXPECT_EQ(rig.leap.leap(), Leap::Insert) << "others are told all the same";
}

TEST(LeapSeconds, ALeapThatIsCalledOffIsTakenBack) {
  Rig rig(LeapSecondMode::System);
  rig.leap.update(Leap::Insert);
  rig.leap.update(Leap::Normal);
  EXPECT_EQ(rig.log.lines, (Lines{"info: System clock status set to insert leap second",
                                  "info: System clock status set to not insert/delete leap second"}));
  rig.machine.run_for(Duration::seconds(200));
  EXPECT_FALSE(rig.leap.in_progress());
  EXPECT_TRUE(rig.leaps.empty());
  // A loss of synchronisation does it too, and leaves TAI as the kernel has it.
  Rig lost(LeapSecondMode::System);
  lost.leap.update(Leap::Delete);
  lost.leap.update(Leap::Unsynchronised);
  EXPECT_EQ(lost.machine.orders.back(), std::make_pair(LeapAction::None, std::optional<int>()));
}

TEST(LeapSeconds, EachModeDoesItsOwn) {
  struct Case {
    LeapSecondMode mode;
    bool control;
    std::optional<LocalLeap::By> by;
    const char* told;
  };
  const Case cases[] = {
      {LeapSecondMode::Step, true, LocalLeap::By::Step, "warning: System clock was stepped for leap second"},
      {LeapSecondMode::Slew, true, LocalLeap::By::Slew, "warning: Adjusting system clock for leap second"},
      {LeapSecondMode::Ignore, true, std::nullopt, "warning: Ignoring leap second"},
      {LeapSecondMode::System, false, LocalLeap::By::Slew, "warning: Adjusting system clock for leap second"},
      {LeapSecondMode::Ignore, false, std::nullopt, "warning: Ignoring leap second"},
  };
  for (const Case& c : cases) {
    Rig rig(c.mode, c.control);
    rig.leap.update(Leap::Insert);
    EXPECT_EQ(rig.leap.slews(), c.mode == LeapSecondMode::Slew);
    rig.machine.run_for(Duration::seconds(99.9));
    EXPECT_FALSE(rig.leap.in_progress());
    const LocalTime before = rig.clock.read().local;
    rig.machine.run_for(Duration::seconds(0.2));
    EXPECT_TRUE(rig.leap.in_progress());
    ASSERT_EQ(rig.leaps.size(), c.by ? 1u : 0u);
    EXPECT_TRUE(!c.by || rig.leaps[0].by == *c.by);
    // This kernel does not slew: local time, which takes it that it does, gains a twelfth.
    EXPECT_NEAR((rig.clock.read().local - before).to_seconds(), c.by ? -0.8 : 0.2, 0.01);
    rig.machine.run_for(Duration::seconds(2));
    EXPECT_FALSE(rig.leap.in_progress());
    EXPECT_EQ(rig.leap.leap(), Leap::Normal);
    EXPECT_EQ(rig.log.lines, Lines{c.told});
    EXPECT_TRUE(rig.machine.orders.empty()) << "the kernel is told in mode system alone";
  }
}

// Neither what is measured nor what is heard within five seconds of it is good.
TEST(LeapSeconds, IsCloseByEveryClock) {
  Rig rig(LeapSecondMode::Step);
  rig.leap.update(Leap::Insert);
  const auto at = [](double s) { return LocalTime::from_seconds(kMidnight) + Duration::seconds(s); };
  EXPECT_FALSE(rig.leap.is_close(at(-90), Duration::zero()));
  EXPECT_TRUE(rig.leap.is_close(at(-5), Duration::zero())) << "when it was taken";
  EXPECT_TRUE(rig.leap.is_close(at(-90), Duration::seconds(92))) << "where the source was then";
  EXPECT_FALSE(rig.leap.is_close(at(-90), Duration::seconds(95)));
  rig.machine.run_for(Duration::seconds(95));
  EXPECT_TRUE(rig.leap.is_close(at(-90), Duration::zero())) << "now";
}

TEST(LeapSeconds, AClockSetBeyondItHasNoneBeforeIt) {
  for (const LeapSecondMode mode : {LeapSecondMode::System, LeapSecondMode::Step}) {
    Rig rig(mode);
    rig.leap.update(Leap::Insert);
    rig.clock.step(Duration::seconds(-50));
    rig.leap.on_clock_stepped();
    rig.machine.run_for(Duration::seconds(120));
    EXPECT_FALSE(rig.leap.in_progress()) << "still half a minute";
    rig.clock.step(Duration::seconds(3600));
    rig.leap.on_clock_stepped();
    rig.machine.run_for(Duration::seconds(3600));
    EXPECT_TRUE(rig.leaps.empty());
    EXPECT_EQ(rig.leap.leap(), Leap::Normal);
    EXPECT_TRUE(mode == LeapSecondMode::Step || rig.machine.orders.back().first == LeapAction::None);
  }
}

}  // namespace
}  // namespace timed::daemon
