// Somebody sends packets to two peers, each in the other's name: without the key he can do nothing, and without a key
// at all he can part them for as long as he sends, but never move a clock.
#include <gtest/gtest.h>

#include <bit>

#include "tests/sim/fake_server.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kEvery = Duration::seconds(3);
constexpr Duration kSettle = Duration::seconds(4000);
constexpr Duration kAttack = Duration::seconds(6000);

// a has a server, b has only a.
struct Attacked {
  explicit Attacked(std::uint64_t seed, bool keyed)
      : scenario(seed), random(scenario.world().fork_random()), mallory(scenario.shared(), "mallory", "10.0.0.66") {
    const std::string options =
        keyed ? " minpoll 4 maxpoll 6 key 1\nkeyfile /keys\nauthselectmode ignore\n" : " minpoll 4 maxpoll 6\n";
    scenario.add_server("top", {"10.0.0.1"});
    a = &scenario.add("a", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\npeer 10.0.0.3" + options);
    b = &scenario.add("b", {"10.0.0.3"}, usual_clock(), "peer 10.0.0.2" + options);
    for (Node* node : {a, b}) node->files().put("/keys", "1 SHA1 HEX:00112233445566778899aabbccddeeff00112233\n");
    scenario.network().set_tap([this](const PacketEvent& event) {
      const bool of_the_two =
          event.packet.from.address == endpoint(2).address || event.packet.from.address == endpoint(3).address;
      if (!event.arrival && of_the_two && event.packet.data.size() >= ntp::kHeaderSize) heard.push_back(event.packet);
    });
    scenario.start_all();
    scenario.run_for(kSettle);
    EXPECT_TRUE(b->log().contains("Selected source 10.0.0.2")) << scenario.report(*b);
  }
  static Endpoint endpoint(int last) { return {IpAddress::v4(0x0a000000u + static_cast<std::uint32_t>(last)), 123, 0}; }
  ntp::Header lie() {
    const auto an_hour_on = ntp::NtpTimestamp::from(scenario.world().now() + Duration::seconds(3600));
    ntp::Header h;
    h.mode = ntp::Mode::SymmetricActive;
    h.stratum = 1;
    h.poll = 4;
    h.precision = -20;
    h.origin = {random.below(4) == 0 ? 0 : random.next()};
    h.reference = h.receive = h.transmit = an_hour_on;
    return h;
  }
  void send(const Packet& packet) { scenario.network().send(mallory.machine().sockets(), packet); }
  // `forge` makes what goes to both, until the end of the attack.
  void attack(const std::function<std::vector<std::byte>()>& forge) {
    ends = scenario.world().now() + kAttack;
    keep_on(forge);
  }
  void keep_on(const std::function<std::vector<std::byte>()>& forge) {
    if (scenario.world().now() >= ends) return;
    send({endpoint(2), endpoint(3), forge()});
    send({endpoint(3), endpoint(2), forge()});
    scenario.world().after(kEvery, [=, this] { keep_on(forge); });
  }
  bool is_reached(Node& node, const char* address) {
    const auto source = source_report(node, address);
    return source && std::popcount(source->reachability) >= 5;
  }
  // The clocks are as before, and unless `parted` the two have gone on with each other.
  void check(const char* what, bool parted) {
    const std::size_t lines = b->log().lines().size();
    const Performance result = measure(scenario.world(), *b, kAttack, Duration::zero());
    const std::string report = what + scenario.report(*b) + scenario.report(*a);
    EXPECT_LE(result.max_error, Duration::millis(parted ? 20 : 2)) << report;
    EXPECT_LE(abs(a->clock_error()), Duration::millis(2)) << report;
    EXPECT_TRUE(b->clock().steps().empty()) << report;
    EXPECT_LE(b->log().lines().size(), lines + 4) << report;
    EXPECT_TRUE(parted || is_reached(*b, "10.0.0.2")) << report;
    EXPECT_TRUE(parted || is_reached(*a, "10.0.0.3")) << report;
    scenario.run_for(kSettle);
    EXPECT_TRUE(is_reached(*b, "10.0.0.2")) << report;
    EXPECT_TRUE(is_reached(*a, "10.0.0.3")) << report;
    EXPECT_LE(abs(b->clock_error()), Duration::millis(2)) << report;
  }
  Scenario scenario;
  SeededRandom random;
  FakeServer mallory;
  Node* a;
  Node* b;
  std::vector<Packet> heard;
  TrueTime ends;
};

std::vector<std::byte> with_trailer(const ntp::Header& header, std::vector<std::byte> trailer) {
  return FakeAnswer{.header = header, .trailer = std::move(trailer)}.bytes();
}

TEST(AttackedPeers, WithAKeyAreBoundToIt) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Attacked unsigned_ones(seed, true);
    unsigned_ones.attack([&] { return with_trailer(unsigned_ones.lie(), {}); });
    unsigned_ones.check("without a MAC", false);

    Attacked naks(seed, true);
    naks.attack([&] { return with_trailer(naks.lie(), std::vector<std::byte>(4)); });
    naks.check("crypto-NAK", false);

    Attacked wrong(seed, true);
    wrong.attack([&] {
      std::vector<std::byte> mac(24);
      for (std::byte& b : mac) b = static_cast<std::byte>(wrong.random.below(256));
      std::fill_n(mac.begin(), 4, std::byte{0});
      mac[3] = std::byte{1};
      return with_trailer(wrong.lie(), mac);
    });
    wrong.check("wrong MAC", false);
  }
}

// What was said and signed once is said again, to whom it was meant for.
TEST(AttackedPeers, AreNotPartedByReplays) {
  for (const bool keyed : {true, false}) {
    for (std::uint64_t seed = 4; seed <= 6; ++seed) {
      Attacked peers(seed, keyed);
      for (int i = 0; i < 2000; ++i) {
        peers.scenario.world().after(kEvery * i,
                                     [&] { peers.send(peers.heard[peers.random.below(peers.heard.size())]); });
      }
      peers.check(keyed ? "replays, keyed" : "replays", false);
    }
  }
}

TEST(AttackedPeers, WithoutAKeyAreAtMostParted) {
  for (std::uint64_t seed = 7; seed <= 9; ++seed) {
    Attacked peers(seed, false);
    peers.attack([&] { return with_trailer(peers.lie(), {}); });
    peers.check("without a key", true);
  }
}

}  // namespace
}  // namespace timed::sim
