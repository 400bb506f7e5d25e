// The daemon as one object: builds the rooms, tells each what it must know, in the order that matters.
// No arithmetic on domain values here, and no decision that a room could take.
#ifndef TIMED_DAEMON_ENGINE_H_
#define TIMED_DAEMON_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/config/config.h"
#include "timed/env/host.h"

namespace timed::sources {
class SourceSet;
}

namespace timed::daemon {

// Whether only a privileged process may open it; zero is no port.
constexpr bool is_low_port(std::uint16_t port) {
  return port > 0 && port < 1024;
}

class Engine : public env::TurnTaker {
 public:
  // Nothing is opened, read or changed before open().  What env refers to outlives the engine.  `name` is what the
  // program was started as; `reopen_logs` is called at a hangup.
  Engine(config::Config config, const env::Env& env, std::string name = "timed",
         std::function<void()> reopen_logs = {});
  ~Engine() override;

  // Called once, in start(): when all is open that is opened at the start and the threads run, before the first packet
  // is sent or read.  An error ends the daemon with status 1.
  void on_opened(std::function<Status()> fn);
  // Called once, when normal operation begins: in start(), or after initstepslew has set the clock.  An error ends the
  // daemon with status 1.
  void on_ready(std::function<Status()> fn);
  // Before start(): tell the service manager that we are alive, so often that it never takes us for dead within this
  // limit, as long as the loop and the serving threads make their turns.
  void keep_watchdog(Duration limit);
  // What needs privileges: the clock and the ports.  Fails only where the daemon would be of no use at all.
  Status open();
  // Whether one below 1024 that cannot be opened yet will be tried again, beside those of NTP.
  bool lacks_low_port() const;
  // What must wait until they are dropped: the Unix command socket, then the sources.  The loop must run afterwards.
  void start();
  // Ends polling and serving, cancels the slew, saves the drift.  Called once, after the loop has ended.
  void stop();

  void begin_turn(Duration late) override;
  void end_turn() override;
  void on_hangup() override;
  bool wants_exit() const override;
  // Status with which the process is to exit: not 0 where the daemon has ended itself for a reason.
  int exit_status() const;
  // For a look from outside, as a simulation takes it; null before open().
  const sources::SourceSet* sources() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_ENGINE_H_
