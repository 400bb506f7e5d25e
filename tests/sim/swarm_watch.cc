#include "tests/sim/swarm_watch.h"

#include <algorithm>

namespace timed::sim {
namespace {

constexpr std::size_t kMostOwed = 64;  // requests of one sender that may still be answered
// What is lost in the numbers of a packet and between its stamp and its departure.
constexpr Duration kWireSlack = Duration::micros(100);
// The daemon's readings may be coarser than the kernel's stamps, and both carry a random part below the precision.
constexpr Duration kReadingSlack = Duration::micros(2);
// Until a source that is polled every 64 s has some samples more than a burst gives.
constexpr Duration kFewSamples = Duration::seconds(400);

ntp::Mode mode_of(const Packet& packet) {
  return packet.data.empty() ? ntp::Mode::Reserved : static_cast<ntp::Mode>(static_cast<unsigned>(packet.data[0]) & 7u);
}

}  // namespace

// The claim is the distance of the selected source's best sample: it does not cover what other sources add to the
// combination, nor a way that has become worse since that sample.  At first a skew is the 95 % of three or four
// samples, which in one of fifty such cases is less than a third of the error; the frequency stays so wrong until the
// next samples come.
double tolerance(const SwarmClient& client) {
  if (client.settled < kFewSamples) return 4.0;
  if (client.sources > 1 || client.ways_changed) return 2.0;
  return 1.1;  // a skew is a deviation, no limit
}

Duration crooked_line(const SwarmClient& client) {
  return (client.ways_changed ? client.way_error * 2.0 : Duration::zero()) +
         (client.was_without ? client.held_up : Duration::zero());
}

SwarmWatch::SwarmWatch(SwarmWorld& world) : world_(world) {
  world_.scenario.network().set_tap([this](const PacketEvent& event) { see(event); });
}

int SwarmWatch::asked(const std::string& client, const std::string& server) {
  return asked_[{*IpAddress::parse(client), *IpAddress::parse(server)}];
}

void SwarmWatch::see(const PacketEvent& event) {
  const Packet& packet = event.packet;
  if (event.arrival && event.fate == Fate::Delivered && world_.is_ntp_port(packet.to.port)) note_request(packet);
  if (event.arrival || forging_) return;
  const ntp::Mode mode = mode_of(packet);
  if (world_.is_ntp_port(packet.to.port) && mode == ntp::Mode::Client) {
    ++asked_[{packet.from.address, packet.to.address}];
    last_asker_ = packet.from;
  }
  if (!world_.is_ntp_port(packet.from.port)) return;
  if (mode == ntp::Mode::SymmetricActive || mode == ntp::Mode::Broadcast) {
    watch_unasked(packet, mode);
  } else {
    watch_answer(packet);
  }
}

void SwarmWatch::note_request(const Packet& packet) {
  const auto view = ntp::PacketView::parse(packet.data);
  if (!view.ok()) return;
  auto& owed = owed_[{packet.to, packet.from}];
  owed.push_back({packet.data.size(), view.header().transmit, view.header().receive});
  if (owed.size() > kMostOwed) owed.pop_front();
}

// An answer has one of the stamps of its request.
std::optional<SwarmWatch::Request> SwarmWatch::take_request(const Packet& answer, const ntp::Header& header) {
  auto& owed = owed_[{answer.from, answer.to}];
  const auto found = std::find_if(owed.begin(), owed.end(), [&](const Request& r) {
    return header.origin == r.transmit || header.origin == r.receive;
  });
  if (found == owed.end()) return std::nullopt;
  const Request request = *found;
  owed.erase(found);
  return request;
}

// To a peer, of its own accord; or to all.
void SwarmWatch::watch_unasked(const Packet& packet, ntp::Mode mode) {
  Node& node = world_.scenario.node(SwarmWorld::name_of(packet.from.address.to_string()));
  const auto view = ntp::PacketView::parse(packet.data);
  SwarmClient* client = world_.client_of(node);
  if (!view.ok() || client == nullptr) {
    world_.broke(&node, "unasked, and no NTP or of a server");
    return;
  }
  if (mode == ntp::Mode::SymmetricActive) {
    if (!world_.in_leap_window()) {
      note_served(*client, view.header(), error_of(node, view.header(), view.header().receive.is_zero()));
    }
    return;
  }
  world_.require(client->draw.broadcasts, node, "a broadcast that nobody has ordered", 0.0);
  // That a time is smoothed only answers say.
  if (client->draw.smooths || view.header().leap == ntp::Leap::Unsynchronised) return;
  watch_claim(node, view.header(), false);
}

void SwarmWatch::watch_answer(const Packet& packet) {
  ++world_.outcome.answers;
  Node& node = world_.scenario.node(SwarmWorld::name_of(packet.from.address.to_string()));
  const auto view = ntp::PacketView::parse(packet.data);
  if (!view.ok()) {
    world_.broke(&node, "an answer that is not NTP");
    return;
  }
  const auto request = take_request(packet, view.header());
  if (!request) {
    world_.broke(&node, "an answer that nobody asked for");
    return;
  }
  if (packet.data.size() > request->size) world_.broke(&node, "an answer larger than its request");
  if (view.header().leap == ntp::Leap::Unsynchronised) return;
  // An interleaved answer has the transmit stamp of the one before.
  const bool interleaved = view.header().origin != request->transmit;
  watch_claim(node, view.header(), interleaved);
  if (!interleaved && !world_.in_leap_window()) watch_spacing(node, view.header());
}

Duration SwarmWatch::error_of(Node& node, const ntp::Header& header, bool interleaved) {
  const TrueTime now = world_.now();
  const Duration known = world_.known_error_of(node.machine().sockets().addresses().front().to_string());
  return (interleaved ? header.receive : header.transmit).near(now) - now - world_.right() - known;
}

// What others may have believed of a node that has its time from a server, or from nobody.
void SwarmWatch::note_served(const SwarmClient& client, const ntp::Header& header, Duration error) {
  const bool of_nobody = client.serves_local && header.ref_id == ntp::kLocalRefId;
  // Those who follow it have samples from before and after it found a server.
  if (of_nobody) world_.worst_served = std::max(world_.worst_served, abs(error) * kOvershoot);
  if (world_.strata_lie ? client.direct : header.stratum == 2) {
    world_.worst_served = std::max(world_.worst_served, abs(error));
  }
}

void SwarmWatch::watch_claim(Node& node, const ntp::Header& header, bool interleaved) {
  if (world_.in_leap_window()) return;
  const Duration error = error_of(node, header, interleaved);
  const Duration claim = header.root_delay.to_duration() * 0.5 + header.root_dispersion.to_duration();
  Duration bound = claim + world_.moved + kWireSlack;
  if (const SwarmClient* client = world_.client_of(node)) {
    note_served(*client, header, error);
    // The local reference is what it is, and smoothed time says by its reference that it is smoothed.
    if (client->serves_local && header.ref_id == ntp::kLocalRefId) return;
    if (client->draw.smooths && header.ref_id == ntp::kSmoothedRefId) return;
    bound = claim * tolerance(*client) + crooked_line(*client) + world_.moved + kWireSlack;
    if (world_.strata_lie ? !client->direct : header.stratum > 2) bound += world_.worst_served;
  }
  world_.require(abs(error) <= bound, node, "an answer that is further off than it says", error.to_seconds());
}

void SwarmWatch::watch_spacing(Node& node, const ntp::Header& header) {
  const Duration held = header.transmit.minus(header.receive);
  // Its clock may have been set back in between.
  world_.require(held >= -kReadingSlack - world_.moved && held <= Duration::seconds(1), node,
                 "an answer before its request", held.to_seconds());
}

}  // namespace timed::sim
