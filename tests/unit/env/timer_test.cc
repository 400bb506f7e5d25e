#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "timed/env/timers.h"

namespace timed::env {
namespace {

class FakeTimers : public Timers {
 public:
  MonoTime now() override { return now_; }
  Id call_at(MonoTime when, std::function<void()> fn) override {
    waiting_[{when, ++last_id_}] = std::move(fn);
    return last_id_;
  }
  void cancel(Id id) override {
    std::erase_if(waiting_, [id](const auto& entry) { return entry.first.second == id; });
    ++cancels;
  }
  void run_until(MonoTime end) {
    while (!waiting_.empty() && waiting_.begin()->first.first <= end) {
      auto first = waiting_.extract(waiting_.begin());
      now_ = std::max(now_, first.key().first);
      first.mapped()();
    }
    now_ = end;
  }
  std::size_t waiting() const { return waiting_.size(); }
  int cancels = 0;

 private:
  MonoTime now_ = MonoTime::from_seconds(100);
  Id last_id_ = 0;
  std::map<std::pair<MonoTime, Id>, std::function<void()>> waiting_;
};

MonoTime at(std::int64_t s) {
  return MonoTime::from_seconds(s);
}

TEST(Timer, runs_once_at_its_time) {
  FakeTimers timers;
  std::vector<MonoTime> runs;
  Timer timer(timers, [&] { runs.push_back(timers.now()); });
  EXPECT_FALSE(timer.armed());
  timer.arm_in(Duration::seconds(5));
  EXPECT_TRUE(timer.armed());
  EXPECT_EQ(timer.when(), at(105));
  timers.run_until(at(104));
  EXPECT_TRUE(runs.empty());
  timers.run_until(at(200));
  EXPECT_EQ(runs, std::vector<MonoTime>{at(105)});
  EXPECT_FALSE(timer.armed());
}

TEST(Timer, arming_again_replaces_the_deadline) {
  FakeTimers timers;
  int runs = 0;
  Timer timer(timers, [&] { ++runs; });
  timer.arm_at(at(105));
  timer.arm_at(at(110));
  EXPECT_EQ(timers.waiting(), 1u);
  timers.run_until(at(109));
  EXPECT_EQ(runs, 0);
  timers.run_until(at(110));
  EXPECT_EQ(runs, 1);
}

TEST(Timer, may_arm_itself_from_its_function) {
  FakeTimers timers;
  int runs = 0;
  Timer* self = nullptr;
  Timer timer(timers, [&] {
    EXPECT_FALSE(self->armed());
    if (++runs < 3) self->arm_in(Duration::seconds(1));
  });
  self = &timer;
  timer.arm_in(Duration::seconds(1));
  timers.run_until(at(200));
  EXPECT_EQ(runs, 3);
}

TEST(Timer, disarmed_or_destroyed_it_does_not_run) {
  FakeTimers timers;
  int runs = 0;
  Timer timer(timers, [&] { ++runs; });
  timer.arm_in(Duration::seconds(1));
  timer.disarm();
  EXPECT_FALSE(timer.armed());
  {
    Timer gone(timers, [&] { ++runs; });
    gone.arm_in(Duration::seconds(1));
  }
  EXPECT_EQ(timers.waiting(), 0u);
  timers.run_until(at(200));
  EXPECT_EQ(runs, 0);
}

TEST(Timer, disarming_what_is_not_armed_cancels_nothing) {
  FakeTimers timers;
  Timer timer(timers, [] {});
  timer.disarm();
  timer.arm_in(Duration::seconds(1));
  timers.run_until(at(200));
  timer.disarm();
  EXPECT_EQ(timers.cancels, 0);
}

}  // namespace
}  // namespace timed::env
