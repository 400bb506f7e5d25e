// The driver is shown a kernel of ours: tests must never change the machine's clock.
#include "src/os/clock.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "src/os/clock_precision.h"
#include "timed/base/log.h"

namespace timed::os {
namespace {

class LogCapture {
 public:
  LogCapture() {
    log::set_sink([this](log::Severity, std::string_view message) { lines.emplace_back(message); });
  }
  ~LogCapture() { log::set_sink(nullptr); }
  std::vector<std::string> lines;
};

// What Linux does with the fields that we use.
class FakeKernel {
 public:
  int operator()(timex* request) {
    if (refuse != 0 && (request->modes != 0 || refuse_reads)) {
      errno = refuse;
      return -1;
    }
    requests.push_back(*request);
    apply(*request);
    request->tick = tick;
    request->freq = freq;
    request->status = status;
    request->constant = constant;
    request->tai = tai;
    return (status & STA_UNSYNC) != 0 ? TIME_ERROR : TIME_OK;
  }
  LinuxClock::Adjtimex door() {
    return [this](timex* request) { return (*this)(request); };
  }

  std::vector<timex> requests;
  long tick = 10000;
  long freq = 0;
  long constant = 2;
  int status = STA_UNSYNC;
  int tai = 0;
  long offset_ns = 0;
  int refuse = 0;
  bool refuse_reads = false;

 private:
  void apply(const timex& request) {
    if (request.modes == ADJ_OFFSET_SINGLESHOT) return;
    if ((request.modes & ADJ_TICK) != 0) tick = request.tick;
    // The kernel keeps a little less than it is given.
    if ((request.modes & ADJ_FREQUENCY) != 0) freq = request.freq - (request.freq % 2);
    if ((request.modes & ADJ_STATUS) != 0) status = request.status;
    if ((request.modes & ADJ_TAI) != 0) tai = static_cast<int>(request.constant);
    if ((request.modes & ADJ_SETOFFSET) != 0) offset_ns += request.time.tv_sec * 1'000'000'000 + request.time.tv_usec;
  }
};

TEST(Clock, StopsOtherSteeringAtTheStart) {
  FakeKernel kernel;
  kernel.tick = 10001;
  kernel.freq = 3 * 65536;
  kernel.tai = 37;
  kernel.status = STA_PLL;
  LinuxClock clock({}, kernel.door());
  auto state = clock.start(true);
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->may_steer);
  EXPECT_NEAR(state->frequency.to_ppm(), 103.0, 1e-9);
  EXPECT_EQ(state->tai_offset, 37);
  EXPECT_GE(state->precision, Duration::nanos(1));
  EXPECT_LE(state->precision, Duration::millis(1));
  ASSERT_EQ(kernel.requests.size(), 4u);
  EXPECT_EQ(kernel.requests[0].modes, unsigned{ADJ_OFFSET_SINGLESHOT});
  EXPECT_EQ(kernel.requests[0].offset, 0);
  EXPECT_EQ(kernel.requests[1].modes, unsigned{ADJ_OFFSET | ADJ_STATUS});
  EXPECT_EQ(kernel.requests[1].status, STA_PLL);
  EXPECT_EQ(kernel.requests[2].modes, unsigned{ADJ_STATUS});
  EXPECT_EQ(kernel.requests[2].status, STA_UNSYNC);
  EXPECT_EQ(kernel.requests[3].modes, 0u);
}

TEST(Clock, WritesNothingWhenItMustNotSteer) {
  FakeKernel kernel;
  kernel.freq = 65536;
  LogCapture log;
  LinuxClock clock({true}, kernel.door());
  auto state = clock.start(false);
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->may_steer);
  EXPECT_NEAR(state->frequency.to_ppm(), 1.0, 1e-9);
  EXPECT_FALSE(state->tai_offset.has_value());
  EXPECT_FALSE(clock.set_frequency(Frequency::ppm(5)).ok());
  EXPECT_FALSE(clock.step(Duration::seconds(1)).ok());
  EXPECT_FALSE(clock.set_leap(env::LeapAction::Insert, 37).ok());
  EXPECT_FALSE(clock.set_sync_status({true, Duration::zero(), Duration::zero()}).ok());
  for (const auto& request : kernel.requests) EXPECT_EQ(request.modes, 0u);
  EXPECT_TRUE(log.lines.empty());
}

TEST(Clock, SaysOnceThatItMayNotSteer) {
  FakeKernel kernel;
  kernel.refuse = EPERM;
  LogCapture log;
  LinuxClock clock({}, kernel.door());
  auto state = clock.start(true);
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->may_steer);
  EXPECT_EQ(log.lines, std::vector<std::string>{"CAP_SYS_TIME not present"});
  const auto refused = clock.set_frequency(Frequency::ppm(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Permission);
  EXPECT_EQ(log.lines.size(), 1u);
  ASSERT_EQ(kernel.requests.size(), 1u);
  EXPECT_EQ(kernel.requests[0].modes, 0u);
}

