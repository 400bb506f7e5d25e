#include "timed/os/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/os/turns.h"
#include "timed/base/log.h"

namespace timed::os {
namespace {

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    out = Descriptor(ends[0]);
    in = Descriptor(ends[1]);
  }
  void fill() const { EXPECT_EQ(::write(in.get(), "x", 1), 1); }
  void drain() const {
    char c = 0;
    EXPECT_EQ(::read(out.get(), &c, 1), 1);
  }
  Descriptor out;
  Descriptor in;
};

TEST(Loop, RunsTimersByDeadlineThenByCreation) {
  const auto loop = make_loop();
  const MonoTime start = loop->now();
  std::string order;
  loop->call_at(start + Duration::millis(4), [&] { order += 'd'; });
  loop->call_at(start + Duration::millis(2), [&] { order += 'b'; });
  loop->call_at(start + Duration::millis(2), [&] { order += 'c'; });
  loop->call_at(start - Duration::seconds(1), [&] { order += 'a'; });
  EXPECT_TRUE(run_until(*loop, [&] { return order.size() == 4; }));
  EXPECT_EQ(order, "abcd");
  EXPECT_GE(loop->now(), start + Duration::millis(4));
}

TEST(Loop, NeverRunsATimerEarly) {
  const auto loop = make_loop();
  int runs = 0;
  for (int i = 0; i < 50; ++i) {
    const MonoTime when = loop->now() + Duration::micros(37.0 * i);
    loop->call_at(when, [&, when] {
      EXPECT_GE(loop->now(), when);
      ++runs;
    });
  }
  EXPECT_TRUE(run_until(*loop, [&] { return runs == 50; }));
}

TEST(Loop, TellsHowLateTheFirstTimerIs) {
  const auto loop = make_loop();
  Turns turns;
  int runs = 0;
  turns.until = [&] { return runs == 2; };
  const MonoTime start = loop->now();
  loop->call_at(start - Duration::seconds(5), [&] { ++runs; });
  loop->call_at(start - Duration::seconds(3), [&] { ++runs; });
  loop->run(turns);
  EXPECT_GE(turns.latest, Duration::seconds(5));
  EXPECT_LE(turns.latest, Duration::seconds(60));
  Turns on_time;
  on_time.until = [&] { return on_time.ended == 1; };
  loop->call_at(loop->now() + Duration::seconds(3600), [] {});
  Pipe pipe;
  pipe.fill();
  loop->watch(pipe.out.get(), env::SocketPriority::Sources, [](short) {});
  loop->run(on_time);
  EXPECT_EQ(on_time.latest, Duration::zero());
}

TEST(Loop, DoesNotRunACancelledTimer) {
  const auto loop = make_loop();
  const MonoTime now = loop->now();
  bool ran = false;
  bool last = false;
  env::Timers::Id second = 0;
  // Both are due in the same turn: the first still prevents the second.
  loop->call_at(now, [&] { loop->cancel(second); });
  second = loop->call_at(now, [&] { ran = true; });
  const auto third = loop->call_at(now, [&] { ran = true; });
  loop->cancel(third);
  loop->cancel(third);
  loop->cancel(12345);
  loop->call_at(now + Duration::millis(1), [&] { last = true; });
  EXPECT_TRUE(run_until(*loop, [&] { return last; }));
  EXPECT_FALSE(ran);
}

TEST(Loop, ATimerThatIsDueAtOnceWaitsForTheNextTurn) {
  const auto loop = make_loop();
  Turns turns;
  std::vector<int> in_turn;
  std::function<void()> again = [&] {
    in_turn.push_back(turns.begun);
    if (in_turn.size() < 3) loop->call_at(MonoTime(), again);
  };
  loop->call_at(MonoTime(), again);
  turns.until = [&] { return in_turn.size() == 3; };
  EXPECT_EQ(loop->run(turns), 0);
  EXPECT_EQ(in_turn, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(turns.begun, turns.ended);
}

// It ends by itself: the limit of run_until is one of 20 s.
TEST(Loop, ATimerThatIsAlwaysDueAgainEndsItAndIsToldOnce) {
  std::vector<std::string> told;
  log::set_sink([&](log::Severity, std::string_view message) { told.emplace_back(message); });
  const auto loop = make_loop();
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    loop->call_at(loop->now(), again);
  };
  again();
  EXPECT_FALSE(run_until(*loop, [] { return false; }));
  EXPECT_TRUE(loop->ran_away());
  EXPECT_GE(runs, 20);
  EXPECT_LE(runs, 1000);
  log::set_sink(nullptr);
  EXPECT_EQ(told, std::vector<std::string>{"Timers are due again at once, without end"});
}

TEST(Loop, TimersTwoMillisecondsApartAreNoRush) {
  const auto loop = make_loop();
  int runs = 0;
  std::function<void()> again = [&] {
    if (++runs < 100) loop->call_at(loop->now() + Duration::millis(2), again);
  };
  again();
  EXPECT_TRUE(run_until(*loop, [&] { return runs == 100; }));
  EXPECT_FALSE(loop->ran_away());
}

TEST(Loop, ATimerMayBeReArmedAndDestroyedByItsOwnFunction) {
  const auto loop = make_loop();
  int runs = 0;
  std::optional<env::Timer> timer;
  timer.emplace(*loop, [&] {
    if (++runs < 3) {
      timer->arm_in(Duration::zero());
    } else {
      timer.reset();
    }
  });
  timer->arm_in(Duration::micros(10));
  EXPECT_TRUE(run_until(*loop, [&] { return runs == 3; }));
  EXPECT_FALSE(timer.has_value());
}

