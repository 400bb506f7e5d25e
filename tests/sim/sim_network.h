// The network between the machines: links with delay, jitter, loss, duplication and reordering; and what one machine
// has of it, its addresses and sockets (env::Network).
#ifndef TIMED_TESTS_SIM_SIM_NETWORK_H_
#define TIMED_TESTS_SIM_SIM_NETWORK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_loop.h"
#include "tests/sim/sim_stream.h"
#include "tests/sim/world.h"
#include "timed/env/network.h"

namespace timed::sim {

// How the delay on top of a link's own is distributed.
enum class JitterShape : std::uint8_t {
  Exponential,  // with the jitter for a mean
  Gaussian,     // about three times the jitter, with the jitter for a deviation
  Lognormal,    // with the jitter for a median, and a deviation of the logarithm of 1.2
};

// One direction of the way between two machines.
struct Link {
  Duration delay = Duration::micros(100);
  Duration jitter{};  // of the delay on top
  JitterShape shape = JitterShape::Exponential;
  double loss = 0.0;         // probabilities, 0 … 1
  double duplication = 0.0;  // the second copy draws its own jitter
  double reordering = 0.0;   // of being held up by reorder_delay
  Duration reorder_delay = Duration::millis(10);
  bool down = false;  // partition: everything is lost
};

struct Packet {
  Endpoint from;
  Endpoint to;
  std::vector<std::byte> data;
};

enum class Fate : std::uint8_t { Delivered, Lost, NoHost, NoSocket, Overflow };

// What a tap sees: each packet when it leaves, and each copy when it arrives.
struct PacketEvent {
  TrueTime when;
  bool arrival = false;
  Fate fate = Fate::Delivered;  // of an arrival; of a departure Lost or NoHost where nothing will arrive
  const Packet& packet;
};

class SimSockets;

class SimNetwork {
 public:
  using Tap = std::function<void(const PacketEvent&)>;
  explicit SimNetwork(World& world) : world_(world), random_(world.fork_random()) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  // For pairs of machines that have no link of their own; links are named by machine names.
  void set_default_link(const Link& link) { default_link_ = link; }
  void set_one_way(const std::string& from, const std::string& to, const Link& link) { links_[{from, to}] = link; }
  void set_link(const std::string& a, const std::string& b, const Link& link) {
    set_one_way(a, b, link);
    set_one_way(b, a, link);
  }
  // The same link with other delays each way.
  void set_asymmetric_link(const std::string& a, const std::string& b, Link link, Duration a_to_b, Duration b_to_a);
  const Link& link(const std::string& from, const std::string& to) const;
  // Cuts a machine off from all others, or connects it again.
  void set_cut_off(const std::string& machine, bool cut_off);
  void set_tap(Tap tap) { tap_ = std::move(tap); }

  // ---- of SimSockets ----
  void join(SimSockets& machine);
  void leave(SimSockets& machine);
  void send(SimSockets& from, Packet packet);
  // The machine with that address, as seen from one; null where there is none.
  SimSockets* host_of(SimSockets& from, const IpAddress& address) const;
  // Of what travels in a connection; empty where it is lost this time.
  std::optional<Duration> stream_delay(const std::string& from, const std::string& to);
  // Is told when a machine of it has gone.
  void watch(const std::shared_ptr<SimConnection>& connection);

 private:
  bool is_cut_off(const std::string& machine) const;
  SimSockets* find(const IpAddress& address) const;
  Duration draw_delay(const Link& way);
  void travel(const std::string& to, Duration delay, const Packet& packet);
  void arrive(const std::string& to, const Packet& packet);
  void tell(bool arrival, Fate fate, const Packet& packet) const;

  World& world_;
  SeededRandom random_;
  Link default_link_;
  std::map<std::pair<std::string, std::string>, Link> links_;
  std::map<std::string, bool> cut_off_;
  std::map<IpAddress, SimSockets*> by_address_;
  std::map<std::string, SimSockets*> by_name_;
  std::vector<std::weak_ptr<SimConnection>> connections_;
  Tap tap_;
};

struct SocketsModel {
  std::vector<IpAddress> addresses{};           // the first of a family is the source where none is bound
  bool kernel_stamps = true;                    // false: receive stamps are the daemon's, transmit stamps never come
  Duration stamp_noise{};                       // of those of the kernel: standard deviation, Gaussian
  Duration send_latency = Duration::micros(5);  // from send() until the packet leaves
  std::size_t queue_limit = 256;                // datagrams a socket holds
  StreamModel streams{};
};

class SimUdpSocket;
class SimUnixSocket;

// The sockets of one machine.
class SimSockets : public env::Network {
 public:
  SimSockets(World& world, SimNetwork& network, SimClock& clock, SimLoop& loop, std::string name, SocketsModel model);
  ~SimSockets() override;

  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override;
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions& options) override;
  std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket) override;
  // Nothing listens on a simulated machine.
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string& path) override;
  Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions& options) override;
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions& options) override;
  std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override;
  // For another loop of this machine.
  static std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket, SimLoop& loop);
  static std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream, SimLoop& loop);
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions& options, SimLoop& loop);

  // ---- of connections ----
  const StreamModel& stream_model() const { return model_.streams; }
  void add_listener(SimListener* listener) { listeners_.push_back(listener); }
  void remove_listener(SimListener* listener) { std::erase(listeners_, listener); }
  // Null where nobody listens.
  SimListener* listener_for(const Endpoint& local) const;

  const std::string& name() const { return name_; }
  const std::vector<IpAddress>& addresses() const { return model_.addresses; }
  std::size_t open_sockets() const { return udp_.size(); }
  // A packet arrives.
  Fate deliver(const Packet& packet);
  // A message of another process to a Unix socket of this machine; false where nobody listens at the path.
  bool send_unix(const std::string& path, std::span<const std::byte> bytes, const std::string& reply_path,
                 const env::Credentials& sender = {});
  // What was answered to a reply path, taken away.
  std::vector<std::vector<std::byte>> take_unix_replies(const std::string& reply_path);
  // The next that many sends on any socket fail.
  void refuse_sends(std::size_t count) { refused_sends_ = count; }
  // Without a route nothing can be sent there and no socket connected to it.
  void set_route(const IpAddress& peer, bool there) {
    if (there) no_route_.erase(peer);
    if (!there) no_route_.insert(peer);
  }

 private:
  friend class SimUdpSocket;
  friend class SimUnixSocket;

  bool owns(const IpAddress& address) const;
  IpAddress source_for(const IpAddress& peer) const;
  bool in_use(const Endpoint& local, bool joins_group = false) const;
  SimUdpSocket* choose(const std::vector<SimUdpSocket*>& group, const IpAddress& sender) const;
  Result<std::uint16_t> ephemeral_port(const IpAddress& address);
  env::Stamp stamp(env::StampSource source);

  World& world_;
  SimNetwork& network_;
  SimClock& clock_;
  SimLoop& loop_;
  SeededRandom random_;
  const std::string name_;
  const SocketsModel model_;
  Gaussian stamp_noise_;
  std::map<std::uint64_t, SimUdpSocket*> udp_;  // in the order of opening
  std::map<std::string, SimUnixSocket*> unix_;
  std::map<std::string, std::vector<std::vector<std::byte>>> unix_replies_;
  std::uint64_t next_socket_ = 1;
  std::size_t refused_sends_ = 0;
  std::set<IpAddress> no_route_;
  std::vector<SimListener*> listeners_;
  std::uint16_t next_tcp_port_ = 32768;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SIM_NETWORK_H_
