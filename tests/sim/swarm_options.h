// What the worlds of the swarm are drawn from: clocks, links, options of sources, and nights with a leap second.
#ifndef TIMED_TESTS_SIM_SWARM_OPTIONS_H_
#define TIMED_TESTS_SIM_SWARM_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_network.h"
#include "timed/base/random.h"

namespace timed::sim {

ClockModel random_clock(SeededRandom& random);
Link random_link(SeededRandom& random);
// Of one source line: " minpoll …".  One that must deliver is not left without samples for hours.
std::string random_source_options(SeededRandom& random, int min_poll, bool must_deliver);
// How a client makes a leap second, and whether it has heard of one.
std::string random_leap_options(SeededRandom& random);

// Noise, or what looks like a packet.
std::vector<std::byte> random_datagram(SeededRandom& random);

struct LeapNight {
  TrueTime begin;   // of the world
  TrueTime at;      // when right clocks leap
  int seconds = 1;  // 1: inserted, -1: left out

  // One world of five has a leap second.
  static std::optional<LeapNight> draw(std::uint64_t seed);
  // What a right clock gains by it.
  Duration gained() const { return Duration::seconds(-seconds); }
  // The leap second list that is true there.
  std::string list() const;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SWARM_OPTIONS_H_
