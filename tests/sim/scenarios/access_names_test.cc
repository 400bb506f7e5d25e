// Host names in allow and deny: looked up after the start, and until then nobody is answered too many.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr char kAsk[] = "server 10.0.0.1 minpoll 4 maxpoll 4\n";

std::uint64_t good_samples(Node& client) {
  const auto report = stats_report(client, "10.0.0.1");
  return report ? report->samples : 0;
}

TEST(AccessNames, TheFirstAddressOfANameIsAllowedAndTheSocketOpenedForIt) {
  Scenario scenario(1);
  scenario.names().set("friend.test", addresses({"10.0.0.2", "10.0.0.3"}));
  Node& server = scenario.add("server", {"10.0.0.1"}, {}, "local stratum 1\nallow friend.test\n");
  Node& first = scenario.add("first", {"10.0.0.2"}, usual_clock(), kAsk);
  Node& second = scenario.add("second", {"10.0.0.3"}, usual_clock(), kAsk);
  scenario.start_all();
  scenario.run_for(Duration::seconds(200));
  EXPECT_GE(good_samples(first), 8u) << scenario.report(server);
  EXPECT_EQ(good_samples(second), 0u);
  EXPECT_EQ(scenario.names().lookups(), 1u);
}

TEST(AccessNames, WhileADenyIsNotKnownNobodyIsAnswered) {
  Scenario scenario(2);
  Node& server = scenario.add("server", {"10.0.0.1"}, {}, "local stratum 1\nallow\ndeny enemy.test\n");
  Node& client = scenario.add("client", {"10.0.0.2"}, usual_clock(), kAsk);
  Node& enemy = scenario.add("enemy", {"10.0.0.3"}, usual_clock(), kAsk);
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  EXPECT_EQ(good_samples(client), 0u);
  EXPECT_EQ(server.log().count("Could not resolve enemy.test : Name or service not known"), 1u)
      << scenario.report(server);
  EXPECT_GE(scenario.names().lookups(), 4u);

  scenario.names().set("enemy.test", addresses({"10.0.0.3"}));
  scenario.run_for(Duration::seconds(2000));
  EXPECT_GE(good_samples(client), 8u) << scenario.report(server);
  EXPECT_EQ(good_samples(enemy), 0u);
}

}  // namespace
}  // namespace timed::sim
