// Runs a real loop until a test has seen what it waits for.
#ifndef TIMED_TESTS_UNIT_OS_TURNS_H_
#define TIMED_TESTS_UNIT_OS_TURNS_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "timed/os/loop.h"

namespace timed::os {

class Turns : public env::TurnTaker {
 public:
  void begin_turn(Duration how_late) override {
    ++begun;
    latest = std::max(latest, how_late);
  }
  void end_turn() override { ++ended; }
  void on_hangup() override { ++hangups; }
  bool wants_exit() const override { return given_up || (until && until()); }

  std::function<bool()> until;
  bool given_up = false;
  int begun = 0;
  Duration latest;  // of all turns
  int ended = 0;
  int hangups = 0;
};

inline std::unique_ptr<Loop> make_loop() {
  auto made = Loop::create();
  return made.take();
}

// False where it did not come true in time; the limit only ends tests that have failed.
inline bool run_until(Loop& loop, std::function<bool()> condition, Duration limit = Duration::seconds(20.0)) {
  Turns turns;
  turns.until = std::move(condition);
  env::Timer guard(loop, [&] { turns.given_up = true; });
  guard.arm_in(limit);
  loop.run(turns);
  return turns.until();
}

// A few turns, for what must not happen.
inline void run_for(Loop& loop, Duration time) {
  Turns turns;
  env::Timer guard(loop, [&] { turns.given_up = true; });
  guard.arm_in(time);
  loop.run(turns);
}

}  // namespace timed::os

#endif  // TIMED_TESTS_UNIT_OS_TURNS_H_
