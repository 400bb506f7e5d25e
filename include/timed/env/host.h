// Everything else a daemon asks of its machine, all rare: the fourth seam, and Env, which holds the four together.
#ifndef TIMED_ENV_HOST_H_
#define TIMED_ENV_HOST_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/env/clock.h"
#include "timed/env/files.h"
#include "timed/env/network.h"
#include "timed/env/timers.h"

namespace timed::env {

struct Env;

// A second loop beside that of the daemon, on a thread of its own where there are threads.  What runs on it shares
// nothing with the rest but what was made for that.
class Worker {
 public:
  // Ends its loop after the turn that runs, and waits for that.  What lives on the loop was ended before, by call().
  virtual ~Worker() = default;
  // The worker's own seams, for what runs in post() and call(): its clock can be read but not steered, and it starts no
  // workers.
  virtual const Env& env() = 0;
  // Runs the function in one of the worker's turns, soon.
  virtual void post(std::function<void()> fn) = 0;
  // The same, and returns when it has run.
  virtual void call(const std::function<void()>& fn) = 0;
  // From now on it runs with what others leave of the processors.
  virtual void give_way() = 0;
};

class Host {
 public:
  using Resolved = std::function<void(Result<std::vector<IpAddress>>)>;
  virtual ~Host() = default;

  // Unpredictable bytes.
  virtual void random(std::span<std::byte> out) = 0;
  // Looks a host name up without blocking; done is called later in a turn, never from inside this call.  Addresses
  // come in the resolver's order, at most 16, without duplicates, only of the wanted family (Unspecified = both).
  virtual void resolve(std::string name, Family family, Resolved done) = 0;
  virtual Files& files() = 0;
  // To the service manager ("READY=1", "STOPPING=1"); nothing where there is none.
  virtual void notify(const std::string& state) = 0;
  // Sends a mail (headers, an empty line, text) without blocking; what becomes of it is not known.
  virtual void mail(const std::string& message) = 0;
  // The second that the real-time clock tells, kept in UTC or in local time.  Messages of errors are complete.
  virtual Result<RawTime> read_rtc(const std::string& device, bool utc) = 0;
  // Of the machine, for people.
  virtual std::string machine_name() = 0;
  // Processors that this process may use, at least one.
  virtual int processors() = 0;
  virtual Result<std::unique_ptr<Worker>> start_worker(const std::string& name) = 0;
  // Runs the function in a turn of this host's own loop, soon.  The only member that any thread may call.
  virtual void post(std::function<void()> fn) = 0;
};

// Handed to Engine only; modules get the members they use.
struct Env {
  SystemClock& clock;
  Timers& timers;
  Network& network;
  Host& host;
};

// What the loop calls: the daemon that runs on it.  A turn is one wake-up of the loop, with all the sockets and
// timers that were due.
class TurnTaker {
 public:
  virtual ~TurnTaker() = default;
  // `late` is how long the first of the timers has been due, zero where none is: after more than a moment the process
  // did not run.
  virtual void begin_turn(Duration late) = 0;
  virtual void end_turn() = 0;
  // SIGHUP: read again what may have changed.
  virtual void on_hangup() = 0;
  // Asked after each turn; true ends the loop.
  virtual bool wants_exit() const = 0;
};

}  // namespace timed::env

#endif  // TIMED_ENV_HOST_H_
