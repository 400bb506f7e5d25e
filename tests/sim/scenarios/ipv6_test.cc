// The same way over IPv6.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(Ipv6, SynchronisesWithAServerByAddressAndByName) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const char* config : {"server fd00::1 iburst\n", "server ntp.test iburst\n"}) {
      Scenario scenario(seed);
      scenario.names().set("ntp.test", addresses({"fd00::1"}));
      scenario.add_server("server", {"fd00::1"});
      Node& node = scenario.add("client", {"fd00::2"}, usual_clock(), config);
      RequestLog requests(scenario.network(), *IpAddress::parse("fd00::2"));
      scenario.start_all();
      const Performance result = measure(scenario.world(), node, Duration::seconds(6000), Duration::seconds(2000));
      EXPECT_TRUE(node.log().contains("Selected source fd00::1")) << scenario.report(node);
      EXPECT_LE(result.rms_error, Duration::seconds(1.5e-4)) << scenario.report(node);
      EXPECT_LE(result.max_error, Duration::seconds(5e-4)) << scenario.report(node);
      ASSERT_TRUE(result.synchronised_after.has_value()) << scenario.report(node);
      EXPECT_LE(*result.synchronised_after, Duration::seconds(210)) << scenario.report(node);
      for (const Duration interval : requests.intervals()) {
        EXPECT_GE(interval, Duration::seconds(1.9)) << "two seconds in the burst at the begin";
        EXPECT_LE(interval, Duration::seconds(1024 * 1.03));
      }
    }
  }
}

}  // namespace
}  // namespace timed::sim
