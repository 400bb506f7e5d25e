// The kernel's clock, for tests that steer it.
#ifndef TIMED_TESTS_UNIT_DISCIPLINE_FAKE_KERNEL_H_
#define TIMED_TESTS_UNIT_DISCIPLINE_FAKE_KERNEL_H_

#include <optional>
#include <utility>

#include "tests/unit/fake_timers.h"
#include "timed/env/clock.h"
#include "timed/env/kernel_frequency.h"

namespace timed::discipline {

// A kernel clock on a perfect oscillator: raw and monotonic time run with the correction that was set.
class FakeKernel : public env::SystemClock {
 public:
  RawTime now() override { return raw; }
  Result<env::ClockState> start(bool steer) override {
    return env::ClockState{
        .frequency = found, .precision = Duration::nanos(50), .tai_offset = {}, .may_steer = steer && allowed};
  }
  Result<Frequency> set_frequency(Frequency wanted) override {
    ++changes;
    if (refuse) return Error{"refused"};
    in_force = env::KernelFrequency::from(wanted).to_frequency();
    return in_force;
  }
  Status step(Duration offset) override {
    if (refuse) return Error{"refused"};
    raw += offset;
    return {};
  }
  Status set_leap(env::LeapAction action, std::optional<int> tai_offset) override {
    leap = action;
    tai = tai_offset;
    return {};
  }
  Status set_sync_status(const env::SyncStatus& status) override {
    sync = status;
    return {};
  }
  std::optional<Duration> suspended() override { return std::nullopt; }

  // Lets so much of the oscillator's time pass, timers included.
  void run(Duration left) {
    while (!timers.queue.empty()) {
      const auto next = timers.queue.begin();
      const Duration until = (next->first.first - timers.mono) / (1.0 + in_force.to_ratio());
      if (until > left) break;
      pass(until);
      left -= until;
      auto fn = std::move(next->second);
      timers.queue.erase(next);
      fn();
    }
    pass(left);
  }
  // The next timer, whenever it was due.
  void fire() {
    const auto next = timers.queue.begin();
    auto fn = std::move(next->second);
    timers.queue.erase(next);
    fn();
  }
  void pass(Duration free) {
    raw += free * (1.0 + in_force.to_ratio());
    timers.mono += free * (1.0 + in_force.to_ratio());
  }

  FakeTimers timers;
  RawTime raw = RawTime::from_seconds(1'700'000'000);
  Frequency found;
  Frequency in_force;
  bool allowed = true;
  bool refuse = false;
  int changes = 0;
  std::optional<env::SyncStatus> sync;
  env::LeapAction leap = env::LeapAction::None;
  std::optional<int> tai;
};

}  // namespace timed::discipline

#endif  // TIMED_TESTS_UNIT_DISCIPLINE_FAKE_KERNEL_H_
