#include "src/os/timeout_rush.h"

#include <gtest/gtest.h>

namespace timed::os {
namespace {

// Turns that each run one timer of a queue, each so long after the one before; which of them is too much, 0 = none.
int turn_that_is_too_much(Duration apart, std::size_t queue, int turns, bool more_due = true) {
  TimeoutRush rush;
  MonoTime at = MonoTime::from_seconds(1000);
  for (int i = 1; i <= turns; ++i) {
    TimeoutRush::Turn turn{.begin = at, .end = at + apart, .waited = queue, .ran = 1, .waiting = queue};
    turn.more_due = more_due;
    at += apart;
    if (rush.note(turn)) return i;
  }
  return 0;
}

TEST(TimeoutRush, TwentyAreBorneAndTheNextIsTooMuch) {
  EXPECT_EQ(turn_that_is_too_much(Duration::micros(10), 1, 1000), 21);
  EXPECT_EQ(turn_that_is_too_much(Duration::millis(9), 5, 1000), 21);
}

TEST(TimeoutRush, ALongQueueTakesMore) {
  EXPECT_EQ(turn_that_is_too_much(Duration::micros(10), 100, 1000), 401);
}

TEST(TimeoutRush, TenMillisecondsApartIsNoRush) {
  EXPECT_EQ(turn_that_is_too_much(Duration::millis(10), 1, 1000), 0);
}

TEST(TimeoutRush, WhereNothingIsDueAgainTheCountEnds) {
  EXPECT_EQ(turn_that_is_too_much(Duration::micros(10), 1, 1000, false), 0);
}

// As many timers as there are, due together: one round of the queue.
TEST(TimeoutRush, AllTimersAtOnceAreNoRush) {
  TimeoutRush rush;
  TimeoutRush::Turn turn{.begin = {}, .end = {}, .waited = 5000, .ran = 5000, .waiting = 5000};
  turn.more_due = true;
  EXPECT_FALSE(rush.note(turn));
  EXPECT_FALSE(rush.note(turn));
}

}  // namespace
}  // namespace timed::os
