// A machine of the world: clock, loop, sockets, files, a log.  What runs on it is a daemon (node.h), or a few lines of
// a test.
#ifndef TIMED_TESTS_SIM_MACHINE_H_
#define TIMED_TESTS_SIM_MACHINE_H_

#include <string>
#include <vector>

#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_host.h"
#include "tests/sim/sim_loop.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/world.h"
#include "timed/env/host.h"

namespace timed::sim {

// What the machines of one world share.
struct Shared {
  explicit Shared(World& the_world) : world(the_world), network(the_world) {}
  World& world;
  SimNetwork network;
  NameTable names;
};

struct MachineModel {
  std::string name;
  SocketsModel sockets{};
  ClockModel clock{};
  Duration wake_latency = Duration::micros(10);  // from an arrival to the turn that reads it
};

// Addresses from their texts, which must be right.
std::vector<IpAddress> addresses(const std::vector<std::string>& texts);

class Machine {
 public:
  Machine(Shared& shared, MachineModel model);

  env::Env env() { return {clock_, loop_.timers(), sockets_, host_}; }
  World& world() { return world_; }
  const std::string& name() const { return name_; }
  SimClock& clock() { return clock_; }
  SimLoop& loop() { return loop_; }
  SimSockets& sockets() { return sockets_; }
  SimHost& host() { return host_; }
  SimFiles& files() { return host_.files(); }
  Log& log() { return log_; }

 private:
  World& world_;
  const std::string name_;
  Log log_;
  SimClock clock_;
  SimLoop loop_;
  SimSockets sockets_;
  SimHost host_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_MACHINE_H_
