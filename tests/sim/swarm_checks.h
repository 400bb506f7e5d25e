// What must hold of each client of the swarm whenever the world stands still for a moment.
#ifndef TIMED_TESTS_SIM_SWARM_CHECKS_H_
#define TIMED_TESTS_SIM_SWARM_CHECKS_H_

#include "tests/sim/swarm_watch.h"
#include "tests/sim/swarm_world.h"

namespace timed::sim {

class SwarmChecks {
 public:
  SwarmChecks(SwarmWorld& world, SwarmWatch& watch) : world_(world), watch_(watch) {}

  // After so much time since the last check.
  void check_all(Duration span);
  // After the calm: everybody knows the time again.
  void check_end();

 private:
  void check(SwarmClient& client, Duration span);
  void check_steps(SwarmClient& client);
  void check_polls(SwarmClient& client);
  void check_claim(SwarmClient& client, const control::TrackingReply& tracking, Duration left);
  void check_smoothing(SwarmClient& client, Duration left, Duration span);

  SwarmWorld& world_;
  SwarmWatch& watch_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SWARM_CHECKS_H_
