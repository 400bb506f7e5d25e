// What most scenarios are made of: a world, nodes, and how well a clock keeps time in it.
#ifndef TIMED_TESTS_SIM_SCENARIO_H_
#define TIMED_TESTS_SIM_SCENARIO_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/node.h"

namespace timed::sim {

// The usual way between two machines of the scenarios: 0.1 ms and a jitter of as much again.
Link usual_link();
// The usual clock of a client: 0.1 s and 100 ppm fast, with a wander of 1e-9 s/s per sqrt(s).
ClockModel usual_clock();

class Scenario {
 public:
  // The seed may be replaced by that of the environment (seed_or).
  explicit Scenario(std::uint64_t seed, TrueTime start = kWorldStart);

  World& world() { return world_; }
  Shared& shared() { return shared_; }  // for machines that are no nodes
  SimNetwork& network() { return shared_.network; }
  NameTable& names() { return shared_.names; }

  // A machine whose clock is right, serving as stratum 1.
  Node& add_server(const std::string& name, const std::vector<std::string>& texts, const std::string& more_config = "");
  // A machine with the configuration, not started.
  Node& add(const std::string& name, const std::vector<std::string>& texts, const ClockModel& clock,
            const std::string& config);
  Node& add(MachineModel model, const std::string& config);
  Node& node(const std::string& name);
  // Starts all that are not running; the test fails where one does not.
  void start_all();
  void run_for(Duration span) { world_.run_for(span); }

  // For the messages of assertions: the seed, and the log of a node.
  std::string report(Node& node);

 private:
  World world_;
  Shared shared_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

struct Limits {
  Duration time = Duration::millis(1);
  Frequency frequency = Frequency::ppm(500);
};

struct Performance {
  // From the begin of the measurement until the errors were within the limits for good; empty: never.
  std::optional<Duration> synchronised_after;
  // Of the part of the run after `settle`.
  Duration max_error, rms_error;
  Frequency max_frequency_error, rms_frequency_error;
};

// Lets the world run and looks at a node's clock once a second.
Performance measure(World& world, Node& node, Duration span, Duration settle, const Limits& limits = {});

// What a node says of the source with this address (`sources`, `sourcestats`); empty where it has no such source.
std::optional<control::SourceDataReply> source_report(Node& node, const std::string& address);
std::optional<control::SourcestatsReply> stats_report(Node& node, const std::string& address);

// The requests of a machine, as the network sees them leave.
class RequestLog {
 public:
  // Takes the network's tap.
  RequestLog(SimNetwork& network, IpAddress client);
  const std::vector<TrueTime>& times() const { return times_; }
  std::size_t count() const { return times_.size(); }
  // Between successive ones.
  std::vector<Duration> intervals() const;

 private:
  std::vector<TrueTime> times_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SCENARIO_H_
