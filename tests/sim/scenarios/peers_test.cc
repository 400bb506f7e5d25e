// Symmetric mode: two machines that measure each other.
#include <gtest/gtest.h>

#include <bit>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

ClockModel other_clock() {
  ClockModel clock = usual_clock();
  clock.start_error = Duration::millis(-70);
  clock.frequency_error = Frequency::ppm(-40);
  return clock;
}

// Two that poll alike send two packets to the other's one at times, and then one had no answer.
bool is_reached(const control::SourceDataReply& source) {
  return std::popcount(source.reachability) >= 6;
}

// a has a server, b has only a.
struct Chain {
  Chain(std::uint64_t seed, const std::string& peer_options) : scenario(seed) {
    scenario.add_server("top", {"10.0.0.1"});
    a = &scenario.add("a", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\npeer 10.0.0.3" + peer_options + "\n");
    b = &scenario.add("b", {"10.0.0.3"}, other_clock(), "peer 10.0.0.2" + peer_options + "\n");
    scenario.start_all();
  }
  Scenario scenario;
  Node* a;
  Node* b;
};

TEST(Peers, TheOneWithoutAServerFollowsTheOther) {
  for (const bool xleave : {false, true}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Chain chain(seed, xleave ? " xleave" : "");
      const Performance result =
          measure(chain.scenario.world(), *chain.b, Duration::seconds(10000), Duration::seconds(4000));
      const std::string report = chain.scenario.report(*chain.b);
      EXPECT_TRUE(chain.b->log().contains("Selected source 10.0.0.2")) << report;
      EXPECT_LE(result.rms_error, Duration::seconds(3e-4)) << xleave << report;
      EXPECT_LE(result.max_error, Duration::millis(2)) << xleave << report;
      // The one with the server sees that the other has its time from itself, and stays with the server.
      EXPECT_FALSE(chain.a->log().contains("Selected source 10.0.0.3")) << chain.scenario.report(*chain.a);
      const auto below = source_report(*chain.b, "10.0.0.2");
      ASSERT_TRUE(below.has_value()) << report;
      EXPECT_EQ(below->mode, control::SourceMode::Peer);
      EXPECT_EQ(below->status, control::SourceStatus::Selected) << report;
      EXPECT_EQ(below->stratum, 2) << report;
      EXPECT_TRUE(is_reached(*below)) << report;
      const auto above = source_report(*chain.a, "10.0.0.3");
      ASSERT_TRUE(above.has_value());
      EXPECT_TRUE(is_reached(*above)) << chain.scenario.report(*chain.a);
      EXPECT_EQ(above->stratum, 0) << "of time that is its own, no sample is taken" << chain.scenario.report(*chain.a);
    }
  }
}

TEST(Peers, OneThatIsOnlyAnsweredIsAnsweredInPassiveMode) {
  Scenario scenario(5);
  scenario.add_server("top", {"10.0.0.1"});
  Node& node = scenario.add("active", {"10.0.0.2"}, usual_clock(), "peer 10.0.0.1\n");
  int passive = 0;
  scenario.network().set_tap([&](const PacketEvent& event) {
    if (event.arrival || event.packet.to.address != *IpAddress::parse("10.0.0.2")) return;
    passive += (static_cast<unsigned>(event.packet.data[0]) & 7) == static_cast<unsigned>(ntp::Mode::SymmetricPassive);
  });
  scenario.start_all();
  const Performance result = measure(scenario.world(), node, Duration::seconds(6000), Duration::seconds(2000));
  EXPECT_TRUE(node.log().contains("Selected source 10.0.0.1")) << scenario.report(node);
  EXPECT_LE(result.rms_error, Duration::seconds(2e-4)) << scenario.report(node);
  EXPECT_GT(passive, 20);
}

