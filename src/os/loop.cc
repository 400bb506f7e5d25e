// poll has a millisecond timeout and the simulator that the daemon must run under measures it so: a slew that ends a
// millisecond late at full rate is 83 us wrong.  Hence poll always waits without a limit, and the next deadline is an
// absolute timerfd among the descriptors, good to a nanosecond in both worlds.
//
// What a callback may do decides the data structures.  It may destroy its own socket: the function that runs is moved
// out of its watch first, so that it outlives the watch.  It may destroy another that is ready: that watch is only
// marked, and removed at the end of the turn.  It may cancel a timer that is due: due timers are looked up again.
// It may make a timer that is due at once: only those that were there when the phase began run in this turn, so that
// a timer cannot starve the sockets.
#include "timed/os/loop.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "read_clock.h"
#include "system_error.h"
#include "timed/base/check.h"
#include "timed/base/log.h"
#include "timeout_rush.h"

namespace timed::os {
namespace {

constexpr std::array kCaught{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE, SIGXFSZ};

// The call that has raised it answers with an error, which is told.
bool is_of_a_failed_write(int signal) {
  return signal == SIGPIPE || signal == SIGXFSZ;
}

// A signal handler can reach nothing else.
struct SignalState {
  std::atomic<int> ending{0};
  std::atomic<bool> hangup{false};
  std::atomic<int> wake{-1};
  std::atomic<bool> taken{false};
  std::array<struct sigaction, kCaught.size()> former{};
};
SignalState signals;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
  const int saved = errno;
  if (number == SIGHUP) {
    signals.hangup = true;
  } else {
    signals.ending = number;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(signals.wake, &one, sizeof one);
  errno = saved;
}

void empty_counter(int descriptor) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(descriptor, &count, sizeof count);
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::create() {
  // TFD_NONBLOCK and no other flag: see Descriptor.
  Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
  if (!timer.is_open()) return system_error("Could not create timerfd", errno);
  timer.set_close_on_exec();
  Descriptor wake(::eventfd(0, 0));
  if (wake.is_open()) {
    wake.set_close_on_exec();
    wake.set_nonblocking();
  }
  return std::unique_ptr<Loop>(new Loop(std::move(timer), std::move(wake)));
}

Loop::Loop(Descriptor timer, Descriptor wake)
    : timer_(std::move(timer)), wake_(std::move(wake)), rush_(std::make_unique<TimeoutRush>()) {}

Loop::~Loop() {
  if (!catches_signals_) return;
  for (std::size_t i = 0; i < kCaught.size(); ++i) ::sigaction(kCaught[i], &signals.former[i], nullptr);
  signals.wake = -1;
  signals.ending = 0;
  signals.hangup = false;
  signals.taken = false;
}

Status Loop::catch_signals() {
  TIMED_ASSERT(!signals.taken.exchange(true));
  catches_signals_ = true;
  signals.wake = wake_.get();
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = is_of_a_failed_write(kCaught[i]) ? SIG_IGN : on_signal;
    ::sigfillset(&action.sa_mask);
    ::sigdelset(&action.sa_mask, SIGSYS);  // of a filter: the handler writes
    if (::sigaction(kCaught[i], &action, &signals.former[i]) != 0) {
      return system_error("Could not set signal action", errno);
    }
  }
  return Status::success();
}

MonoTime Loop::now() {
  return read_monotonic_time();
}

RawTime Loop::receive_time() const {
  return in_turn_ ? turn_time_ : read_real_time();
}

env::Timers::Id Loop::call_at(MonoTime when, std::function<void()> fn) {
  const Id id = next_timer_++;
  timers_.emplace(Deadline{when, id}, std::move(fn));
  deadlines_.emplace(id, when);
  return id;
}

void Loop::cancel(Id id) {
  const auto found = deadlines_.find(id);
  if (found == deadlines_.end()) return;
  timers_.erase(Deadline{found->second, id});
  deadlines_.erase(found);
}

void Loop::post(std::function<void()> fn) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(fn));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Loop::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) return;
    std::swap(posted_, running_);
  }
  for (const auto& fn : running_) fn();
  running_.clear();
}

Loop::WatchId Loop::watch(int descriptor, env::SocketPriority priority, Ready fn) {
  auto added = std::make_unique<Watch>();
  added->id = next_watch_++;
  added->descriptor = descriptor;
  added->priority = priority;
  added->fn = std::move(fn);
  const WatchId id = added->id;
  const auto place = std::upper_bound(watches_.begin(), watches_.end(), priority,
                                      [](env::SocketPriority p, const auto& w) { return p < w->priority; });
  watches_.insert(place, std::move(added));
  watches_changed_ = true;
  return id;
}

void Loop::unwatch(WatchId id) {
  for (const auto& watch : watches_) {
    if (watch->id == id) watch->dead = any_dead_ = true;
  }
  if (!in_turn_) sweep();
}

