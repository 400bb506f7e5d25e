// What a request looks like on its way: its version, and the port it goes to.
#include <gtest/gtest.h>

#include <set>

#include "tests/sim/scenario.h"
#include "timed/ntp/packet.h"

namespace timed::sim {
namespace {

struct Seen {
  std::set<int> versions;         // of requests
  std::set<std::uint16_t> ports;  // that they went to
  std::set<int> answers;          // versions of what came back
};

Seen requests_with(std::uint64_t seed, const std::string& options, const std::string& server_config) {
  Scenario scenario(seed);
  Seen seen;
  const IpAddress client = *IpAddress::parse("10.0.0.2");
  scenario.network().set_tap([&](const PacketEvent& event) {
    const auto view = ntp::PacketView::parse(event.packet.data);
    if (event.arrival || !view.ok()) return;
    const bool request = event.packet.from.address == client;
    (request ? seen.versions : seen.answers).insert(view.header().version);
    if (request) seen.ports.insert(event.packet.to.port);
  });
  scenario.add_server("server", {"10.0.0.1"}, server_config);
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                            "server 10.0.0.1 iburst minpoll 4 maxpoll 5 " + options + "\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
  return seen;
}

TEST(Version, IsThatOfTheRequestsAndOfTheirAnswers) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_EQ(requests_with(seed, "", "").versions, std::set<int>{4});
    for (int version = 1; version <= 4; ++version) {
      const Seen seen = requests_with(seed, "version " + std::to_string(version), "");
      EXPECT_EQ(seen.versions, std::set<int>{version});
      EXPECT_EQ(seen.answers, std::set<int>{version});
    }
  }
}

TEST(Port, IsWhereTheServerIsAsked) {
  for (std::uint64_t seed = 4; seed <= 6; ++seed) {
    EXPECT_EQ(requests_with(seed, "", "").ports, std::set<std::uint16_t>{123});
    EXPECT_EQ(requests_with(seed, "port 11123", "port 11123\n").ports, std::set<std::uint16_t>{11123});
  }
}

}  // namespace
}  // namespace timed::sim
