#include "tests/sim/swarm_world.h"

#include <algorithm>

#include "timed/base/text.h"

namespace timed::sim {
namespace {

constexpr char kKeys[] =
    "1 SHA1 HEX:00112233445566778899aabbccddeeff00112233\n2 AES128 HEX:00112233445566778899aabbccddeeff\n";
// On both sides of a leap second.  It is made when the clock as read is there, which jumps have moved by minutes that
// are still being slewed away.
constexpr Duration kLeapWindow = Duration::seconds(600);
constexpr char kPoolName[] = "pool.test";

bool is_server(const std::string& address) {
  return address.starts_with("10.0.0.");
}

}  // namespace

SwarmWorld::SwarmWorld(std::uint64_t seed)
    : leap(LeapNight::draw(seed)),
      scenario(seed, leap ? leap->begin : kWorldStart),
      random(scenario.world().fork_random()),
      clocks_step(one_in(4)),
      strata_lie(one_in(6)),
      some_are_local(!strata_lie && !leap && one_in(6)),
      by_name(one_in(4)),
      mallory(scenario.shared(), {.name = "mallory", .sockets = {.addresses = addresses({"10.0.2.1"})}}),
      estimators_(seed + 0xe571) {
  const int count = 1 + static_cast<int>(random.below(4));
  for (int i = 0; i < count; ++i) add_server(i);
  const int followers = 2 + static_cast<int>(random.below(4));
  // A peer that has its time from us gives no new samples, and what its old ones say of now may be wrong in the end
  // (nothing is stale that answers).  So not where servers step or others serve what they have, and only where two
  // others can outvote it.
  const bool peers = !clocks_step && !leap && !strata_lie && !some_are_local && count > 1 && one_in(2);
  first_to_peer_ = peers ? static_cast<int>(random.below(static_cast<std::uint64_t>(followers - 1))) : followers;
  peer_options_ = " minpoll 4 maxpoll 7" + std::string(one_in(2) ? " xleave" : "") + (one_in(2) ? " key 1" : "");
  clients.reserve(static_cast<std::size_t>(followers));
  for (int i = 0; i < followers; ++i) add_client(i);
  scenario.start_all();
}

std::string SwarmWorld::name_of(const std::string& address) {
  const int number = std::stoi(address.substr(address.rfind('.') + 1)) - 1;
  return (is_server(address) ? "server" : "client") + std::to_string(number);
}

SwarmClient* SwarmWorld::client_of(const Node& node) {
  for (SwarmClient& client : clients) {
    if (client.node == &node) return &client;
  }
  return nullptr;
}

bool SwarmWorld::in_leap_window() {
  return leap && abs(now() - leap->at) < kLeapWindow;
}

Duration SwarmWorld::known_error_of(const std::string& address) const {
  for (const SwarmServer& server : servers) {
    if (server.address == address) return server.known_error;
  }
  return Duration::zero();
}

void SwarmWorld::add_server(int index) {
  SwarmServer server;
  server.address = "10.0.0." + std::to_string(index + 1);
  // One line for many servers has one port and one offset.
  if (!by_name && one_in(8)) server.port = kOtherPort;
  if (!by_name && one_in(8)) server.known_error = Duration::millis(random.uniform(-50.0, 50.0));
  std::string config = "local stratum 1\nallow\nkeyfile /keys\n";
  if (server.port != 123) config += "port " + std::to_string(server.port) + "\n";
  server.node = &scenario.add(name_of(server.address), {server.address}, {.start_error = server.known_error}, config);
  server.node->files().put("/keys", kKeys);
  upstream.push_back(server.address);
  servers.push_back(server);
  std::vector<IpAddress> all;
  for (const SwarmServer& one : servers) all.push_back(*IpAddress::parse(one.address));
  scenario.names().set(kPoolName, all);
  scenario.names().set("ntp" + std::to_string(index) + ".test", {all.back()});
}

void SwarmWorld::draw_ways(SwarmClient& client, const std::string& server) {
  const std::string here = name_of(client.address), there = name_of(server);
  Link link = random_link(random);
  link.delay = std::max(link.delay, client.least_delay[server] * 0.5);
  if (link.reordering > 0.0) client.held_up = link.reorder_delay * 0.5;
  const Duration delay = link.delay;
  const double asymmetry = client.asymmetry[server];
  if (asymmetry != 0.0) {
    // What the option says holds: all that is not constant is on one of the two ways.
    link.reordering = 0.0;
    Link quiet = link;
    quiet.jitter = Duration::zero();
    scenario.network().set_one_way(here, there, asymmetry > 0.0 ? quiet : link);
    scenario.network().set_one_way(there, here, asymmetry > 0.0 ? link : quiet);
    note_way(client, server);
    return;
  }
  // A way that is longer back than there takes much of the bound of a sample; noise may have only a part of the rest.
  const double apart = one_in(3) ? 0.4 : 0.0;
  if (apart > 0.0) link.jitter = link.jitter * 0.2;
  client.way_error = std::max(client.way_error, delay * apart);
  scenario.network().set_asymmetric_link(here, there, link, delay * (1.0 - apart), delay * (1.0 + apart));
  note_way(client, server);
}

void SwarmWorld::note_way(SwarmClient& client, const std::string& server) {
  const std::string here = name_of(client.address), there = name_of(server);
  const std::pair way{scenario.network().link(here, there), scenario.network().link(there, here)};
  const auto shortest = client.shortest_way.emplace(server, way).first;
  if (way.first.delay + way.second.delay < shortest->second.first.delay + shortest->second.second.delay) {
    shortest->second = way;
  }
}

void SwarmWorld::restore_ways(SwarmClient& client) {
  for (const auto& [server, way] : client.shortest_way) {
    scenario.network().set_one_way(name_of(client.address), name_of(server), way.first);
    scenario.network().set_one_way(name_of(server), name_of(client.address), way.second);
  }
}

// What has nothing to do with its sources.
std::string SwarmWorld::draw_own(SwarmClient& client) {
  std::string config = "allow\nmaxdrift 1000\nkeyfile /keys\n";
  if (client.may_step) config += "makestep 0.1 3\n";
  if (one_in(4)) {
    client.max_slew_ppm = 500.0 + static_cast<double>(random.below(5000));
    config += "maxslewrate " + std::to_string(client.max_slew_ppm) + "\n";
  }
  if (one_in(4)) config += "corrtimeratio " + std::to_string(1 + random.below(10)) + "\n";
  if (one_in(2)) config += "driftfile /drift\n";
  if (leap) config += random_leap_options(random);
  client.draw = random_client_options(random, leap.has_value());
  client.serves_local = some_are_local && one_in(2);
  if (client.serves_local) config += std::string("local stratum 10 distance 0.05") + (one_in(2) ? " orphan\n" : "\n");
  return config + client.draw.config;
}

// Two of three have the one that most will run.
std::string SwarmWorld::draw_estimator() {
  return estimators_.below(3) == 0 ? "estimator regression\n" : "";
}

// A line for each that is asked by its address.
std::string SwarmWorld::source_lines(SwarmClient& client, const std::string& name) {
  std::string lines;
  for (const std::string& server : upstream) {
    if (by_name && is_server(server)) continue;
    // Where one source is authenticated, it must be there (authselectmode): only of a server is that certain.
    const bool keyed = is_server(server) && one_in(4);
    SourceNeeds needs{.min_poll = client.min_poll, .is_server = is_server(server), .strata_lie = strata_lie};
    needs.must_deliver = keyed || server == upstream.front();
    needs.asymmetry = one_in(8) ? (one_in(2) ? 0.5 : -0.5) : 0.0;
    client.asymmetry[server] = needs.asymmetry;
    draw_ways(client, server);
    needs.delay =
        scenario.network().link(name, name_of(server)).delay + scenario.network().link(name_of(server), name).delay;
    const std::string options = random_source_options(random, needs);
    if (options.find(" mindelay ") != std::string::npos) client.least_delay[server] = needs.delay;
    lines += "server " + server + options;
    for (const SwarmServer& one : servers) {
      if (one.address != server) continue;
      if (one.port != 123) lines += " port " + std::to_string(one.port);
      if (one.known_error != Duration::zero()) lines += format(" offset %.9f", -one.known_error.to_seconds());
    }
    if (keyed) lines += one_in(2) ? " key 1" : " key 2";
    lines += "\n";
    client.direct = client.direct && is_server(server);
    ++client.sources;
  }
  return lines;
}

// A pool, one line a server with a name for all of them, or with one of its own.
std::string SwarmWorld::named_lines(SwarmClient& client, bool has_peer) {
  for (const SwarmServer& server : servers) draw_ways(client, server.address);
  const SourceNeeds needs{.min_poll = client.min_poll, .must_deliver = true};
  const auto options = [&] { return random_source_options(random, needs); };
  if (one_in(2)) {
    std::size_t most = 1 + random.below(4);
    if (has_peer) most = std::max<std::size_t>(most, 2);  // one could not outvote it
    client.sources += std::min<std::size_t>(2 * most, 16);
    return std::string("pool ") + kPoolName + options() + " maxsources " + std::to_string(most) + "\n";
  }
  std::string lines;
  const bool one_name = one_in(2);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    lines += "server " + (one_name ? std::string(kPoolName) : "ntp" + std::to_string(i) + ".test") + options() + "\n";
    ++client.sources;
  }
  return lines;
}

