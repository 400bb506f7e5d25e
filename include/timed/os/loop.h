// The loop that everything runs on: poll, one timerfd, an eventfd for signals.
//
// A turn (docs/architecture.md, "One turn of the loop"): poll → begin_turn → what was posted → sockets by priority →
// due timers by (deadline, creation) → end_turn → removal of what was unwatched.  A callback may destroy the object it
// belongs to, or any other; nothing that was cancelled or unwatched in a turn runs later in it.
#ifndef TIMED_OS_LOOP_H_
#define TIMED_OS_LOOP_H_

#include <poll.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/env/timers.h"
#include "timed/os/descriptor.h"

namespace timed::os {

class TimeoutRush;

class Loop : public env::Timers {
 public:
  using WatchId = std::uint64_t;  // never reused; 0 is none
  // Called with what poll reported (POLLIN, POLLERR, POLLHUP).
  using Ready = std::function<void(short events)>;

  // Opens the timerfd, so after the last fork of the process that is to run it or before; both work.
  static Result<std::unique_ptr<Loop>> create();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  MonoTime now() override;
  Id call_at(MonoTime when, std::function<void()> fn) override;
  void cancel(Id id) override;

  // Calls fn in every turn in which the descriptor is readable or in error.  The descriptor stays its owner's, who
  // unwatches it before closing it.
  WatchId watch(int descriptor, env::SocketPriority priority, Ready fn);
  void unwatch(WatchId id);
  // Whether fn is called too while there is room to write; at first it is not.
  void watch_room(WatchId id, bool wanted);

  // Runs fn in the loop's next turn, before its sockets.  The only member that another thread may call.
  void post(std::function<void()> fn);
  // Whether what is posted is seen at once; where it is not, it waits for the next turn, whenever that is.
  bool can_be_woken() const { return wake_.is_open(); }

  // The stamp of a datagram for which the kernel has none: the real time read after poll, or now outside a turn.
  RawTime receive_time() const;

  // SIGTERM, SIGINT and SIGQUIT end run(), SIGHUP becomes on_hangup(), SIGPIPE is ignored.  At most one loop of a
  // process; the former actions are restored when it is destroyed.
  Status catch_signals();
  // Turns until a signal ends it (answers its number) or the taker wants to exit (answers 0), or timers come so fast
  // that something must be wrong with them, which is logged (answers 0; ran_away()).
  int run(env::TurnTaker& taker);
  bool ran_away() const { return ran_away_; }

 private:
  struct Watch {
    WatchId id;
    int descriptor;
    env::SocketPriority priority;
    Ready fn;
    bool room = false;  // is waited for
    short events = 0;   // of this turn
    bool dead = false;
  };
  struct Deadline {
    MonoTime when;
    Id id;
    auto operator<=>(const Deadline&) const = default;
  };

  Loop(Descriptor timer, Descriptor wake);
  void arm_timer();
  void wait();
  void after_failed_poll(int number);
  void take_events();
  void turn(env::TurnTaker& taker);
  Duration lateness();
  void run_posted();
  void run_watches();
  void run_timers();
  void watch_for_rush(MonoTime begin, std::size_t waited);
  void sweep();

  Descriptor timer_;
  Descriptor wake_;
  bool catches_signals_ = false;
  bool in_turn_ = false;
  bool woken_ = false;  // by a signal or post()
  bool poll_failing_ = false;
  bool ran_away_ = false;
  RawTime turn_time_;

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded
  std::vector<std::function<void()>> running_;

  std::map<Deadline, std::function<void()>> timers_;
  std::unordered_map<Id, MonoTime> deadlines_;
  std::vector<Deadline> due_;
  Id next_timer_ = 1;
  std::unique_ptr<TimeoutRush> rush_;
  MonoTime armed_;  // what the timerfd is set to; zero = disarmed

  std::vector<std::unique_ptr<Watch>> watches_;  // by priority, then creation
  std::vector<Watch*> ready_;
  std::vector<pollfd> polled_;
  bool watches_changed_ = true;
  bool any_dead_ = false;
  WatchId next_watch_ = 1;
};

}  // namespace timed::os

#endif  // TIMED_OS_LOOP_H_
