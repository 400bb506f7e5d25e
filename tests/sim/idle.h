// What runs on a machine without a daemon: nothing, or a few lines at the begin of each turn.
#ifndef TIMED_TESTS_SIM_IDLE_H_
#define TIMED_TESTS_SIM_IDLE_H_

#include <functional>
#include <utility>

#include "tests/sim/machine.h"

namespace timed::sim {

class Idle : public env::TurnTaker {
 public:
  explicit Idle(Machine& machine, std::function<void()> begin = {}) : machine_(machine), begin_(std::move(begin)) {
    machine_.loop().run_daemon(this);
  }
  ~Idle() override { machine_.loop().run_daemon(nullptr); }
  void begin_turn(Duration) override {
    if (begin_) begin_();
  }
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return false; }

 private:
  Machine& machine_;
  std::function<void()> begin_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_IDLE_H_
