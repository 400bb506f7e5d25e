// Names that stand for many servers, many lines with one name, and what becomes of members that are no use.
#include <gtest/gtest.h>

#include <set>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

const std::vector<std::string> kPool = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"};
const std::vector<std::string> kMore = {"10.0.0.7", "10.0.0.8", "10.0.0.9"};

struct Pool {
  Pool(std::uint64_t seed, const std::string& config) : scenario(seed) {
    for (const auto& list : {kPool, kMore}) {
      for (const std::string& address : list) scenario.add_server("server" + address, {address});
    }
    scenario.names().set("pool.test", addresses(kPool));
    node = &scenario.add("client", {"10.0.1.1"}, usual_clock(), config);
  }
  // Of those that have an address.
  std::set<std::string> members() {
    std::set<std::string> found;
    for (const auto& list : {kPool, kMore}) {
      for (const std::string& address : list) {
        if (source_report(*node, address)) found.insert(address);
      }
    }
    return found;
  }
  std::string report() { return scenario.report(*node); }

  Scenario scenario;
  Node* node;
};

// As many answer as are wanted; the others, asked once, are dropped.
TEST(Pools, AreFilledWithWhatAnswersAndNoMore) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pool pool(seed, "pool pool.test iburst maxsources 3\n");
    for (const std::string dead : {"10.0.0.1", "10.0.0.4"}) pool.scenario.network().set_cut_off("server" + dead, true);
    pool.scenario.start_all();
    pool.scenario.run_for(Duration::seconds(600));
    const auto members = pool.members();
    EXPECT_EQ(members.size(), 3u) << pool.report();
    EXPECT_EQ(members.count("10.0.0.1") + members.count("10.0.0.4"), 0u) << pool.report();
    EXPECT_TRUE(pool.node->log().contains("Selected source ")) << pool.report();
    EXPECT_LE(abs(pool.node->clock_error()), Duration::millis(1)) << pool.report();
  }
}

// The common idiom of three lines with one public name.
TEST(Pools, LinesWithOneNameGetAddressesOfTheirOwn) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pool pool(seed, "server pool.test iburst\nserver pool.test iburst\nserver pool.test iburst\n");
    pool.scenario.start_all();
    pool.scenario.run_for(Duration::seconds(300));
    EXPECT_EQ(pool.members().size(), 3u) << pool.report();
  }
}

// A member that has died gives its place to another address of the name.
TEST(Pools, AMemberThatIsUnreachableIsReplaced) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pool pool(seed, "pool pool.test iburst maxsources 2 minpoll 4 maxpoll 5\n");
    pool.scenario.start_all();
    pool.scenario.run_for(Duration::seconds(300));
    const auto before = pool.members();
    ASSERT_EQ(before.size(), 2u) << pool.report();
    const std::string dead = *before.begin();
    pool.scenario.network().set_cut_off("server" + dead, true);
    pool.scenario.names().set("pool.test", addresses(kMore));
    pool.scenario.run_for(Duration::seconds(20000));
    const auto after = pool.members();
    EXPECT_EQ(after.count(dead), 0u) << pool.report();
    EXPECT_EQ(after.size(), 2u) << pool.report();
    EXPECT_TRUE(pool.node->log().contains("Source " + dead + " replaced with ")) << pool.report();
  }
}

TEST(Pools, RefreshReplacesWhatTheNameHasNoLonger) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pool pool(seed, "server pool.test iburst\nrefresh 0\n");
    pool.scenario.start_all();
    pool.scenario.run_for(Duration::seconds(300));
    const auto before = pool.members();
    ASSERT_EQ(before.size(), 1u) << pool.report();
    pool.scenario.names().set("pool.test", addresses(kMore));
    pool.scenario.run_for(Duration::seconds(2000));
    EXPECT_EQ(pool.members(), before) << "not asked again" << pool.report();
    ASSERT_TRUE(pool.node->ask<std::monostate>(control::RefreshRequest{})) << pool.report();
    pool.scenario.run_for(Duration::seconds(60));
    const auto after = pool.members();
    ASSERT_EQ(after.size(), 1u) << pool.report();
    EXPECT_NE(after, before) << pool.report();
  }
}

TEST(Pools, OnlyTheFamilyThatIsWantedIsTaken) {
  for (const bool v6 : {false, true}) {
    Scenario scenario(1);
    scenario.add_server("server", {"10.0.0.1", "fd00::1"});
    scenario.names().set("both.test", addresses({"10.0.0.1", "fd00::1"}));
    Node& node = scenario.add("client", {"10.0.0.2", "fd00::2"}, usual_clock(),
                              std::string("server both.test iburst ") + (v6 ? "ipv6\n" : "ipv4\n"));
    scenario.start_all();
    scenario.run_for(Duration::seconds(60));
    EXPECT_EQ(source_report(node, "fd00::1").has_value(), v6) << scenario.report(node);
    EXPECT_EQ(source_report(node, "10.0.0.1").has_value(), !v6) << scenario.report(node);
  }
}

TEST(SourceFiles, AreComparedEntryByEntry) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pool pool(seed, "sourcedir /sources\nserver 10.0.0.1 iburst\n");
    pool.node->files().put("/sources/a.sources", "server 10.0.0.2 iburst\nserver 10.0.0.3 iburst\n");
    pool.scenario.start_all();
    pool.scenario.run_for(Duration::seconds(300));
    ASSERT_EQ(pool.members(), (std::set<std::string>{"10.0.0.1", "10.0.0.2", "10.0.0.3"})) << pool.report();
    pool.node->files().put("/sources/a.sources", "server 10.0.0.3 iburst\nserver 10.0.0.4 iburst\n");
    pool.scenario.run_for(Duration::seconds(300));
    EXPECT_TRUE(pool.members().count("10.0.0.2")) << "nobody watches files";
    const auto kept = stats_report(*pool.node, "10.0.0.3");
    ASSERT_TRUE(pool.node->ask<std::monostate>(control::ReloadSourcesRequest{})) << pool.report();
    pool.scenario.run_for(Duration::seconds(1));
    EXPECT_EQ(pool.members(), (std::set<std::string>{"10.0.0.1", "10.0.0.3", "10.0.0.4"})) << pool.report();
    const auto still = stats_report(*pool.node, "10.0.0.3");
    ASSERT_TRUE(kept && still);
    EXPECT_GE(still->samples, kept->samples) << "an entry that is there again keeps its measurements";
  }
}

}  // namespace
}  // namespace timed::sim