TEST(Loop, TimersAfterAnEarlierOneWasAddedAndRemoved) {
  const auto loop = make_loop();
  bool ran = false;
  const MonoTime when = loop->now() + Duration::millis(5);
  loop->call_at(when, [&] { ran = true; });
  loop->cancel(loop->call_at(loop->now(), [] { FAIL(); }));
  EXPECT_TRUE(run_until(*loop, [&] { return ran; }));
  // And one at the same moment as one that has passed.
  ran = false;
  loop->call_at(when, [&] { ran = true; });
  EXPECT_TRUE(run_until(*loop, [&] { return ran; }));
}

TEST(Loop, GivesSocketsTheirTurnByPriorityThenCreation) {
  const auto loop = make_loop();
  std::array<Pipe, 4> pipes;
  constexpr std::array kPriorities{env::SocketPriority::KeyEstablishment, env::SocketPriority::Sources,
                                   env::SocketPriority::Server, env::SocketPriority::Sources};
  std::string order;
  std::vector<Loop::WatchId> ids;
  for (std::size_t i = 0; i < pipes.size(); ++i) {
    pipes[i].fill();
    ids.push_back(loop->watch(pipes[i].out.get(), kPriorities[i], [&, i](short events) {
      EXPECT_EQ(events, POLLIN);
      pipes[i].drain();
      order += static_cast<char>('0' + i);
    }));
  }
  loop->call_at(MonoTime(), [&] { order += 't'; });
  EXPECT_TRUE(run_until(*loop, [&] { return order.size() == 5; }));
  EXPECT_EQ(order, "2130t");
  for (const auto id : ids) loop->unwatch(id);
}

TEST(Loop, ACallbackMayUnwatchItselfAndOthers) {
  const auto loop = make_loop();
  Pipe first;
  Pipe second;
  first.fill();
  second.fill();
  const std::string kept(100, 'k');
  std::string seen;
  bool wrong = false;
  Loop::WatchId a = 0;
  Loop::WatchId b = 0;
  a = loop->watch(first.out.get(), env::SocketPriority::Server, [&, kept](short) {
    loop->unwatch(b);
    loop->unwatch(a);
    seen = kept;  // the running function outlives its watch
  });
  b = loop->watch(second.out.get(), env::SocketPriority::Sources, [&](short) { wrong = true; });
  EXPECT_TRUE(run_until(*loop, [&] { return !seen.empty(); }));
  run_for(*loop, Duration::millis(5));
  EXPECT_EQ(seen, kept);
  EXPECT_FALSE(wrong);
}

TEST(Loop, AWatchAddedInATurnWithAReusedDescriptorIsNotTakenForTheOldOne) {
  const auto loop = make_loop();
  auto old = std::make_unique<Pipe>();
  std::unique_ptr<Pipe> fresh;
  old->fill();
  bool wrong = false;
  Loop::WatchId id = 0;
  Loop::WatchId fresh_id = 0;
  id = loop->watch(old->out.get(), env::SocketPriority::Server, [&](short) {
    loop->unwatch(id);
    old.reset();
    fresh = std::make_unique<Pipe>();
    fresh_id = loop->watch(fresh->out.get(), env::SocketPriority::Sources, [&](short) { wrong = true; });
  });
  EXPECT_TRUE(run_until(*loop, [&] { return fresh != nullptr; }));
  run_for(*loop, Duration::millis(5));
  EXPECT_FALSE(wrong);
  loop->unwatch(fresh_id);
}

TEST(Loop, KeepsTheTimeOfTheTurn) {
  const auto loop = make_loop();
  RawTime first;
  RawTime second;
  loop->call_at(MonoTime(), [&] {
    first = loop->receive_time();
    const MonoTime end = loop->now() + Duration::millis(2);
    while (loop->now() < end) continue;
    second = loop->receive_time();
  });
  EXPECT_TRUE(run_until(*loop, [&] { return second != RawTime(); }));
  EXPECT_EQ(first, second);
  EXPECT_GT(loop->receive_time(), second);
}

TEST(Loop, ASignalEndsItAndHangupDoesNot) {
  const auto loop = make_loop();
  ASSERT_TRUE(loop->catch_signals().ok());
  Turns turns;
  std::vector<int> hangups;
  loop->call_at(MonoTime(), [&] { ::raise(SIGHUP); });
  loop->call_at(loop->now() + Duration::millis(20), [&] {
    hangups.push_back(turns.hangups);
    ::raise(SIGPIPE);
    ::raise(SIGTERM);
  });
  EXPECT_EQ(loop->run(turns), SIGTERM);
  EXPECT_EQ(hangups, std::vector<int>{1});
  EXPECT_EQ(turns.begun, turns.ended);
}

TEST(Loop, ASignalWakesItOutOfAnEndlessWait) {
  const auto loop = make_loop();
  ASSERT_TRUE(loop->catch_signals().ok());
  const pthread_t self = ::pthread_self();
  std::thread killer([self] {
    ::usleep(20000);
    ::pthread_kill(self, SIGINT);
  });
  Turns turns;
  EXPECT_EQ(loop->run(turns), SIGINT);
  killer.join();
}

TEST(Loop, RestoresSignalActions) {
  struct sigaction before {};
  ::sigaction(SIGHUP, nullptr, &before);
  {
    const auto loop = make_loop();
    ASSERT_TRUE(loop->catch_signals().ok());
  }
  struct sigaction after {};
  ::sigaction(SIGHUP, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

}  // namespace
}  // namespace timed::os
