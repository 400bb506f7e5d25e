#include "tests/sim/swarm.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "tests/sim/swarm_options.h"
#include "timed/base/text.h"
#include "timed/ntp/packet.h"

namespace timed::sim {
namespace {

constexpr std::uint16_t kNtpPort = 123;
constexpr int kSteps = 30;
constexpr Duration kLongestStep = Duration::seconds(400);
// After the last disturbance: the longest poll that is drawn, ten times, as a third of the packets may be lost and half
// of the answers refused, and a source that must be there needs three samples.
constexpr Duration kCalm = Duration::seconds(5000);
// Until a source that is polled every 64 s has some samples more than a burst gives.
constexpr Duration kFewSamples = Duration::seconds(400);
constexpr std::size_t kMaxLines = 400;
constexpr std::size_t kMostOwed = 64;  // requests of one sender that may still be answered
// Addresses for NTP and commands in both families, and what a test asks with.
constexpr std::size_t kServingSockets = 6;
// What is lost in the numbers of a packet and between its stamp and its departure.
constexpr Duration kWireSlack = Duration::micros(100);
// The daemon's readings may be coarser than the kernel's stamps, and both carry a random part below the precision.
constexpr Duration kReadingSlack = Duration::micros(2);
// What a slew of a minute is uncertain by: its number in the report has 25 bits, its pace is that of an oscillator.
constexpr double kSlewGrain = 1e-6;
constexpr char kKeys[] =
    "1 SHA1 HEX:00112233445566778899aabbccddeeff00112233\n2 AES128 HEX:00112233445566778899aabbccddeeff\n";
// Steps that nobody notices at once, of servers and of the own clock.  A client may be half-way between the old time
// and the new, and for a moment beyond it: samples from before and after a step look like a large frequency.
constexpr Duration kLargestUnseenStep = Duration::seconds(0.3);
constexpr double kOvershoot = 2.5;
// On both sides of a leap second.  It is made when the clock as read is there, which jumps have moved by minutes that
// are still being slewed away.
constexpr Duration kLeapWindow = Duration::seconds(600);

ntp::Mode mode_of(const Packet& packet) {
  return packet.data.empty() ? ntp::Mode::Reserved : static_cast<ntp::Mode>(static_cast<unsigned>(packet.data[0]) & 7u);
}

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed)
      : leap_(LeapNight::draw(seed)),
        scenario_(seed, leap_ ? leap_->begin : kWorldStart),
        random_(scenario_.world().fork_random()),
        mallory_(scenario_.shared(), {.name = "mallory", .sockets = {.addresses = addresses({"10.0.2.1"})}}),
        clocks_step_(one_in(4)) {
    scenario_.network().set_tap([this](const PacketEvent& event) { watch(event); });
    const int servers = 1 + static_cast<int>(random_.below(4));
    for (int i = 0; i < servers; ++i) {
      const std::string address = "10.0.0." + std::to_string(i + 1);
      Node& server = scenario_.add_server(name_of(address), {address}, "keyfile /keys\n");
      server.files().put("/keys", kKeys);
      servers_.push_back(&server);
      upstream_.push_back(address);
    }
    const int clients = 2 + static_cast<int>(random_.below(4));
    // A peer that has its time from us gives no new samples, and what its old ones say of now may be wrong in the end
    // (nothing is stale that answers).  So not where servers step, and only where two others can outvote it.
    const bool peers = !clocks_step_ && !leap_ && servers > 1 && one_in(2);
    first_to_peer_ = peers ? static_cast<int>(random_.below(static_cast<std::uint64_t>(clients - 1))) : clients;
    for (int i = 0; i < clients; ++i) add_client(i);
    scenario_.start_all();
    if (leap_) scenario_.world().at(leap_->at, [this] { leap(); });
  }

  SwarmOutcome run(const std::function<void(Scenario&)>& sabotage) {
    for (int step = 0; step < kSteps && outcome_.broken.empty(); ++step) {
      if (step >= kSteps / 2 && sabotage) sabotage(scenario_);
      run_and_check(Duration::seconds(random_.uniform(1.0, kLongestStep.to_seconds())));
      disturb();
      for (int i = 0; i < 20; ++i) forge();
    }
    calm_down();
    if (outcome_.answers == 0) outcome_.broken.push_back("nobody answers\n" + scenario_.world().replay_hint());
    outcome_.nodes = static_cast<int>(clients_.size() + servers_cut_off_.size());
    return std::move(outcome_);
  }

