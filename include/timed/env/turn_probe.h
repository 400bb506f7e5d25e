// Whether a worker still turns, found out without waiting for it.
#ifndef TIMED_ENV_TURN_PROBE_H_
#define TIMED_ENV_TURN_PROBE_H_

#include <atomic>

#include "timed/env/host.h"

namespace timed::env {

// One a worker, always the same; it outlives the worker.
class TurnProbe {
 public:
  // Whether the worker has made a turn since this was asked last; at first it counts as if it had.  What was posted to
  // one that does not turn waits for it, so no second question is put to it.
  bool has_turned(Worker& worker) {
    if (!turned_.exchange(false, std::memory_order_relaxed)) return false;
    worker.post([this] { turned_.store(true, std::memory_order_relaxed); });
    return true;
  }

 private:
  std::atomic<bool> turned_{true};
};

}  // namespace timed::env

#endif  // TIMED_ENV_TURN_PROBE_H_
