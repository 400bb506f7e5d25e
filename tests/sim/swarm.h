// A world drawn from a seed: servers, clients, clients of clients and peers, with options, keys, names and pools,
// clocks and links of every quality, either estimator, and with partitions, restarts, crashes, copies of packets,
// forged packets, requests that cannot be sent, names that do not resolve, leap seconds of both kinds, sleep,
// temperatures, steps and bursts that are ordered, and clocks of clients and servers that somebody else steps or slews,
// so far that it is noticed or not, at any time and between any two events.  Some clients serve their own time, smooth
// what they serve, or broadcast. What must hold in all of them:
//   - no answer is larger than its request, and nobody answers who was not asked, nor broadcasts who was not told to;
//   - an answer that claims to be synchronised is as right as it claims to be;
//   - a clock that is synchronised is as right as its owner says it is (both but for the lie of a clock that was
//     stepped, or has not leapt, and does not know it, in the worlds where that happens);
//   - what is smoothed does not jump;
//   - without makestep no clock is stepped, with it only in the first updates after a start, and once an order; with
//     resumestep also after a jump;
//   - no stored sample moves, whatever happens to the clock;
//   - no clock is driven further than maxdrift and maxslewrate allow;
//   - nobody is asked more often than minpoll and its bursts allow;
//   - messages and sockets do not grow with the packets, and no daemon ends of its own accord, but for maxchange;
//   - when the disturbances are over, every client is synchronised again.
#ifndef TIMED_TESTS_SIM_SWARM_H_
#define TIMED_TESTS_SIM_SWARM_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/scenario.h"

namespace timed::sim {

struct SwarmOutcome {
  std::vector<std::string> broken;  // what did not hold, with the log of the node; the run ends at the first
  int nodes = 0;
  int answers = 0;
  int checks = 0;             // of a synchronised clock against its own claim
  std::uint64_t samples = 0;  // that were looked at whether they have moved
};

// Runs the world of a seed.  From half-way on the function is called again and again, so that a test can break what
// must hold.
SwarmOutcome run_swarm(std::uint64_t seed, const std::function<void(Scenario&)>& sabotage = nullptr);

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SWARM_H_
