// What happens to the worlds of the swarm: to their networks, daemons, clocks and names, and what forgers send.
#ifndef TIMED_TESTS_SIM_SWARM_DISTURBANCES_H_
#define TIMED_TESTS_SIM_SWARM_DISTURBANCES_H_

#include "tests/sim/swarm_watch.h"
#include "tests/sim/swarm_world.h"

namespace timed::sim {

class SwarmDisturbances {
 public:
  SwarmDisturbances(SwarmWorld& world, SwarmWatch& watch);

  // One, of anybody.
  void disturb();
  // Somebody sends to anybody in the name of anybody.
  void forge();
  // Everything is as it should be from now on.
  void end();

 private:
  void disturb_network(SwarmClient& client);
  void disturb_daemon(SwarmClient& client);
  void disturb_clock(SwarmClient& client);
  void jump_far(SwarmClient& client);
  void move_unseen(SwarmClient& client);
  void order_step(SwarmClient& client);
  void sleep(SwarmClient& client);
  void warm(SwarmClient& client);
  void step_a_server();
  void leap();

  SwarmWorld& world_;
  SwarmWatch& watch_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SWARM_DISTURBANCES_H_