TEST(Clock, StartsEvenWhereTheKernelAnswersNothing) {
  FakeKernel kernel;
  kernel.refuse = ENOSYS;
  kernel.refuse_reads = true;
  LogCapture log;
  LinuxClock clock({}, kernel.door());
  auto state = clock.start(true);
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->may_steer);
  EXPECT_EQ(state->frequency, Frequency::zero());
  EXPECT_EQ(log.lines, std::vector<std::string>{"Could not control kernel clock : Function not implemented"});
}

TEST(Clock, AnswersTheFrequencyThatTheKernelKept) {
  FakeKernel kernel;
  LinuxClock clock({}, kernel.door());
  ASSERT_TRUE(clock.start(true).ok());
  auto kept = clock.set_frequency(Frequency::ppm(1234.56));
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kernel.tick, 10012);
  EXPECT_NEAR(static_cast<double>(kernel.freq) / 65536.0, 34.56, 1e-4);
  EXPECT_DOUBLE_EQ(kept->to_ppm(), 1200.0 + static_cast<double>(kernel.freq) / 65536.0);
  kept = clock.set_frequency(Frequency::ppm(-1e7));
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kernel.tick, 9000);
}

TEST(Clock, ReportsARefusalOfTheKernel) {
  FakeKernel kernel;
  LinuxClock clock({}, kernel.door());
  ASSERT_TRUE(clock.start(true).ok());
  kernel.refuse = EINVAL;
  const auto refused = clock.set_frequency(Frequency::ppm(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "Could not set clock frequency : Invalid argument");
}

TEST(Clock, StepsByWholeNanosecondsWithAPositiveFraction) {
  FakeKernel kernel;
  LinuxClock clock({}, kernel.door());
  ASSERT_TRUE(clock.start(true).ok());
  for (const double seconds : {1.5, -1.5, -0.25, 0.0, 86400.125, -2.0, 1767225600.0, -4e9}) {
    kernel.offset_ns = 0;
    ASSERT_TRUE(clock.step(Duration::seconds(seconds)).ok());
    const timex& request = kernel.requests.back();
    EXPECT_EQ(request.modes, unsigned{ADJ_SETOFFSET | ADJ_NANO});
    EXPECT_GE(request.time.tv_usec, 0);
    EXPECT_LT(request.time.tv_usec, 1'000'000'000);
    EXPECT_EQ(kernel.offset_ns, static_cast<long>(seconds * 1e9));
  }
  const std::size_t before = kernel.requests.size();
  EXPECT_FALSE(clock.step(Duration::seconds(5e9)).ok());
  EXPECT_FALSE(clock.step(Duration::infinity()).ok());
  EXPECT_FALSE(clock.step(Duration::seconds(std::nan(""))).ok());
  EXPECT_EQ(kernel.requests.size(), before);
}

TEST(Clock, TellsTheKernelThatItIsSynchronisedOnlyWithRtcsync) {
  for (const bool rtc_sync : {false, true}) {
    FakeKernel kernel;
    LinuxClock clock({rtc_sync}, kernel.door());
    ASSERT_TRUE(clock.start(true).ok());
    ASSERT_TRUE(clock.set_sync_status({true, Duration::micros(12.5), Duration::millis(3)}).ok());
    EXPECT_EQ(kernel.status, rtc_sync ? 0 : STA_UNSYNC);
    EXPECT_EQ(kernel.requests.back().esterror, 13);
    EXPECT_EQ(kernel.requests.back().maxerror, 3000);
    // A bound that the kernel takes for no synchronisation at all.
    ASSERT_TRUE(clock.set_sync_status({true, Duration::seconds(1), Duration::seconds(16)}).ok());
    EXPECT_EQ(kernel.status, STA_UNSYNC);
    ASSERT_TRUE(clock.set_sync_status({true, Duration::micros(1), Duration::infinity()}).ok());
    EXPECT_EQ(kernel.requests.back().maxerror, 16'000'000);
    ASSERT_TRUE(clock.set_sync_status({false, Duration::micros(1), Duration::micros(1)}).ok());
    EXPECT_EQ(kernel.status, STA_UNSYNC);
    EXPECT_EQ(kernel.requests.back().esterror, 16'000'000);
    EXPECT_EQ(kernel.requests.back().maxerror, 16'000'000);
  }
}

TEST(Clock, LeapFlagsAndSynchronisationLiveInOneStatus) {
  FakeKernel kernel;
  LinuxClock clock({true}, kernel.door());
  ASSERT_TRUE(clock.start(true).ok());
  ASSERT_TRUE(clock.set_leap(env::LeapAction::Insert, 37).ok());
  EXPECT_EQ(kernel.status, STA_INS | STA_UNSYNC);
  EXPECT_EQ(kernel.tai, 37);
  ASSERT_TRUE(clock.set_sync_status({true, Duration::zero(), Duration::millis(1)}).ok());
  EXPECT_EQ(kernel.status, STA_INS);
  ASSERT_TRUE(clock.set_leap(env::LeapAction::Delete, 0).ok());
  EXPECT_EQ(kernel.status, STA_DEL);
  EXPECT_EQ(kernel.tai, 37) << "an unknown offset must not overwrite a known one";
  ASSERT_TRUE(clock.set_leap(env::LeapAction::None, std::nullopt).ok());
  EXPECT_EQ(kernel.status, 0);
}

TEST(Clock, NoticesInterferenceOnceAnEpisode) {
  const std::string warning = "System clock interference detected (another NTP client?)";
  FakeKernel kernel;
  LogCapture log;
  LinuxClock clock({}, kernel.door());
  ASSERT_TRUE(clock.start(true).ok());
  const env::SyncStatus status{true, Duration::zero(), Duration::millis(1)};
  ASSERT_TRUE(clock.set_frequency(Frequency::ppm(7)).ok());
  ASSERT_TRUE(clock.set_sync_status(status).ok());
  EXPECT_TRUE(log.lines.empty());

  for (int i = 1; i <= 3; ++i) {
    // In the order of an update of the clock: between two of them somebody else sets another frequency.
    kernel.freq = 1000 * i;
    ASSERT_TRUE(clock.set_frequency(Frequency::ppm(7)).ok());
    ASSERT_TRUE(clock.set_sync_status(status).ok());
  }
  EXPECT_EQ(log.lines, std::vector<std::string>{warning});
  ASSERT_TRUE(clock.set_frequency(Frequency::ppm(7)).ok());  // quiet: the episode is over
  kernel.tick = 10001;
  ASSERT_TRUE(clock.set_sync_status(status).ok());
  EXPECT_EQ(log.lines, (std::vector<std::string>{warning, warning}));
}

TEST(Clock, NoticesAnotherPhaseLockedLoop) {
  FakeKernel kernel;
  LogCapture log;
  LinuxClock clock({}, kernel.door());
  ASSERT_TRUE(clock.start(true).ok());
  kernel.status |= STA_PLL;
  ASSERT_TRUE(clock.set_frequency(Frequency::ppm(1)).ok());
  EXPECT_EQ(log.lines.size(), 1u);
  ASSERT_TRUE(clock.set_sync_status({}).ok());
  EXPECT_EQ(kernel.status, STA_UNSYNC) << "it is switched off again";
  ASSERT_TRUE(clock.set_frequency(Frequency::ppm(1)).ok());  // quiet
  kernel.constant = 6;
  ASSERT_TRUE(clock.set_frequency(Frequency::ppm(1)).ok());
  EXPECT_EQ(log.lines.size(), 2u);
}

TEST(Clock, ReadsTheMachine) {
  LinuxClock clock({}, FakeKernel().door());
  const RawTime first = clock.now();
  EXPECT_GE(clock.now(), first - Duration::seconds(60));
  EXPECT_GT(first, RawTime::from_seconds(1'600'000'000));
  const auto suspended = clock.suspended();
  if (suspended) {
    EXPECT_GE(*suspended, Duration::zero());
  }
}

// A counter of a given resolution that takes some time to read.
struct FakeCounter {
  std::int64_t time = 1'000'000;
  std::int64_t resolution;
  std::int64_t cost;
  std::uint64_t state = 1;
  std::int64_t operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    time += cost + static_cast<std::int64_t>((state >> 33) % 200);
    return time / resolution * resolution;
  }
};

TEST(ClockPrecision, FindsAResolutionFinerThanACall) {
  FakeCounter counter{.resolution = 10, .cost = 50};
  FakeCounter clock{.resolution = 10, .cost = 500};
  EXPECT_NEAR(measure_precision(counter, clock).to_nanos(), 10.0, 1e-9);
}

TEST(ClockPrecision, TakesTheStepOfACoarseClock) {
  FakeCounter counter{.resolution = 4'000'000, .cost = 50};
  FakeCounter clock{.resolution = 100'000, .cost = 30'000};
  EXPECT_NEAR(measure_precision(counter, clock).to_nanos(), 100'000.0, 1e-6);
}

TEST(ClockPrecision, StaysWithinItsBounds) {
  const auto stopped = [] { return std::int64_t{5}; };
  EXPECT_EQ(measure_precision(stopped, stopped), Duration::seconds(1));
  std::int64_t backward = 0;
  EXPECT_EQ(measure_precision([&] { return --backward; }, stopped), Duration::seconds(1));
}

}  // namespace
}  // namespace timed::os
