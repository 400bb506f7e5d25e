// One machine's event loop in virtual time: its timers, its sockets, and the turns of the daemon that runs on it.
// It keeps the order of the real loop (docs/architecture.md): begin_turn, what was posted, readable sockets by
// priority, due timers by deadline, end_turn.
#ifndef TIMED_TESTS_SIM_SIM_LOOP_H_
#define TIMED_TESTS_SIM_SIM_LOOP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/sim/sim_clock.h"
#include "tests/sim/world.h"
#include "timed/env/host.h"

namespace timed::sim {

// Timers on the machine's own monotonic time: a slow machine is late.
class SimTimers : public env::Timers {
 public:
  explicit SimTimers(SimClock& clock) : clock_(clock) {}

  MonoTime now() override { return clock_.mono_now(); }
  Id call_at(MonoTime when, std::function<void()> fn) override;
  void cancel(Id id) override;

  std::optional<MonoTime> next_deadline() const;
  // Runs what is due; what is created meanwhile waits for the next call.
  void run_due();
  void clear();
  void on_change(std::function<void()> fn) { changed_ = std::move(fn); }

 private:
  SimClock& clock_;
  Id last_id_ = 0;
  std::map<std::pair<MonoTime, Id>, std::function<void()>> queue_;
  std::unordered_map<Id, MonoTime> deadlines_;
  std::function<void()> changed_;
};

// What a loop knows of a socket.
class LoopSocket {
 public:
  virtual ~LoopSocket() = default;
  virtual bool readable() const = 0;
  // Calls the owner's function, which may destroy the socket.
  virtual void run() = 0;
};

class SimLoop {
 public:
  // Place in the order of a turn: priority, then creation.
  using SocketId = std::pair<env::SocketPriority, std::uint64_t>;

  SimLoop(World& world, SimClock& clock, Log& log, Duration wake_latency);
  ~SimLoop();
  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;

  SimTimers& timers() { return timers_; }
  // From now on turns go to this daemon; null stops them and drops all timers.
  void run_daemon(env::TurnTaker* daemon);
  // Called after the turn in which the daemon wanted to end; may call run_daemon(nullptr).
  void on_exit(std::function<void()> fn) { exit_ = std::move(fn); }
  // Called at the end of each turn: for a test that counts them.
  void on_turn(std::function<void()> fn) { turned_ = std::move(fn); }
  // Something is readable: a turn follows after the machine's wake-up latency.
  void wake();
  // Runs the function in a turn of its own at a time.
  void post_at(TrueTime when, std::function<void()> fn);
  // The process does not run for that long (SIGSTOP; a host that has other things to do), the machine does.
  void pause(Duration span);
  // SIGHUP, in a turn.
  void hang_up();

  SocketId add_socket(LoopSocket& socket, env::SocketPriority priority);
  void remove_socket(const SocketId& id) { sockets_.erase(id); }
  LoopSocket* find_socket(const SocketId& id);
  std::uint64_t turns() const { return turns_; }

 private:
  void turn(const std::function<void()>& posted);
  void resume();
  void run_sockets();
  void rearm();
  void on_timer_event();

  World& world_;
  SimClock& clock_;
  Log& log_;
  const Duration wake_latency_;
  SimTimers timers_;
  env::TurnTaker* daemon_ = nullptr;
  std::uint64_t daemon_number_ = 0;  // what was posted for an earlier daemon is not for this one
  std::function<void()> exit_;
  std::function<void()> turned_;
  std::map<SocketId, LoopSocket*> sockets_;
  std::uint64_t next_socket_ = 1;
  std::vector<SocketId> readable_;
  std::optional<World::EventId> wake_event_;
  std::optional<World::EventId> timer_event_;
  std::vector<World::EventId> posted_;
  bool in_turn_ = false;
  bool paused_ = false;
  std::vector<std::function<void()>> missed_;  // what was posted meanwhile
  std::uint64_t turns_ = 0;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SIM_LOOP_H_