 private:
  struct Client {
    Node* node;
    std::string address;
    bool may_step;
    double max_slew_ppm;
    int min_poll;
    std::size_t sources;
    bool ways_changed = false;
    int orders = 0;      // to make a step
    int beginnings = 1;  // starts, and clocks stepped from outside: each may burst
    Duration awake{};
    Duration settled{};  // since the last of these
    std::string config{};
  };

  struct Request {
    std::size_t size = 0;
    ntp::NtpTimestamp transmit;
    ntp::NtpTimestamp receive;
  };

  // From a sender to a receiver.
  using Way = std::pair<Endpoint, Endpoint>;

  static std::string name_of(const std::string& address) {
    const int number = std::stoi(address.substr(address.rfind('.') + 1)) - 1;
    return (address.starts_with("10.0.0.") ? "server" : "client") + std::to_string(number);
  }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

  void draw_ways(const std::string& a, const std::string& b) {
    Link link = random_link(random_);
    const Duration delay = link.delay;
    // A way that is longer back than there takes much of the bound of a sample; noise may have only a part of the rest.
    const double apart = one_in(3) ? 0.4 : 0.0;
    if (apart > 0.0) link.jitter = link.jitter * 0.2;
    scenario_.network().set_asymmetric_link(a, b, link, delay * (1.0 - apart), delay * (1.0 + apart));
  }

  void add_client(int index) {
    const std::string name = "client" + std::to_string(index);
    Client client{.node = nullptr,
                  .address = "10.0.1." + std::to_string(index + 1),
                  .may_step = one_in(2),
                  .max_slew_ppm = 1e6 / 12,
                  .min_poll = 4 + static_cast<int>(random_.below(3)),
                  .sources = upstream_.size()};
    const ClockModel clock = random_clock(random_);
    std::string config = "allow\nmaxdrift 1000\nkeyfile /keys\n";
    if (client.may_step) config += "makestep 0.1 3\n";
    if (one_in(4)) {
      client.max_slew_ppm = 500.0 + static_cast<double>(random_.below(5000));
      config += "maxslewrate " + std::to_string(client.max_slew_ppm) + "\n";
    }
    if (one_in(4)) config += "corrtimeratio " + std::to_string(1 + random_.below(10)) + "\n";
    if (one_in(2)) config += "driftfile /drift\n";
    if (leap_) config += random_leap_options(random_);
    for (const std::string& server : upstream_) {
      // Where one source is authenticated, it must be there (authselectmode): only of a server is that certain.
      const bool keyed = server.starts_with("10.0.0.") && one_in(4);
      const bool must_deliver = keyed || server == upstream_.front();
      config += "server " + server + random_source_options(random_, client.min_poll, must_deliver);
      if (keyed) config += one_in(2) ? " key 1" : " key 2";
      config += "\n";
      draw_ways(name, name_of(server));
    }
    if (index == first_to_peer_ || index == first_to_peer_ + 1) {
      const int other = index == first_to_peer_ ? index + 1 : index - 1;
      config += "peer 10.0.1." + std::to_string(other + 1) + peer_options_ + "\n";
      if (peer_options_.find(" key ") != std::string::npos) config += "authselectmode ignore\n";
      ++client.sources;
    }
    client.node = &scenario_.add(name, {client.address}, clock, config);
    client.config = config;
    client.node->files().put("/keys", kKeys);
    if (leap_) client.node->files().put("/etc/leap.list", leap_->list());
    clients_.push_back(client);
    // Some of the later ones ask this one too.
    if (one_in(3)) upstream_.push_back(client.address);
  }

  // ---- what must hold ----

  void broke(Node* node, const std::string& what) {
    outcome_.broken.push_back(what + "\n" + (node ? scenario_.report(*node) : scenario_.world().replay_hint()));
  }
  void require(bool holds, Node& node, const char* what, double value) {
    if (!holds) broke(&node, node.name() + ": " + what + format(" (%.9g)", value));
  }

