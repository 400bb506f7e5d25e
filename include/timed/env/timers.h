// Timers on the monotonic clock: the second seam.
#ifndef TIMED_ENV_TIMERS_H_
#define TIMED_ENV_TIMERS_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "timed/base/units.h"

namespace timed::env {

class Timers {
 public:
  using Id = std::uint64_t;  // never reused; 0 is none
  virtual ~Timers() = default;

  virtual MonoTime now() = 0;
  // Calls fn once, not before when and never from inside this call.  Equal deadlines run in the order of creation.
  virtual Id call_at(MonoTime when, std::function<void()> fn) = 0;
  // Harmless for an id that has run or was cancelled.
  virtual void cancel(Id id) = 0;
};

// One timer that its owner arms, re-arms and disarms; disarms itself when destroyed.  Not movable: the owner's
// function usually refers to the owner.
class Timer {
 public:
  Timer(Timers& timers, std::function<void()> fn) : timers_(timers), fn_(std::move(fn)) {}
  ~Timer() { disarm(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces an earlier deadline.
  void arm_at(MonoTime when) {
    disarm();
    when_ = when;
    id_ = timers_.call_at(when, [this] {
      id_ = 0;
      fn_();
    });
  }
  void arm_in(Duration delay) { arm_at(timers_.now() + delay); }
  void disarm() {
    if (id_ != 0) timers_.cancel(std::exchange(id_, 0));
  }
  bool armed() const { return id_ != 0; }
  // The deadline, while armed.
  MonoTime when() const { return when_; }

 private:
  Timers& timers_;
  std::function<void()> fn_;
  Timers::Id id_ = 0;
  MonoTime when_;
};

}  // namespace timed::env

#endif  // TIMED_ENV_TIMERS_H_
