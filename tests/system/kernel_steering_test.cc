// The real driver and the real kernel: a frequency 1 ppm above the one in force, read back, and put back.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/system/kernel_steering_restore.h"
#include "timed/base/log.h"
#include "timed/env/kernel_frequency.h"
#include "timed/os/linux_env.h"

namespace timed::system_test {
namespace {

constexpr int kSkipped = 77;
constexpr Frequency kLittle = Frequency::ppm(1.0);

Frequency in_force() {
  const timex state = read_kernel();
  return env::KernelFrequency{state.tick, state.freq}.to_frequency();
}

class KernelSteering : public testing::Test {
 protected:
  void SetUp() override {
    log::set_sink([this](log::Severity, std::string_view message) { lines_.emplace_back(message); });
    auto created = os::LinuxEnv::create({});
    ASSERT_TRUE(created.ok());
    env_ = created.take();
    auto state = clock().start(true);
    ASSERT_TRUE(state.ok());
    ASSERT_TRUE(state->may_steer);
    state_ = *state;
  }
  void TearDown() override { log::set_sink(nullptr); }
  env::SystemClock& clock() { return env_->view().clock; }

  KernelStateGuard guard_;
  std::unique_ptr<os::LinuxEnv> env_;
  env::ClockState state_;
  std::vector<std::string> lines_;
};

TEST_F(KernelSteering, StartsWithTheFrequencyInForceAndNoPhaseLockedLoop) {
  const timex& before = guard_.before();
  const Frequency expected = env::KernelFrequency{before.tick, before.freq}.to_frequency();
  EXPECT_DOUBLE_EQ(state_.frequency.to_ppm(), expected.to_ppm());
  EXPECT_EQ(read_kernel().status & STA_PLL, 0);
  EXPECT_NE(read_kernel().status & STA_UNSYNC, 0);
}

// adjtimex adds four to a time constant that is written without STA_NANO, so what was read must not be written.
TEST_F(KernelSteering, ARestoreOfWhatIsThereChangesNothing) {
  ASSERT_TRUE(clock().set_sync_status({}).ok());
  const timex before = read_kernel();
  for (int i = 0; i < 3; ++i) KernelStateGuard().restore();
  const timex after = read_kernel();
  EXPECT_EQ(after.freq, before.freq);
  EXPECT_EQ(after.tick, before.tick);
  EXPECT_EQ(after.status, before.status);
  EXPECT_EQ(after.constant, before.constant);
  EXPECT_EQ(after.tai, before.tai);
  EXPECT_EQ(after.maxerror, before.maxerror);
  EXPECT_EQ(after.esterror, before.esterror);
}

// What is not put back must not have been changed.
TEST_F(KernelSteering, LeavesTheTimeConstantAlone) {
  EXPECT_EQ(read_kernel().constant, guard_.before().constant);
}

TEST_F(KernelSteering, TheKernelFollows) {
  const auto kept = clock().set_frequency(state_.frequency + kLittle);
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_NEAR((*kept - state_.frequency).to_ppm(), kLittle.to_ppm(), 1e-4);
  EXPECT_DOUBLE_EQ(in_force().to_ppm(), kept->to_ppm());
  const auto back = clock().set_frequency(state_.frequency);
  ASSERT_TRUE(back.ok());
  EXPECT_NEAR(in_force().to_ppm(), state_.frequency.to_ppm(), 1e-4);
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

TEST_F(KernelSteering, TellsErrorBoundsButNotThatItIsSynchronised) {
  ASSERT_TRUE(clock().set_sync_status({true, Duration::micros(100), Duration::millis(2)}).ok());
  const timex state = read_kernel();
  EXPECT_EQ(state.esterror, 100);
  EXPECT_GE(state.maxerror, 2000);
  EXPECT_LT(state.maxerror, 2'000'000);  // it grows by 500 ppm
  EXPECT_NE(state.status & STA_UNSYNC, 0) << "without rtcsync";
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

// What CLOCK_TAI is ahead of CLOCK_REALTIME by; the time itself is not touched.  Leap flags are never set here: the
// kernel would do it at midnight.
TEST_F(KernelSteering, TheKernelTakesTheOffsetOfTai) {
  const int other = guard_.before().tai == 37 ? 36 : 37;
  const auto seconds_of = [](clockid_t id) {
    timespec t{};
    ::clock_gettime(id, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  };
  const double before = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_MONOTONIC);
  ASSERT_TRUE(clock().set_leap(env::LeapAction::None, other).ok());
  EXPECT_EQ(read_kernel().tai, other);
  EXPECT_NEAR(seconds_of(CLOCK_TAI) - seconds_of(CLOCK_REALTIME), other, 0.5);
  EXPECT_NEAR(seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_MONOTONIC), before, 0.5) << "the time itself";
  ASSERT_TRUE(clock().set_leap(env::LeapAction::None, std::nullopt).ok());
  EXPECT_EQ(read_kernel().tai, other) << "unknown leaves it as it is";
  auto again = os::LinuxEnv::create({});
  ASSERT_TRUE(again.ok());
  const auto found = again->get()->view().clock.start(false);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->tai_offset, std::optional(other)) << "what a daemon finds that starts now";
  guard_.restore();
  EXPECT_EQ(read_kernel().tai, guard_.before().tai);
  EXPECT_EQ(read_kernel().status & (STA_INS | STA_DEL), 0);
  EXPECT_TRUE(lines_.empty()) << lines_.front();
}

TEST_F(KernelSteering, NoticesAnotherHand) {
  timex request = read_kernel();
  request.modes = ADJ_FREQUENCY;
  request.freq += 65536 / 2;
  ASSERT_GE(::adjtimex(&request), 0);
  ASSERT_TRUE(clock().set_sync_status({}).ok());
  EXPECT_EQ(lines_, std::vector<std::string>{"System clock interference detected (another NTP client?)"});
}

TEST_F(KernelSteering, IsUndoneAfterTheDeathOfAProcess) {
  const Frequency before = in_force();
  const int status = run_restoring([&] {
    if (!clock().set_frequency(before + kLittle).ok()) return 0;
    std::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(status, 1);
  EXPECT_DOUBLE_EQ(in_force().to_ppm(), before.to_ppm());
}

// Empty where the kernel lets us steer; asked by setting what is set already.
std::string why_not() {
  timex request = read_kernel();
  request.modes = ADJ_FREQUENCY;
  if (::adjtimex(&request) >= 0) return {};
  return std::strerror(errno);
}

}  // namespace
}  // namespace timed::system_test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const std::string reason = timed::system_test::why_not(); !reason.empty()) {
    std::printf("skipped: the kernel clock cannot be steered here: %s\n", reason.c_str());
    return timed::system_test::kSkipped;
  }
  return timed::system_test::run_restoring([] { return RUN_ALL_TESTS(); });
}
