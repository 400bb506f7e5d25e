// A server whose stamps are of another year, beside two that are right: it is found out, and the clock stays.
#include <gtest/gtest.h>

#include "tests/sim/fake_server.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr double kYear_s = 365.25 * 86400.0;

TEST(FarStamps, OfThePastAndTheFutureMoveNothing) {
  for (const double years : {-55.0, -10.0, -0.01, 0.01, 10.0, 67.0, 68.5}) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      Scenario scenario(seed);
      FakeServer fake(scenario.shared(), "fake", "10.0.0.1");
      scenario.add_server("good1", {"10.0.0.2"});
      scenario.add_server("good2", {"10.0.0.3"});
      std::string config = "makestep 0.1 -1\n";
      for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
        config += std::string("server ") + address + " iburst minpoll 4 maxpoll 4\n";
      }
      Node& node = scenario.add("client", {"10.0.1.1"}, usual_clock(), config);
      scenario.start_all();
      scenario.run_for(Duration::seconds(1500));
      const std::size_t lines = node.log().lines().size(), steps = node.clock().steps().size();

      fake.change([years](ntp::Header& answer) {
        const auto other_year = static_cast<std::uint64_t>(static_cast<std::int64_t>(years * kYear_s)) << 32;
        answer.reference.bits += other_year;
        answer.receive.bits += other_year;
        answer.transmit.bits += other_year;
      });
      const Performance lied = measure(scenario.world(), node, Duration::seconds(3000), Duration::zero());
      const std::string report = std::to_string(years) + " years\n" + scenario.report(node);
      EXPECT_LE(lied.max_error, Duration::millis(1)) << report;
      EXPECT_EQ(node.clock().steps().size(), steps) << report;
      EXPECT_LE(node.log().lines().size(), lines + 4) << report;
      EXPECT_TRUE(node.log().contains("Jitter of 10.0.0.1 exceeds maxjitter of 1.000 seconds") ||
                  node.log().contains("Detected falseticker 10.0.0.1"))
          << report;

      fake.be_honest();
      const Performance honest = measure(scenario.world(), node, Duration::seconds(5000), Duration::zero());
      const auto source = source_report(node, "10.0.0.1");
      ASSERT_TRUE(source.has_value()) << report;
      EXPECT_LE(honest.max_error, Duration::millis(1)) << scenario.report(node);
      EXPECT_EQ(source->reachability, 0377) << scenario.report(node);
      EXPECT_TRUE(source->status == control::SourceStatus::Selected ||
                  source->status == control::SourceStatus::Combined ||
                  source->status == control::SourceStatus::Selectable)
          << years << " state " << static_cast<int>(source->status) << scenario.report(node);
    }
  }
}

}  // namespace
}  // namespace timed::sim
