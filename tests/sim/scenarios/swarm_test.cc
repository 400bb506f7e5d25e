// A world drawn from a seed: servers, clients and clients of clients on links of every quality, with partitions,
// restarts and crashes.  What must hold in all of them:
//   - no answer is larger than its request, and nobody answers who was not asked;
//   - without makestep no clock is stepped, with it only in the first updates after a start;
//   - no clock is driven further than maxdrift and maxslewrate allow;
//   - a clock that is synchronised is as right as its owner says it is;
//   - what is logged does not grow with the packets.
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed) : scenario_(seed), random_(scenario_.world().fork_random()) {
    watch_packets();
    const int servers = 1 + static_cast<int>(random_.below(4));
    for (int i = 0; i < servers; ++i) {
      const std::string address = "10.0.0." + std::to_string(i + 1);
      scenario_.add_server("server" + std::to_string(i), {address});
      upstream_.push_back(address);
    }
    const int clients = 2 + static_cast<int>(random_.below(4));
    for (int i = 0; i < clients; ++i) add_client(i);
    scenario_.start_all();
  }

  void run() {
    for (int step = 0; step < 40; ++step) {
      scenario_.run_for(Duration::seconds(random_.uniform(1.0, 600.0)));
      for (Client& client : clients_) check(client);
      disturb();
    }
    EXPECT_GT(answers_, 0) << scenario_.world().replay_hint();
    EXPECT_EQ(larger_, 0) << scenario_.world().replay_hint();
    EXPECT_EQ(unasked_, 0) << scenario_.world().replay_hint();
  }

 private:
  struct Client {
    Node* node;
    bool may_step;
    int starts = 1;
  };

  // From a sender to a receiver: how large the request was that may still be answered, and how often.
  using Way = std::tuple<Endpoint, Endpoint>;

  Link random_link() {
    Link link;
    link.delay = Duration::micros(random_.uniform(20.0, 20000.0));
    link.jitter = link.delay * random_.uniform(0.0, 0.5);
    if (random_.below(3) == 0) link.loss = random_.uniform(0.0, 0.3);
    if (random_.below(3) == 0) link.duplication = random_.uniform(0.0, 0.3);
    if (random_.below(3) == 0) link.reordering = random_.uniform(0.0, 0.2);
    return link;
  }

  void add_client(int index) {
    const std::string name = "client" + std::to_string(index);
    const std::string address = "10.0.1." + std::to_string(index + 1);
    ClockModel clock;
    clock.start_error = Duration::seconds(random_.uniform(-2.0, 2.0));
    clock.frequency_error = Frequency::ppm(random_.uniform(-200.0, 200.0));
    clock.wander = random_.uniform(0.0, 3e-9);
    clock.read_noise = Duration::nanos(random_.uniform(0.0, 500.0));
    const bool may_step = random_.below(2) == 0;
    std::string config = "allow\nmaxdrift 1000\n";
    if (may_step) config += "makestep 0.1 3\n";
    for (const std::string& server : upstream_) {
      config += "server " + server + (random_.below(2) == 0 ? " iburst" : "") + " maxpoll 8\n";
      scenario_.network().set_link(name, name_of(server), random_link());
    }
    clients_.push_back({&scenario_.add(name, {address}, clock, config), may_step});
    // Some of the later ones ask this one too.
    if (random_.below(3) == 0) upstream_.push_back(address);
  }
  static std::string name_of(const std::string& address) {
    const int number = std::stoi(address.substr(address.rfind('.') + 1)) - 1;
    return (address.starts_with("10.0.0.") ? "server" : "client") + std::to_string(number);
  }

  void watch_packets() {
    scenario_.network().set_tap([this](const PacketEvent& event) {
      const Packet& packet = event.packet;
      if (event.arrival && event.fate == Fate::Delivered && packet.to.port == 123) {
        owed_[{packet.to, packet.from}].push_back(packet.data.size());
      }
      if (event.arrival || packet.from.port != 123) return;
      ++answers_;
      auto& owed = owed_[{packet.from, packet.to}];
      if (owed.empty()) {
        ++unasked_;
        return;
      }
      if (packet.data.size() > owed.front()) ++larger_;
      owed.erase(owed.begin());
    });
  }

  void check(Client& client) {
    Node& node = *client.node;
    const std::string report = scenario_.report(node);
    const auto steps = static_cast<int>(node.clock().steps().size());
    EXPECT_LE(steps, client.may_step ? 3 * client.starts : 0) << report;
    EXPECT_LE(node.log().lines().size(), 400u) << report;
    if (!node.running()) return;
    const Frequency driven = abs(node.frequency_error() - node.clock().bare_frequency_error());
    EXPECT_LE(driven, Frequency::ppm(1000 + 1e6 / 12 + 100)) << report;
    const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
    ASSERT_TRUE(tracking.has_value()) << report;
    if (tracking->stratum == 0) return;
    const Duration left = node.clock_error() + tracking->correction;
    const Duration bound = tracking->root_delay * 0.5 + tracking->root_dispersion;
    EXPECT_LE(abs(left), bound) << left.to_seconds() << " > " << bound.to_seconds() << "\n" << report;
  }

  void disturb() {
    Client& client = clients_[random_.below(clients_.size())];
    Node& node = *client.node;
    const std::string server = name_of(upstream_[random_.below(upstream_.size())]);
    switch (random_.below(5)) {
      case 0:
        scenario_.network().set_cut_off(server, true);
        break;
      case 1:
        scenario_.network().set_cut_off(server, false);
        break;
      case 2:
        node.stop();
        break;
      case 3:
        node.crash();
        break;
      default:
        if (node.running()) break;
        ++client.starts;
        scenario_.start_all();
    }
  }

  Scenario scenario_;
  SeededRandom random_;
  std::vector<std::string> upstream_;
  std::vector<Client> clients_;
  std::map<Way, std::vector<std::size_t>> owed_;
  int answers_ = 0;
  int larger_ = 0;
  int unasked_ = 0;
};

TEST(Swarm, InvariantsHoldInWorldsDrawnFromASeed) {
  for (std::uint64_t seed = 1; seed <= 40 && !testing::Test::HasFailure(); ++seed) {
    Swarm swarm(seed);
    swarm.run();
  }
}

}  // namespace
}  // namespace timed::sim