void SwarmWorld::add_client(int index) {
  const std::string name = "client" + std::to_string(index);
  SwarmClient& client = clients.emplace_back();
  client.address = "10.0.1." + std::to_string(index + 1);
  client.may_step = one_in(2);
  client.min_poll = one_in(30) ? static_cast<int>(random.below(4)) - 2 : 4 + static_cast<int>(random.below(3));
  const ClockModel clock = random_clock(random);
  std::string config = draw_own(client);
  const bool has_peer = index == first_to_peer_ || index == first_to_peer_ + 1;
  if (by_name) config += named_lines(client, has_peer);
  config += source_lines(client, name);
  if (has_peer) {
    const int other = index == first_to_peer_ ? index + 1 : index - 1;
    config += "peer 10.0.1." + std::to_string(other + 1) + peer_options_ + "\n";
    if (peer_options_.find(" key ") != std::string::npos) config += "authselectmode ignore\n";
    client.direct = false;
    ++client.sources;
  }
  config += draw_estimator();
  client.node = &scenario.add(name, {client.address}, clock, config);
  client.config = config;
  client.node->files().put("/keys", kKeys);
  client.node->files().put("/dump/.keep", "");
  client.node->files().put(kSensor, std::to_string(client.degrees) + "\n");
  if (leap) client.node->files().put("/etc/leap.list", leap->list());
  if (client.draw.keeps_history) client.node->set_options({"-r"});
  client.history = std::make_unique<HistoryWatch>(*client.node, config.find("F323") != std::string::npos);
  // Some of the later ones ask this one too.  Where strata do not tell who has its time from whom, only of those who
  // have it from servers is known how wrong they may be.  Time that one server smooths is not that of the others.
  if ((client.direct || !strata_lie) && !client.draw.smooths && one_in(3)) upstream.push_back(client.address);
}

