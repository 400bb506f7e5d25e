// Timers on a monotonic clock that a test moves.
#ifndef TIMED_TESTS_UNIT_FAKE_TIMERS_H_
#define TIMED_TESTS_UNIT_FAKE_TIMERS_H_

#include <functional>
#include <map>
#include <utility>

#include "timed/env/timers.h"

namespace timed {

class FakeTimers : public env::Timers {
 public:
  MonoTime now() override { return mono; }
  Id call_at(MonoTime when, std::function<void()> fn) override {
    queue[{when, ++last_}] = std::move(fn);
    return last_;
  }
  void cancel(Id id) override {
    std::erase_if(queue, [id](const auto& entry) { return entry.first.second == id; });
  }

  MonoTime mono;
  std::map<std::pair<MonoTime, Id>, std::function<void()>> queue;  // by the time they are due

 private:
  Id last_ = 0;
};

}  // namespace timed

#endif  // TIMED_TESTS_UNIT_FAKE_TIMERS_H_