  void watch(const PacketEvent& event) {
    const Packet& packet = event.packet;
    if (event.arrival && event.fate == Fate::Delivered && packet.to.port == kNtpPort) {
      note_request(packet);
    }
    if (event.arrival || forging_) return;
    if (packet.to.port == kNtpPort && mode_of(packet) == ntp::Mode::Client) {
      ++asked_[{packet.from.address, packet.to.address}];
      last_asker_ = packet.from;
    }
    if (packet.from.port != kNtpPort) return;
    if (mode_of(packet) == ntp::Mode::SymmetricActive) {  // of its own accord
      const auto view = ntp::PacketView::parse(packet.data);
      if (view.ok()) note_served(view.header(), view.header().receive.is_zero());
      return;
    }
    watch_answer(packet);
  }

  void note_request(const Packet& packet) {
    const auto view = ntp::PacketView::parse(packet.data);
    if (!view.ok()) return;
    auto& owed = owed_[{packet.to, packet.from}];
    owed.push_back({packet.data.size(), view.header().transmit, view.header().receive});
    if (owed.size() > kMostOwed) owed.pop_front();
  }

  // An answer has one of the stamps of its request.
  std::optional<Request> take_request(const Packet& answer, const ntp::Header& header) {
    auto& owed = owed_[{answer.from, answer.to}];
    const auto found = std::find_if(owed.begin(), owed.end(), [&](const Request& r) {
      return header.origin == r.transmit || header.origin == r.receive;
    });
    if (found == owed.end()) return std::nullopt;
    const Request request = *found;
    owed.erase(found);
    return request;
  }

  void watch_answer(const Packet& packet) {
    ++outcome_.answers;
    Node& node = scenario_.node(name_of(packet.from.address.to_string()));
    const auto view = ntp::PacketView::parse(packet.data);
    if (!view.ok()) {
      broke(&node, "an answer that is not NTP");
      return;
    }
    const auto request = take_request(packet, view.header());
    if (!request) {
      broke(&node, "an answer that nobody asked for");
      return;
    }
    if (packet.data.size() > request->size) broke(&node, "an answer larger than its request");
    if (view.header().leap == ntp::Leap::Unsynchronised) return;
    watch_claim(node, view.header(), view.header().origin != request->transmit);
  }

  Duration error_of(const ntp::Header& header, bool interleaved) {
    const TrueTime now = scenario_.world().now();
    return (interleaved ? header.receive : header.transmit).near(now) - now - right();
  }

  // What others may have believed of a node that has its time from a server.
  void note_served(const ntp::Header& header, bool interleaved) {
    if (header.stratum == 2 && !in_leap_window())
      worst_served_ = std::max(worst_served_, abs(error_of(header, interleaved)));
  }

  // An interleaved answer has the transmit stamp of the one before.
  void watch_claim(Node& node, const ntp::Header& header, bool interleaved) {
    if (in_leap_window()) return;
    const Duration error = error_of(header, interleaved);
    const Duration claim = header.root_delay.to_duration() * 0.5 + header.root_dispersion.to_duration();
    note_served(header, interleaved);
    const Duration inherited = header.stratum > 2 ? worst_served_ : Duration::zero();
    require(abs(error) <= claim * tolerance(node) + inherited + moved_ + kWireSlack, node,
            "an answer that is further off than it says", error.to_seconds());
    if (interleaved) return;
    const Duration held = header.transmit.minus(header.receive);
    require(held >= -kReadingSlack && held <= Duration::seconds(1), node, "an answer before its request",
            held.to_seconds());
  }

  // How many times its claim a node may be off.  The claim is the distance of the selected source's best sample: it
  // does not cover what other sources add to the combination, nor a way that has become worse since that sample.
  // At first a skew is the 95 % of three or four samples, which in one of fifty such cases is less than a third of the
  // error; the frequency stays so wrong until the next samples come.
  double tolerance(const Node& node) const {
    for (const Client& client : clients_) {
      if (client.node != &node) continue;
      if (client.settled < kFewSamples) return 4.0;
      if (client.sources > 1 || client.ways_changed) return 2.0;
    }
    return 1.1;  // a skew is a deviation, no limit
  }

  void run_and_check(Duration span) {
    scenario_.run_for(span);
    for (Client& client : clients_) {
      if (client.node->running()) client.awake += span;
      check(client);
      client.settled += span;
    }
  }