TEST(Peers, OneThatIsNotAllowedAndNotKnownIsNotAnswered) {
  Scenario scenario(6);
  scenario.add("top", {"10.0.0.1"}, {}, "local stratum 1\nallow 10.0.0.9\n");
  Node& node = scenario.add("active", {"10.0.0.2"}, usual_clock(), "peer 10.0.0.1\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(2000));
  EXPECT_FALSE(node.log().contains("Selected source")) << scenario.report(node);
}

TEST(Peers, ThePollIsTheShorterOfTheTwo) {
  Scenario scenario(7);
  scenario.add_server("top", {"10.0.0.1"});
  Node& a =
      scenario.add("a", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\npeer 10.0.0.3 minpoll 4 maxpoll 4\n");
  Node& b = scenario.add("b", {"10.0.0.3"}, other_clock(), "peer 10.0.0.2 minpoll 4 maxpoll 8\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(6000));
  const auto of_b = source_report(b, "10.0.0.2");
  ASSERT_TRUE(of_b.has_value());
  EXPECT_EQ(of_b->poll, 4) << scenario.report(b);
  EXPECT_TRUE(is_reached(*of_b)) << scenario.report(a);
}

TEST(Peers, TakeOverForEachOthersServers) {
  for (std::uint64_t seed = 8; seed <= 10; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("top1", {"10.0.0.1"});
    Node& top2 = scenario.add_server("top2", {"10.0.1.1"});
    Node& a = scenario.add("a", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\npeer 10.0.0.3\n");
    Node& b = scenario.add("b", {"10.0.0.3"}, other_clock(), "server 10.0.1.1 iburst\npeer 10.0.0.2\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(3000));
    EXPECT_TRUE(b.log().contains("Selected source 10.0.1.1")) << scenario.report(b);
    top2.stop();
    const Performance result = measure(scenario.world(), b, Duration::seconds(12000), Duration::seconds(8000));
    EXPECT_TRUE(b.log().contains("Selected source 10.0.0.2")) << scenario.report(b);
    EXPECT_LE(result.max_error, Duration::millis(2)) << scenario.report(b);
    EXPECT_FALSE(a.log().contains("Selected source 10.0.0.3")) << scenario.report(a);
  }
}

TEST(Peers, FindTogetherAgainAfterTheyLostEachOther) {
  for (const bool xleave : {false, true}) {
    Chain chain(11, xleave ? " xleave" : "");
    chain.scenario.run_for(Duration::seconds(4000));
    chain.scenario.network().set_cut_off("b", true);
    chain.scenario.run_for(Duration::seconds(20000));
    ASSERT_EQ(source_report(*chain.b, "10.0.0.2")->reachability, 0) << chain.scenario.report(*chain.b);
    chain.scenario.network().set_cut_off("b", false);
    chain.scenario.run_for(Duration::seconds(12000));
    EXPECT_TRUE(is_reached(*source_report(*chain.b, "10.0.0.2"))) << xleave << chain.scenario.report(*chain.b);
    EXPECT_TRUE(is_reached(*source_report(*chain.a, "10.0.0.3"))) << xleave << chain.scenario.report(*chain.a);
    EXPECT_LE(abs(chain.b->clock_error()), Duration::millis(1)) << xleave << chain.scenario.report(*chain.b);
  }
}

TEST(Peers, OneThatStartsAgainIsAnsweredAgain) {
  Chain chain(12, "");
  chain.scenario.run_for(Duration::seconds(4000));
  chain.b->crash();
  chain.scenario.run_for(Duration::seconds(3000));
  ASSERT_TRUE(chain.b->start().ok());
  const Performance result =
      measure(chain.scenario.world(), *chain.b, Duration::seconds(12000), Duration::seconds(6000));
  EXPECT_EQ(chain.b->log().count("Selected source 10.0.0.2"), 2u) << chain.scenario.report(*chain.b);
  EXPECT_LE(result.max_error, Duration::millis(2)) << chain.scenario.report(*chain.b);
}

// Both packets of a pair may cross or be lost: neither side may measure with stamps that do not belong together.
TEST(Peers, SurviveLossDuplicationAndReordering) {
  for (const bool xleave : {false, true}) {
    for (std::uint64_t seed = 13; seed <= 16; ++seed) {
      Chain chain(seed, xleave ? " xleave minpoll 3 maxpoll 4" : " minpoll 3 maxpoll 4");
      Link link = usual_link();
      link.loss = 0.2;
      link.duplication = 0.1;
      link.reordering = 0.1;
      link.reorder_delay = Duration::seconds(9);  // behind the next packet
      chain.scenario.network().set_link("a", "b", link);
      const Performance result =
          measure(chain.scenario.world(), *chain.b, Duration::seconds(10000), Duration::seconds(4000));
      EXPECT_LE(result.max_error, Duration::millis(2)) << xleave << chain.scenario.report(*chain.b);
    }
  }
}

}  // namespace
}  // namespace timed::sim
