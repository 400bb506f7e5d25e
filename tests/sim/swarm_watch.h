// What a world of the swarm shows on its network, judged packet by packet: who asks, who is answered, and whether an
// answer is as right as it says.
#ifndef TIMED_TESTS_SIM_SWARM_WATCH_H_
#define TIMED_TESTS_SIM_SWARM_WATCH_H_

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "tests/sim/swarm_world.h"
#include "timed/ntp/packet.h"

namespace timed::sim {

// How many times its claim a node may be off, by how well it can know its sources.
double tolerance(const SwarmClient& client);
// And what comes to that where old samples and new ones lie on a line that is no frequency: a way has changed, or the
// first answer after a long time was held up, which nobody can tell by then.
Duration crooked_line(const SwarmClient& client);

class SwarmWatch {
 public:
  // Takes the network's tap.
  explicit SwarmWatch(SwarmWorld& world);

  // Requests so far.
  int asked(const std::string& client, const std::string& server);
  const Endpoint& last_asker() const { return last_asker_; }
  // What is sent meanwhile is forged, and nobody's claim.
  void set_forging(bool forging) { forging_ = forging; }

 private:
  struct Request {
    std::size_t size = 0;
    ntp::NtpTimestamp transmit;
    ntp::NtpTimestamp receive;
  };
  // From a sender to a receiver.
  using Way = std::pair<Endpoint, Endpoint>;

  void see(const PacketEvent& event);
  void note_request(const Packet& packet);
  std::optional<Request> take_request(const Packet& answer, const ntp::Header& header);
  void watch_unasked(const Packet& packet, ntp::Mode mode);
  void watch_answer(const Packet& packet);
  void watch_claim(Node& node, const ntp::Header& header, bool interleaved);
  void watch_spacing(Node& node, const ntp::Header& header);
  Duration error_of(Node& node, const ntp::Header& header, bool interleaved);
  void note_served(const SwarmClient& client, const ntp::Header& header, Duration error);

  SwarmWorld& world_;
  std::map<Way, std::deque<Request>> owed_;  // those that may still be answered
  std::map<std::pair<IpAddress, IpAddress>, int> asked_;
  Endpoint last_asker_;
  bool forging_ = false;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SWARM_WATCH_H_
