#include "tests/sim/sim_loop.h"

#include <algorithm>

#include "timed/base/check.h"

namespace timed::sim {
namespace {

// How far ahead the oscillator is looked at; a timer beyond it is looked for again there.
constexpr double kHorizon_s = 4096.0;

}  // namespace

env::Timers::Id SimTimers::call_at(MonoTime when, std::function<void()> fn) {
  const Id id = ++last_id_;
  queue_.emplace(std::pair{when, id}, std::move(fn));
  deadlines_.emplace(id, when);
  if (changed_) changed_();
  return id;
}

void SimTimers::cancel(Id id) {
  const auto found = deadlines_.find(id);
  if (found == deadlines_.end()) return;
  queue_.erase({found->second, id});
  deadlines_.erase(found);
  if (changed_) changed_();
}

std::optional<MonoTime> SimTimers::next_deadline() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first.first;
}

void SimTimers::run_due() {
  const MonoTime time = now();
  const Id newest = last_id_;
  for (auto next = queue_.begin(); next != queue_.end() && next->first.first <= time;) {
    if (next->first.second > newest) {
      ++next;
      continue;
    }
    const auto fn = std::move(next->second);
    deadlines_.erase(next->first.second);
    queue_.erase(next);
    fn();
    next = queue_.begin();
  }
}

void SimTimers::clear() {
  queue_.clear();
  deadlines_.clear();
  if (changed_) changed_();
}

SimLoop::SimLoop(World& world, SimClock& clock, Log& log, Duration wake_latency)
    : world_(world), clock_(clock), log_(log), wake_latency_(wake_latency), timers_(clock) {
  timers_.on_change([this] { rearm(); });
  clock_.on_rate_change(this, [this] { rearm(); });
}

SimLoop::~SimLoop() {
  run_daemon(nullptr);
  timers_.on_change(nullptr);
  clock_.on_rate_change(this, nullptr);
}

void SimLoop::run_daemon(env::TurnTaker* daemon) {
  daemon_ = daemon;
  ++daemon_number_;
  if (daemon == nullptr) {
    timers_.clear();
    for (const auto& id : posted_) world_.cancel(id);
    posted_.clear();
    missed_.clear();
    if (wake_event_) world_.cancel(*std::exchange(wake_event_, std::nullopt));
  }
  rearm();
}

void SimLoop::wake() {
  if (wake_event_) return;
  wake_event_ = world_.after(wake_latency_, [this] {
    wake_event_.reset();
    turn(nullptr);
  });
}

void SimLoop::post_at(TrueTime when, std::function<void()> fn) {
  const std::uint64_t number = daemon_number_;
  std::erase_if(posted_, [&](const World::EventId& id) { return id.first < world_.now().nanos(); });
  posted_.push_back(world_.at(when, [this, number, fn = std::move(fn)] {
    if (number == daemon_number_) turn(fn);
  }));
}

void SimLoop::hang_up() {
  post_at(world_.now(), [this] { daemon_->on_hangup(); });
}

SimLoop::SocketId SimLoop::add_socket(LoopSocket& socket, env::SocketPriority priority) {
  const SocketId id{priority, next_socket_++};
  sockets_.emplace(id, &socket);
  return id;
}

LoopSocket* SimLoop::find_socket(const SocketId& id) {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : found->second;
}

void SimLoop::pause(Duration span) {
  TIMED_ASSERT(!paused_);
  paused_ = true;
  world_.after(span, [this] { resume(); });
}

// One turn for all that came meanwhile.
void SimLoop::resume() {
  paused_ = false;
  const auto missed = std::exchange(missed_, {});
  turn([&missed] {
    for (const auto& fn : missed) fn();
  });
}

void SimLoop::turn(const std::function<void()>& posted) {
  if (daemon_ == nullptr) return;
  if (paused_) {
    if (posted) missed_.push_back(posted);
    return;
  }
  TIMED_ASSERT(!in_turn_);
  in_turn_ = true;
  ++turns_;
  const LogScope scope(world_, log_);
  const auto deadline = timers_.next_deadline();
  daemon_->begin_turn(deadline ? std::max(Duration::zero(), timers_.now() - *deadline) : Duration::zero());
  if (posted) posted();
  run_sockets();
  timers_.run_due();
  daemon_->end_turn();
  in_turn_ = false;
  if (turned_) turned_();
  if (daemon_->wants_exit() && exit_) {
    exit_();
    return;
  }
  rearm();
  const auto waiting = [](const auto& entry) { return entry.second->readable(); };
  if (std::any_of(sockets_.begin(), sockets_.end(), waiting)) wake();
}

void SimLoop::run_sockets() {
  readable_.clear();
  for (const auto& [id, socket] : sockets_) {
    if (socket->readable()) readable_.push_back(id);
  }
  for (const SocketId& id : readable_) {
    if (LoopSocket* socket = find_socket(id)) socket->run();
  }
}

// Only the next timer has an event.  During a turn timers come and go: once at its end is enough.
void SimLoop::rearm() {
  if (in_turn_) return;
  if (timer_event_) world_.cancel(*std::exchange(timer_event_, std::nullopt));
  const auto deadline = timers_.next_deadline();
  if (!deadline || daemon_ == nullptr) return;
  const TrueTime horizon = world_.now() + Duration::seconds(kHorizon_s);
  timer_event_ = world_.at(clock_.when_mono(*deadline, horizon), [this] { on_timer_event(); });
}

void SimLoop::on_timer_event() {
  timer_event_.reset();
  const auto deadline = timers_.next_deadline();
  if (deadline && *deadline <= timers_.now()) {
    turn(nullptr);
  } else {
    rearm();
  }
}

}  // namespace timed::sim
