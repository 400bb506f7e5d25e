// The same way over IPv6.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(Ipv6, SynchronisesWithAServerByAddressAndByName) {
  for (const char* config : {"server fd00::1 iburst\n", "server ntp.test iburst\n"}) {
    Scenario scenario(1);
    scenario.names().set("ntp.test", addresses({"fd00::1"}));
    scenario.add_server("server", {"fd00::1"});
    Node& node = scenario.add("client", {"fd00::2"}, usual_clock(), config);
    scenario.start_all();
    const Performance result = measure(scenario.world(), node, Duration::seconds(6000), Duration::seconds(2000));
    EXPECT_TRUE(node.log().contains("Selected source fd00::1")) << scenario.report(node);
    EXPECT_LE(result.rms_error, Duration::seconds(1e-4)) << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
