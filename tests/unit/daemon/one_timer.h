// Timers for a unit that has one.
#ifndef TIMED_TESTS_UNIT_DAEMON_ONE_TIMER_H_
#define TIMED_TESTS_UNIT_DAEMON_ONE_TIMER_H_

#include <functional>
#include <utility>

#include "timed/base/check.h"
#include "timed/env/timers.h"

namespace timed::daemon {

class OneTimer : public env::Timers {
 public:
  MonoTime now() override { return time; }
  Id call_at(MonoTime when, std::function<void()> fn) override {
    TIMED_ASSERT(!fn_);
    when_ = when;
    fn_ = std::move(fn);
    return ++last_;
  }
  void cancel(Id id) override {
    if (id == last_) fn_ = nullptr;
  }

  bool armed() const { return fn_ != nullptr; }
  // Goes on to the deadline and calls what waits for it; answers how long that was.
  Duration fire() {
    TIMED_ASSERT(armed());
    const Duration waited = Duration::seconds(static_cast<double>(when_.nanos() - time.nanos()) / 1e9);
    time = when_;
    std::exchange(fn_, nullptr)();
    return waited;
  }

  MonoTime time = MonoTime::from_seconds(1000);

 private:
  MonoTime when_;
  std::function<void()> fn_;
  Id last_ = 0;
};

}  // namespace timed::daemon

#endif  // TIMED_TESTS_UNIT_DAEMON_ONE_TIMER_H_
