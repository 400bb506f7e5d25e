// mailonchange: one mail for each correction that is large enough.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

TEST(MailOnChange, TellsOfLargeCorrectionsOnly) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    ClockModel clock = usual_clock();
    clock.start_error = Duration::seconds(20);
    Node& node = scenario.add("client", {"10.0.0.2"}, clock,
                              "server 10.0.0.1 iburst\nmakestep 1 -1\nlogchange 1000\nmailonchange root@here 0.5\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(2000));
    const auto& mails = node.machine().host().mails();
    ASSERT_EQ(mails.size(), 1u) << scenario.report(node);
    EXPECT_TRUE(
        mails[0].starts_with("To: root@here\nSubject: timed reports change to system clock on node [simulated]\n"))
        << mails[0];
    EXPECT_NE(mails[0].find("Adjustment (positive: the clock was slow): -20.0"), std::string::npos) << mails[0];
    EXPECT_FALSE(node.log().contains("System clock wrong by")) << "logchange is a threshold of its own";
  }
}

}  // namespace
}  // namespace timed::sim
