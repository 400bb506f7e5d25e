#include "tests/sim/swarm_disturbances.h"

#include <algorithm>

#include "tests/sim/swarm_options.h"

namespace timed::sim {
namespace {

constexpr std::uint16_t kNtpPort = 123;
// Between a request and its answer there are some five events, between two polls a few hundred.
constexpr std::uint64_t kMostEvents = 300;
// Of somebody else's making, on top of what the kernel was told; until the next update of the clock, which may take
// hours where the servers are gone.
constexpr Frequency kLargestUnseenSlew = Frequency::ppm(20);

bool order(Node& node, const control::Request& request) {
  return node.ask<std::monostate>(request).has_value();
}

}  // namespace

SwarmDisturbances::SwarmDisturbances(SwarmWorld& world, SwarmWatch& watch) : world_(world), watch_(watch) {
  if (world_.leap) world_.scenario.world().at(world_.leap->at, [this] { leap(); });
}

void SwarmDisturbances::disturb() {
  // Not only where the world happens to stand: between any two events.
  if (world_.one_in(3)) world_.pass_events(1 + world_.random.below(kMostEvents));
  SwarmClient& client = world_.clients[world_.random.below(world_.clients.size())];
  switch (world_.random.below(3)) {
    case 0:
      disturb_network(client);
      break;
    case 1:
      disturb_daemon(client);
      break;
    default:
      disturb_clock(client);
  }
}

void SwarmDisturbances::disturb_network(SwarmClient& client) {
  const std::string address = world_.upstream[world_.random.below(world_.upstream.size())];
  switch (world_.random.below(6)) {
    case 0:
    case 1:
      world_.cut_off(SwarmWorld::name_of(address), true);
      break;
    case 2:
      world_.cut_off(SwarmWorld::name_of(address), false);
      break;
    case 3:
      world_.draw_ways(client, address);
      client.ways_changed = true;
      break;
    case 4:
      client.node->machine().sockets().refuse_sends(1 + world_.random.below(5));
      break;
    default:
      world_.scenario.names().fail_next(1 + world_.random.below(4));
  }
}

void SwarmDisturbances::disturb_daemon(SwarmClient& client) {
  Node& node = *client.node;
  switch (world_.random.below(8)) {
    case 0:
      node.stop();
      break;
    case 1:
      node.crash();
      break;
    case 2:
      if (node.running()) node.machine().loop().hang_up();
      break;
    case 3:
      // Of each source, at most one burst at a time.
      if (order(node, control::BurstRequest{.which = {}, .good = 2, .total = 6})) ++client.bursts;
      break;
    case 4:
      if (order(node, control::RefreshRequest{})) ++client.bursts;
      break;
    case 5:
      // Of which the next daemon may hear after a crash.
      static_cast<void>(order(node, control::ClockRequest(control::DumpRequest{})));
      break;
    default:
      world_.start(client);
  }
}

void SwarmDisturbances::disturb_clock(SwarmClient& client) {
  switch (world_.random.below(6)) {
    case 0:
      jump_far(client);
      break;
    case 1:
      if (world_.clocks_step) step_a_server();
      break;
    case 2:
      if (world_.clocks_step) move_unseen(client);
      break;
    case 3:
      order_step(client);
      break;
    case 4:
      sleep(client);
      break;
    default:
      if (client.draw.temperature) warm(client);
  }
}

// Beyond the ten seconds from which it is noticed; or while nobody is there to notice, who then does not go on from
// what was saved.
void SwarmDisturbances::jump_far(SwarmClient& client) {
  ++client.beginnings;
  ++client.far_jumps;
  ++client.set_by_others;
  client.settled = Duration::zero();
  client.served_error.reset();
  const double sign = world_.one_in(2) ? 1.0 : -1.0;
  client.node->clock().disturb(Duration::seconds(world_.random.uniform(11.0, 60.0) * sign));
}

// Too little to be noticed: a step, or a slew that somebody else makes.
void SwarmDisturbances::move_unseen(SwarmClient& client) {
  world_.moved = std::max(world_.moved, kLargestUnseenStep * kOvershoot);
  client.served_error.reset();
  if (world_.one_in(2)) {
    client.node->clock().disturb(kLargestUnseenStep * world_.random.uniform(-1.0, 1.0));
  } else {
    client.node->clock().disturb_frequency(kLargestUnseenSlew * world_.random.uniform(-1.0, 1.0));
  }
}

void SwarmDisturbances::order_step(SwarmClient& client) {
  ++client.orders;
  client.served_error.reset();
  static_cast<void>(order(*client.node, control::ClockRequest(control::MakestepRequest{})));
}

// The machine, with all that is on it.  Its counters stand, and the kernel adds what they missed to the clock.
void SwarmDisturbances::sleep(SwarmClient& client) {
  const Duration span = Duration::seconds(world_.random.uniform(15.0, 2000.0));
  const std::string& name = client.node->name();
  const bool was_cut = world_.cut_offs[name];
  ++client.beginnings;
  ++client.far_jumps;
  client.settled = Duration::zero();
  client.served_error.reset();
  world_.scenario.network().set_cut_off(name, true);
  client.was_without = true;
  client.node->clock().suspend(span, Duration::zero());
  world_.pass(span + Duration::seconds(1));
  world_.scenario.network().set_cut_off(name, was_cut);
}

// Its oscillator becomes faster, and the sensor shows why.
void SwarmDisturbances::warm(SwarmClient& client) {
  const double degrees = world_.random.uniform(-2.0, 2.0);
  client.degrees += degrees;
  client.node->clock().disturb_oscillator(Frequency::ppm(kPpmByDegree * degrees));
  client.node->files().put(kSensor, std::to_string(client.degrees) + "\n");
}

// Its answers are wrong from now on, which it does not know: all bounds are wider by that.
void SwarmDisturbances::step_a_server() {
  const SwarmServer& server = world_.servers[world_.random.below(world_.servers.size())];
  SimClock& clock = server.node->clock();
  const double largest = kLargestUnseenStep.to_seconds();
  clock.disturb(world_.right() + server.known_error + Duration::seconds(world_.random.uniform(-largest, largest)) -
                clock.error());
  world_.moved = std::max(world_.moved, kLargestUnseenStep * kOvershoot);
}

// For those whose clocks are right.  Others do it as their leapsecmode says, and some have not heard of it.
void SwarmDisturbances::leap() {
  for (const SwarmServer& server : world_.servers) server.node->clock().disturb(world_.leap->gained());
  world_.moved = std::max(world_.moved, abs(world_.leap->gained()) * kOvershoot);
}

// Noise, or what looks like a packet, at times to the port that waits for an answer.
void SwarmDisturbances::forge() {
  const auto anybody = [this] {
    const std::size_t i = world_.random.below(world_.upstream.size() + world_.clients.size());
    return *IpAddress::parse(i < world_.upstream.size() ? world_.upstream[i]
                                                        : world_.clients[i - world_.upstream.size()].address);
  };
  Packet packet{{anybody(), kNtpPort, 0}, {anybody(), kNtpPort, 0}, {}};
  if (world_.one_in(2)) packet.from.port = static_cast<std::uint16_t>(1024 + world_.random.below(60000));
  if (world_.one_in(3) && watch_.last_asker().address.is_set()) packet.to = watch_.last_asker();
  packet.data = random_datagram(world_.random);
  watch_.set_forging(true);
  world_.scenario.network().send(world_.mallory.sockets(), std::move(packet));
  watch_.set_forging(false);
}

void SwarmDisturbances::end() {
  for (SwarmClient& client : world_.clients) {
    world_.start(client);
    client.node->machine().sockets().refuse_sends(0);
    // Over a way that has become longer no answer is good for hours, and who leads without new samples is waited for.
    world_.restore_ways(client);
    // Who has gone offline because a request could not be sent stays so until he is told.
    static_cast<void>(order(*client.node, control::OnlineRequest{}));
  }
  for (const SwarmServer& server : world_.servers) {
    server.node->clock().disturb(world_.right() + server.known_error - server.node->clock().error());
  }
  world_.scenario.names().fail_next(0);
  const auto cut = world_.cut_offs;
  for (const auto& [name, is_cut] : cut) world_.cut_off(name, false);
}

}  // namespace timed::sim
