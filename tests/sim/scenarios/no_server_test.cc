// Nobody answers, or nobody can be asked: the daemon says so once, leaves the clock alone and goes on asking.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(NoServer, IsSaidOnce) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 maxpoll 6\n");
    RequestLog requests(scenario.network(), *IpAddress::parse("10.0.0.2"));
    scenario.start_all();
    scenario.run_for(Duration::seconds(20000));
    EXPECT_EQ(node.log().count("Can't synchronise: no selectable sources (1 unreachable sources)"), 1u)
        << scenario.report(node);
    EXPECT_EQ(node.clock().bare_frequency_error(), node.frequency_error());
    EXPECT_TRUE(node.clock().steps().empty());
    EXPECT_GE(requests.count(), 300u) << scenario.report(node);
    EXPECT_LE(node.log().lines().size(), 5u) << scenario.report(node);
  }
}

TEST(NoServer, NoSourcesAtAll) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "allow\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(10000));
    EXPECT_TRUE(node.running());
    EXPECT_EQ(node.frequency_error(), node.clock().bare_frequency_error());
    EXPECT_TRUE(node.clock().steps().empty());
    EXPECT_LE(node.log().lines().size(), 1u) << scenario.report(node);
  }
}

TEST(NoServer, NoRouteIsNotTheEnd) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    // The only server has an IPv6 address, the machine has none until later the other source answers.
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1", "fd00::1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server fd00::1 iburst\nserver 10.0.0.1 iburst\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(300));
    EXPECT_TRUE(node.running());
    EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
  }
}

TEST(NoServer, ANameThatResolvesLater) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server ntp.test iburst\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(100));
    EXPECT_FALSE(node.log().contains("Selected source")) << scenario.report(node);
    scenario.names().set("ntp.test", addresses({"10.0.0.1"}));
    scenario.run_for(Duration::seconds(1000));
    EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1 (ntp.test)")) << scenario.report(node);
  }
}

TEST(NoServer, AServerThatDeniesAccessIsNotHeard) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario scenario(seed);
    scenario.add("server", {"10.0.0.1"}, {}, "local stratum 1\nallow 10.9.0.0/16\n");
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\n");
    int answers = 0;
    scenario.network().set_tap([&](const PacketEvent& event) { answers += event.packet.from.port == 123 ? 1 : 0; });
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
    EXPECT_EQ(answers, 0);
    EXPECT_FALSE(node.log().contains("Selected source")) << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
