// Interleaved mode of a client: the server tells with the next answer when the last one really left.
#include <gtest/gtest.h>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kSlowToSend = Duration::millis(1);

// What a client of a server is off by whose answers wait for a millisecond after they were stamped.
Duration mean_error(std::uint64_t seed, const std::string& options, bool interleaved) {
  Scenario scenario(seed);
  MachineModel model;
  model.name = "server";
  model.sockets.addresses = addresses({"10.0.0.1"});
  model.sockets.send_latency = kSlowToSend;
  Node server(scenario.shared(), model, "local stratum 1\nallow\n");
  EXPECT_TRUE(server.start().ok());
  Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                            "server 10.0.0.1 iburst minpoll 4 maxpoll 4 " + options + "\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(3000));
  control::NtpDataRequest request;
  request.address.ip = *IpAddress::parse("10.0.0.1");
  const auto data = node.ask<control::NtpDataReply>(request);
  EXPECT_TRUE(data.has_value());
  EXPECT_EQ((data->flags & control::NtpDataReply::kInterleaved) != 0, interleaved) << scenario.report(node);
  Duration sum;
  for (int i = 0; i < 1000; ++i) {
    scenario.run_for(Duration::seconds(1));
    sum += node.clock_error();
  }
  server.stop();
  return sum * 0.001;
}

TEST(Interleaved, TakesTheTimeOfTheSendingOutOfTheOffset) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    EXPECT_NEAR(mean_error(seed, "", false).to_seconds(), -kSlowToSend.to_seconds() / 2, 1e-4);
    EXPECT_NEAR(mean_error(seed, "xleave", true).to_seconds(), 0.0, 5e-5);
  }
}

TEST(Interleaved, FallsBackToTheBasicModeWhereAnswersAreLost) {
  for (std::uint64_t seed = 5; seed <= 7; ++seed) {
    Scenario scenario(seed);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node =
        scenario.add("client", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst minpoll 4 maxpoll 4 xleave\n");
    Link lossy = usual_link();
    lossy.loss = 0.4;
    scenario.network().set_link("client", "server", lossy);
    scenario.start_all();
    const auto result = measure(scenario.world(), node, Duration::seconds(8000), Duration::seconds(3000));
    EXPECT_LE(result.max_error, Duration::millis(1)) << scenario.report(node);
  }
}

}  // namespace
}  // namespace timed::sim