void Loop::watch_room(WatchId id, bool wanted) {
  const auto found =
      std::find_if(watches_.begin(), watches_.end(), [id](const auto& watch) { return watch->id == id; });
  if (found == watches_.end() || (*found)->room == wanted) return;
  (*found)->room = wanted;
  watches_changed_ = true;
}

int Loop::run(env::TurnTaker& taker) {
  while (!taker.wants_exit() && !ran_away_) {
    wait();
    if (catches_signals_ && signals.ending != 0) return signals.ending;
    turn(taker);
  }
  return 0;
}

void Loop::arm_timer() {
  MonoTime next;
  // Zero would disarm it.
  if (!timers_.empty()) next = std::max(timers_.begin()->first.when, MonoTime::from_nanos(1));
  if (next == armed_) return;
  itimerspec setting{};
  setting.it_value.tv_sec = next.whole_seconds();
  setting.it_value.tv_nsec = next.subsecond_nanos();
  TIMED_ASSERT(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr) == 0);
  armed_ = next;
}

void Loop::wait() {
  arm_timer();
  if (watches_changed_) {
    polled_.clear();
    polled_.push_back({timer_.get(), POLLIN, 0});
    polled_.push_back({wake_.get(), POLLIN, 0});  // poll skips a negative one
    for (const auto& watch : watches_) {
      polled_.push_back({watch->descriptor, static_cast<short>(watch->room ? POLLIN | POLLOUT : POLLIN), 0});
    }
    watches_changed_ = false;
  }
  ready_.clear();
  const int count = ::poll(polled_.data(), polled_.size(), -1);
  const int failure = errno;
  turn_time_ = read_real_time();
  if (count < 0) {
    if (failure != EINTR) after_failed_poll(failure);
    return;
  }
  poll_failing_ = false;
  take_events();
}

// Not seen in practice (no memory, descriptor limit lowered from outside): go on with the timers, but do not spin.
void Loop::after_failed_poll(int number) {
  if (!std::exchange(poll_failing_, true)) log::error("%s", system_error("Could not poll", number).message.c_str());
  const timespec pause{0, 10'000'000};
  ::nanosleep(&pause, nullptr);
}

void Loop::take_events() {
  if (polled_[0].revents != 0) {
    empty_counter(timer_.get());
    armed_ = MonoTime();
  }
  if (polled_[1].revents != 0) {
    // Before what was posted is read: what is posted after that wakes the loop again.
    empty_counter(wake_.get());
    woken_ = true;
  }
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    watches_[i]->events = polled_[i + 2].revents;
    if (watches_[i]->events != 0) ready_.push_back(watches_[i].get());
  }
}

void Loop::turn(env::TurnTaker& taker) {
  in_turn_ = true;
  taker.begin_turn(lateness());
  if (catches_signals_ && signals.hangup.exchange(false)) taker.on_hangup();
  if (std::exchange(woken_, false)) run_posted();
  run_watches();
  run_timers();
  taker.end_turn();
  in_turn_ = false;
  sweep();
}

Duration Loop::lateness() {
  if (timers_.empty()) return Duration::zero();
  return std::max(Duration::zero(), now() - timers_.begin()->first.when);
}

void Loop::run_watches() {
  for (Watch* const watch : ready_) {
    if (watch->dead) continue;
    Ready fn = std::move(watch->fn);
    fn(watch->events);
    if (!watch->dead) watch->fn = std::move(fn);
  }
  ready_.clear();
}

void Loop::run_timers() {
  const MonoTime reached = now();
  const std::size_t waited = timers_.size();
  due_.clear();
  for (const auto& [deadline, fn] : timers_) {
    if (deadline.when > reached) break;
    due_.push_back(deadline);
  }
  for (const Deadline& deadline : due_) {
    const auto found = timers_.find(deadline);
    if (found == timers_.end()) continue;
    const auto fn = std::move(found->second);
    timers_.erase(found);
    deadlines_.erase(deadline.id);
    fn();
  }
  if (!due_.empty()) watch_for_rush(reached, waited);
}

// A timer that is always due again would take a whole processor and, with a request at each, flood the servers.
void Loop::watch_for_rush(MonoTime begin, std::size_t waited) {
  TimeoutRush::Turn turn{.begin = begin, .end = now(), .waited = waited, .ran = due_.size(), .waiting = timers_.size()};
  turn.more_due = !timers_.empty() && timers_.begin()->first.when <= turn.end;
  if (!rush_->note(turn)) return;
  log::fatal("Timers are due again at once, without end");
  ran_away_ = true;
}

void Loop::sweep() {
  if (!std::exchange(any_dead_, false)) return;
  std::erase_if(watches_, [](const auto& watch) { return watch->dead; });
  watches_changed_ = true;
}

}  // namespace timed::os