  void check(Client& client) {
    Node& node = *client.node;
    const std::size_t steps = node.clock().steps().size();
    const int allowed = (client.may_step ? 3 * client.beginnings : 0) + client.orders + (leap_ ? 1 : 0);
    require(steps <= static_cast<std::size_t>(allowed), node, "steps", static_cast<double>(steps));
    require(node.log().lines().size() <= kMaxLines, node, "lines", static_cast<double>(node.log().lines().size()));
    require(!node.exit_status(), node, "ended of its own accord", 0.0);
    for (const std::string& server : upstream_) {
      const auto asked = asked_[{*IpAddress::parse(client.address), *IpAddress::parse(server)}];
      // A clock that is slewed by a twelfth polls sooner by as much.
      const double polls = client.awake.to_seconds() / static_cast<double>(1 << client.min_poll) * 1.12;
      require(asked <= polls + 12.0 * client.beginnings, node, "requests", asked);
    }
    if (!node.running()) return;
    const std::size_t sockets = node.machine().sockets().open_sockets();
    require(sockets <= client.sources + kServingSockets, node, "open sockets", static_cast<double>(sockets));
    const Frequency driven = abs(node.frequency_error() - node.clock().bare_frequency_error());
    require(driven <= Frequency::ppm(1000 + client.max_slew_ppm + 200), node, "driven too far, ppm", driven.to_ppm());
    check_claim(client);
  }

  void check_claim(Client& client) {
    Node& node = *client.node;
    const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
    if (!tracking) {
      broke(&node, node.name() + ": no answer to tracking");
      return;
    }
    if (tracking->stratum == 0) return;
    ++outcome_.checks;
    if (in_leap_window()) return;
    const Duration left = node.clock_error() - right() + tracking->correction;
    const Duration inherited = tracking->stratum > 2 ? worst_served_ : Duration::zero();
    const Duration claim = tracking->root_delay * 0.5 + tracking->root_dispersion;
    const Duration bound = claim * tolerance(node) + inherited + moved_ + abs(tracking->correction) * kSlewGrain;
    if (abs(left) <= bound) return;
    broke(&node, node.name() +
                     format(": further off than it says, %.9f s (%.9f)", bound.to_seconds(), left.to_seconds()) +
                     sources_of(client));
  }

  // ---- what happens to them ----

  void disturb() {
    Client& client = clients_[random_.below(clients_.size())];
    Node& node = *client.node;
    const std::string server = name_of(upstream_[random_.below(upstream_.size())]);
    switch (random_.below(12)) {
      case 0:
      case 1:
        cut_off(server, true);
        break;
      case 2:
        cut_off(server, false);
        break;
      case 3:
        node.stop();
        break;
      case 4:
        node.crash();
        break;
      case 5:
        if (node.running()) node.machine().loop().hang_up();
        break;
      case 6:
        // Beyond the ten seconds from which it is noticed.
        ++client.beginnings;
        client.settled = Duration::zero();
        node.clock().disturb(Duration::seconds(random_.uniform(11.0, 60.0) * (one_in(2) ? 1.0 : -1.0)));
        break;
      case 7:
        draw_ways(node.name(), server);
        client.ways_changed = true;
        break;
      case 8:
        if (clocks_step_) step_a_server();
        break;
      case 9:
        // Too little to be noticed.
        if (!clocks_step_) break;
        node.clock().disturb(kLargestUnseenStep * random_.uniform(-1.0, 1.0));
        moved_ = std::max(moved_, kLargestUnseenStep * kOvershoot);
        break;
      case 10:
        ++client.orders;
        static_cast<void>(node.ask<std::monostate>(control::ClockRequest(control::MakestepRequest{})));
        break;
      default:
        start(client);
    }
  }

  // Its answers are wrong from now on, which it does not know: all bounds are wider by that.
  void step_a_server() {
    SimClock& clock = servers_[random_.below(servers_.size())]->clock();
    const double largest = kLargestUnseenStep.to_seconds();
    clock.disturb(right() + Duration::seconds(random_.uniform(-largest, largest)) - clock.error());
    moved_ = std::max(moved_, kLargestUnseenStep * kOvershoot);
  }

