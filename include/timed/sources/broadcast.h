// Sends the time unasked (mode 5, RFC 5905 section 3) to broadcast, multicast or any other addresses, from the port of
// the NTP server.  Nobody can authenticate it, and whoever uses it must guess how long it was under way: it is for
// devices that cannot ask ("broadcast").
#ifndef TIMED_SOURCES_BROADCAST_H_
#define TIMED_SOURCES_BROADCAST_H_

#include <functional>
#include <memory>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/random.h"
#include "timed/base/units.h"
#include "timed/discipline/own_state.h"
#include "timed/env/clock.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/env/timers.h"
#include "timed/sources/options.h"
#include "timed/sources/spacing.h"

namespace timed::sources {

struct BroadcastSeams {
  env::Timers& timers;
  env::SystemClock& clock;
  env::Host& host;
};

// Neither of them may destroy who calls it.
struct BroadcastCallbacks {
  // The socket of the NTP server, which may send to broadcast addresses; null where there is none.
  std::function<env::UdpSocket*(Family)> server_socket;
  // What is said of our clock now, with its line to local time.
  std::function<discipline::OwnState()> own_state;
};

// Whether some line sends in this family.
bool need_server_socket(const std::vector<BroadcastLine>& lines, Family family);

class Broadcasts {
 public:
  // The seams outlive it.
  Broadcasts(const std::vector<BroadcastLine>& lines, const BroadcastSeams& seams, BroadcastCallbacks callbacks);
  ~Broadcasts();
  Broadcasts(const Broadcasts&) = delete;
  Broadcasts& operator=(const Broadcasts&) = delete;

  // From here on each line sends, for the first time after its interval.
  void start();
  void stop();

 private:
  struct Target;

  void arm(Target& target);
  void send(Target& target);
  Status try_to_send(const Target& target);

  env::SystemClock& clock_;
  BroadcastCallbacks callbacks_;
  EntropyPool random_;
  SpacedTimes times_;
  std::vector<std::unique_ptr<Target>> targets_;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_BROADCAST_H_
