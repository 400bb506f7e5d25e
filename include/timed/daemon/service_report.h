// What the service manager is told beside READY: what the daemon is doing, and that it is alive (sd_notify(3)).
#ifndef TIMED_DAEMON_SERVICE_REPORT_H_
#define TIMED_DAEMON_SERVICE_REPORT_H_

#include <functional>
#include <string>
#include <string_view>

#include "timed/base/units.h"
#include "timed/env/host.h"
#include "timed/env/timers.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

struct ServiceState {
  bool ready = false;         // false: the clock is still being set for the start
  bool serving = false;       // somebody may ask for the time
  bool lacking = false;       // on some address nobody can, as its port is not open
  bool serving_keys = false;  // somebody may ask for NTS keys
  bool lacking_keys = false;  // on some address nobody can
  int stratum = 0;            // 0 and 16: not synchronised
  std::string reference;      // description of the source; empty: the local clock is the reference
  sources::ActivityReport sources;
};

// One line for people.
std::string status_text(const ServiceState& state);

class ServiceReport {
 public:
  // A sign of life comes this often within the time after which the manager takes us for dead.
  static constexpr int kBeats = 3;

  ServiceReport(env::Host& host, env::Timers& timers) : host_(host), beat_(timers, [this] { beat(); }) {}

  // Who makes no progress, as the begin of a sentence; empty where all do.
  using Hangs = std::function<std::string_view()>;

  // Says it where it is not what was said last.
  void tell(const ServiceState& state);
  // From now on a sign of life, as long as nobody is named who hangs.  A loop that hangs itself gives none.
  void keep_watchdog(Duration limit, Hangs hangs);
  void stop() { beat_.disarm(); }

 private:
  void beat();

  env::Host& host_;
  env::Timer beat_;
  Duration interval_;
  Hangs hangs_;
  std::string told_;
  std::string_view told_of_;  // who hangs
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_SERVICE_REPORT_H_