  // Somebody sends to anybody in the name of anybody: noise, or what looks like a packet, at times to the port that
  // waits for an answer.
  void forge() {
    const auto anybody = [this] {
      const std::size_t i = random_.below(upstream_.size() + clients_.size());
      return *IpAddress::parse(i < upstream_.size() ? upstream_[i] : clients_[i - upstream_.size()].address);
    };
    Packet packet{{anybody(), kNtpPort, 0}, {anybody(), kNtpPort, 0}, {}};
    if (one_in(2)) packet.from.port = static_cast<std::uint16_t>(1024 + random_.below(60000));
    if (one_in(3) && last_asker_.address.is_set()) packet.to = last_asker_;
    packet.data = random_datagram(random_);
    forging_ = true;
    scenario_.network().send(mallory_.sockets(), std::move(packet));
    forging_ = false;
  }

  // For those whose clocks are right.  Others do it as their leapsecmode says, and some have not heard of it.
  void leap() {
    for (Node* server : servers_) server->clock().disturb(leap_->gained());
    moved_ = std::max(moved_, abs(leap_->gained()) * kOvershoot);
  }
  bool in_leap_window() { return leap_ && abs(scenario_.world().now() - leap_->at) < kLeapWindow; }
  // What a right clock is ahead of true time, which has no leap seconds.
  Duration right() { return leap_ && scenario_.world().now() >= leap_->at ? leap_->gained() : Duration::zero(); }

  void cut_off(const std::string& server, bool cut_off) {
    scenario_.network().set_cut_off(server, cut_off);
    servers_cut_off_[server] = cut_off;
  }
  void start(Client& client) {
    if (client.node->running()) return;
    ++client.beginnings;
    client.settled = Duration::zero();
    const Status started = client.node->start();
    if (!started) broke(client.node, client.node->name() + ": " + started.error().message);
  }

  std::string sources_of(const Client& client) {
    std::string sources;
    for (const std::string& server : upstream_) {
      if (const auto source = source_report(*client.node, server)) {
        sources += format(" %s state %d reach %o offset %.6f +/- %.6f poll %d, %u s ago", server.c_str(),
                          static_cast<int>(source->status), source->reachability, source->adjusted.to_seconds(),
                          source->error.to_seconds(), source->poll, source->since_sample);
      }
    }
    return sources + "\n" + client.config;
  }

  void calm_down() {
    for (Client& client : clients_) start(client);
    for (Node* server : servers_) server->clock().disturb(right() - server->clock().error());
    const auto cut = servers_cut_off_;
    for (const auto& [server, is_cut] : cut) cut_off(server, false);
    for (int i = 0; i < 10 && outcome_.broken.empty(); ++i) {
      // By now everybody has heard of it.
      if (i == 9 && leap_ && !clocks_step_) moved_ = worst_served_ = Duration::zero();
      run_and_check(kCalm * 0.1);
    }
    if (!outcome_.broken.empty()) return;
    for (Client& client : clients_) {
      const auto tracking = client.node->ask<control::TrackingReply>(control::TrackingRequest{});
      if (tracking && tracking->stratum != 0) continue;
      broke(client.node, client.node->name() + ": not synchronised in calm," + sources_of(client));
    }
  }

  const std::optional<LeapNight> leap_;
  Scenario scenario_;
  SeededRandom random_;
  Machine mallory_;
  const bool clocks_step_;
  std::vector<Node*> servers_;
  Duration moved_;
  bool forging_ = false;
  Endpoint last_asker_;
  int first_to_peer_ = 0;  // it and the next client are peers
  const std::string peer_options_ =
      " minpoll 4 maxpoll 7" + std::string(one_in(2) ? " xleave" : "") + std::string(one_in(2) ? " key 1" : "");
  std::vector<std::string> upstream_;
  std::vector<Client> clients_;
  std::map<std::string, bool> servers_cut_off_;
  std::map<Way, std::deque<Request>> owed_;  // those that may still be answered
  std::map<std::pair<IpAddress, IpAddress>, int> asked_;
  // What the clients have been wrong by in their answers.  The claim of one who follows another is about that other,
  // and may rest on a sample from before the other lost its own server.
  Duration worst_served_;
  SwarmOutcome outcome_;
};

}  // namespace

SwarmOutcome run_swarm(std::uint64_t seed, const std::function<void(Scenario&)>& sabotage) {
  return Swarm(seed).run(sabotage);
}

}  // namespace timed::sim