void SwarmWorld::cut_off(const std::string& name, bool cut) {
  scenario.network().set_cut_off(name, cut);
  cut_offs[name] = cut;
  for (SwarmClient& client : clients) client.was_without = client.was_without || cut;
}

void SwarmWorld::start(SwarmClient& client) {
  if (client.node->running()) return;
  ++client.beginnings;
  client.settled = Duration::zero();
  client.served_error.reset();
  client.was_without = true;
  const Status started = client.node->start();
  if (!started) broke(client.node, client.node->name() + ": " + started.error().message);
}

void SwarmWorld::count_awake(Duration span) {
  for (SwarmClient& client : clients) {
    if (client.node->running()) client.awake += span;
  }
}

void SwarmWorld::pass(Duration span) {
  scenario.run_for(span);
  count_awake(span);
}

void SwarmWorld::pass_events(std::uint64_t count) {
  const TrueTime begin = now();
  scenario.world().run_events(count);
  count_awake(now() - begin);
}

void SwarmWorld::broke(Node* node, const std::string& what) {
  outcome.broken.push_back(what + "\n" + (node ? scenario.report(*node) : scenario.world().replay_hint()));
}

void SwarmWorld::require(bool holds, Node& node, const char* what, double value) {
  if (!holds) broke(&node, node.name() + ": " + what + format(" (%.9g)", value));
}

std::vector<std::string> SwarmWorld::all_addresses() const {
  std::vector<std::string> all;
  for (const SwarmServer& server : servers) all.push_back(server.address);
  for (const SwarmClient& client : clients) all.push_back(client.address);
  return all;
}

bool SwarmWorld::has_source(const SwarmClient& client) {
  for (const std::string& address : all_addresses()) {
    const auto source = source_report(*client.node, address);
    if (source && source->status == control::SourceStatus::Selected) return true;
  }
  return false;
}

std::string SwarmWorld::sources_of(const SwarmClient& client) {
  std::string sources;
  for (const std::string& server : all_addresses()) {
    if (const auto source = source_report(*client.node, server)) {
      sources += format(" %s state %d reach %o offset %.6f +/- %.6f poll %d, %u s ago", server.c_str(),
                        static_cast<int>(source->status), source->reachability, source->adjusted.to_seconds(),
                        source->error.to_seconds(), source->poll, source->since_sample);
    }
  }
  return sources + "\n" + client.config;
}

}  // namespace timed::sim
