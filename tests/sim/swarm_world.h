// One world of the swarm: who is there, how each is configured, and what is known of how wrong each may be.
#ifndef TIMED_TESTS_SIM_SWARM_WORLD_H_
#define TIMED_TESTS_SIM_SWARM_WORLD_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/history_watch.h"
#include "tests/sim/scenario.h"
#include "tests/sim/swarm.h"
#include "tests/sim/swarm_options.h"

namespace timed::sim {

// Steps that nobody notices at once, of servers and of the own clock.  A client may be half-way between the old time
// and the new, and for a moment beyond it: samples from before and after a step look like a large frequency.
constexpr Duration kLargestUnseenStep = Duration::seconds(0.3);
constexpr double kOvershoot = 2.5;

struct SwarmServer {
  Node* node = nullptr;
  std::string address;
  std::uint16_t port = 123;
  Duration known_error;  // constant: those who ask it know, and take it off with `offset`
};

struct SwarmClient {
  Node* node = nullptr;
  std::string address;
  bool may_step = false;
  double max_slew_ppm = 1e6 / 12;
  int min_poll = 6;
  std::size_t sources = 0;
  ClientDraw draw;
  bool serves_local = false;  // its own time, where it has no better
  bool direct = true;         // asks nobody but servers
  // Of the ways to whom it asks: where fixed; and the delay that the option mindelay says there is at least.
  std::map<std::string, double> asymmetry;
  std::map<std::string, Duration> least_delay;
  std::map<std::string, std::pair<Link, Link>> shortest_way;  // there and back
  Duration way_error;  // largest error that a way alone has made: half of what it is longer back than there
  Duration held_up;    // error of a packet that was held up by the network
  bool ways_changed = false;
  bool was_without = false;  // answers, for a while
  int orders = 0;            // to make a step
  int bursts = 0;            // that were ordered
  int far_jumps = 0;         // of its clock against its counters, which it notices
  int set_by_others = 0;     // so many of them moved its clock
  int beginnings = 1;        // starts, and clocks stepped from outside: each may burst
  double degrees = 20.0;
  Duration awake;
  Duration settled;  // since the last of these
  bool was_synchronised_in_calm = false;
  std::optional<Duration> served_error;  // smoothed, as of the last check
  std::size_t steps_then = 0;            // of its clock, until that check
  std::string config;
  std::unique_ptr<HistoryWatch> history;
};

class SwarmWorld {
 public:
  explicit SwarmWorld(std::uint64_t seed);

  // ---- names ----
  static std::string name_of(const std::string& address);
  SwarmClient* client_of(const Node& node);
  bool is_ntp_port(std::uint16_t port) const { return port == 123 || port == kOtherPort; }

  // ---- the truth ----
  TrueTime now() { return scenario.world().now(); }
  // What a right clock is ahead of true time, which has no leap seconds.
  Duration right() { return leap && now() >= leap->at ? leap->gained() : Duration::zero(); }
  bool in_leap_window();
  Duration known_error_of(const std::string& address) const;

  // ---- what may be drawn ----
  bool one_in(std::uint64_t n) { return random.below(n) == 0; }
  // A new way between a client and whom it asks.
  void draw_ways(SwarmClient& client, const std::string& server);
  // The shortest that there was.
  void restore_ways(SwarmClient& client);
  void cut_off(const std::string& name, bool cut);
  void start(SwarmClient& client);
  // Lets time go by, which counts for all that run.
  void pass(Duration span);
  void pass_events(std::uint64_t count);

  // ---- what did not hold ----
  void broke(Node* node, const std::string& what);
  void require(bool holds, Node& node, const char* what, double value);
  std::string sources_of(const SwarmClient& client);
  bool has_source(const SwarmClient& client);  // that is selected

  static constexpr std::uint16_t kOtherPort = 11123;

  const std::optional<LeapNight> leap;
  Scenario scenario;
  SeededRandom random;
  const bool clocks_step;  // by what is not noticed
  const bool strata_lie;   // copy, and minstratum of sources
  const bool some_are_local;
  const bool by_name;
  std::vector<SwarmServer> servers;
  std::vector<SwarmClient> clients;
  std::vector<std::string> upstream;  // addresses of all that are asked
  std::map<std::string, bool> cut_offs;
  // What steps nobody has noticed: all bounds are wider by that.
  Duration moved;
  // What the clients have been wrong by in their answers.  The claim of one who follows another is about that other,
  // and may rest on a sample from before the other lost its own server.
  Duration worst_served;
  Machine mallory;  // forges
  SwarmOutcome outcome;

 private:
  std::vector<std::string> all_addresses() const;
  void add_server(int index);
  void add_client(int index);
  void note_way(SwarmClient& client, const std::string& server);
  std::string source_lines(SwarmClient& client, const std::string& name);
  std::string named_lines(SwarmClient& client, bool has_peer);
  std::string draw_own(SwarmClient& client);
  std::string draw_estimator();
  void count_awake(Duration span);

  SeededRandom estimators_;  // apart from all other draws: the worlds stay those from before there was a choice
  int first_to_peer_ = 0;    // it and the next client are peers
  std::string peer_options_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SWARM_WORLD_H_
