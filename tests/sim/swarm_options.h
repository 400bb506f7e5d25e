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
// What the options of a source line may be drawn from.
struct SourceNeeds {
  int min_poll = 6;
  bool must_deliver = false;  // not left without samples for hours, and selectable
  bool is_server = true;      // one of the true time, not a client
  bool strata_lie = false;    // strata may say what is not
  Duration delay{};           // of the way there and back
  double asymmetry = 0.0;     // 0.5 where the jitter is on the way back alone, -0.5 on the way there, else 0
};
std::string random_source_options(SeededRandom& random, const SourceNeeds& needs);
// What a client does with its own clock, besides, and what makes the bounds of its time others than usual.
struct ClientDraw {
  std::string config;
  bool fallback = false;       // is not synchronised any more after an hour without an update
  bool temperature = false;    // has a sensor
  bool may_exit = false;       // ends where the offset is too large
  int resume_steps = 0;        // after each sleep and each step by others
  bool keeps_history = false;  // starts with -r
  bool smooths = false;        // serves a time that is not its own
  bool broadcasts = false;
};
ClientDraw random_client_options(SeededRandom& random, bool leap_night);
constexpr const char* kSensor = "/temperature";
// How much faster a clock becomes that is warmer by one, and what the compensation takes off again.
constexpr double kPpmByDegree = 0.5;
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
