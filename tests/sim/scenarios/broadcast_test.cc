// broadcast: who only listens hears our time, and hears that we have none yet.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"
#include "timed/ntp/packet.h"

namespace timed::sim {
namespace {

struct Heard {
  TrueTime when;
  ntp::Header header;
};

// What arrives at the broadcast address, which is a machine of its own here.
std::vector<Heard> listen(Scenario& scenario, Duration span) {
  std::vector<Heard> heard;
  scenario.network().set_tap([&heard](const PacketEvent& event) {
    if (event.arrival || event.packet.to != Endpoint{*IpAddress::parse("10.0.0.255"), 123, 0}) return;
    EXPECT_EQ(event.packet.from, (Endpoint{*IpAddress::parse("10.0.0.2"), 123, 0}));
    heard.push_back({event.when, ntp::PacketView::parse(event.packet.data).header()});
  });
  scenario.run_for(span);
  scenario.network().set_tap({});
  return heard;
}

TEST(Broadcast, TellsTheTimeThatTheDaemonHas) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node =
        scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\nbroadcast 60 10.0.0.255\n");
    scenario.start_all();
    const auto heard = listen(scenario, Duration::seconds(6000));
    EXPECT_GE(heard.size(), 98u) << scenario.report(node);  // 2 % later each, at most
    EXPECT_LE(heard.size(), 100u) << scenario.report(node);
    for (std::size_t i = 0; i < heard.size(); ++i) {
      const ntp::Header& header = heard[i].header;
      EXPECT_EQ(header.mode, ntp::Mode::Broadcast);
      EXPECT_EQ(header.stratum, 2);
      EXPECT_EQ(header.poll, 6);
      if (heard[i].when - scenario.world().start() < Duration::seconds(2000)) continue;
      const auto truth = ntp::NtpTimestamp::from(RawTime::from_nanos(heard[i].when.nanos()));
      EXPECT_LE(abs(header.transmit.minus(truth)), Duration::seconds(1e-3)) << scenario.report(node);
    }
  }
}

TEST(Broadcast, OfADaemonWithoutTimeSaysSo) {
  Scenario scenario(1);
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(), "broadcast 10 10.0.0.255\n");
  scenario.start_all();
  const auto heard = listen(scenario, Duration::seconds(105));
  EXPECT_GE(heard.size(), 10u) << scenario.report(node);
  for (const Heard& packet : heard) {
    EXPECT_EQ(packet.header.leap, ntp::Leap::Unsynchronised);
    EXPECT_EQ(packet.header.stratum, 0);
    EXPECT_TRUE(packet.header.reference.is_zero());
  }
}

TEST(Broadcast, WithoutAServerPortIsToldAndHarmsNothing) {
  Scenario scenario(1);
  scenario.add_server("server", {"10.0.0.1"});
  Node& node =
      scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\nport 0\nbroadcast 10 10.0.0.255\n");
  scenario.start_all();
  EXPECT_TRUE(listen(scenario, Duration::seconds(100)).empty());
  EXPECT_TRUE(node.log().contains("Could not broadcast to 10.0.0.255:123 : No NTP socket is open"));
  EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
}

}  // namespace
}  // namespace timed::sim
