// `serverthreads`: what serves beside the main loop is a loop of its own here, with a socket of its own on the address.
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "tests/sim/answer_log.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr int kClients = 24;

std::string client_address(int i) {
  return "10.0.1." + std::to_string(i + 1);
}

// A server with threads and many clients of it.
struct Crowd {
  Crowd(std::uint64_t seed, const std::string& server_config, const std::string& client_options) : scenario(seed) {
    server = &scenario.add_server("server", {"10.0.0.1"}, server_config);
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(&scenario.add("client" + std::to_string(i), {client_address(i)}, usual_clock(),
                                      "server 10.0.0.1 iburst " + client_options + "\n"));
    }
    scenario.start_all();
  }
  control::ClientAccessesReply all_clients(bool reset = false) {
    control::ClientAccessesReply whole;
    control::ClientAccessesRequest request{.first = 0, .count = 8, .min_hits = 1, .reset = reset};
    for (int page = 0; page < 10'000; ++page) {
      const auto part = server->ask<control::ClientAccessesReply>(request);
      if (!part) break;
      whole.clients.insert(whole.clients.end(), part->clients.begin(), part->clients.end());
      whole.table_size = part->table_size;
      request.first = part->next;
      if (part->next >= part->table_size) break;
    }
    return whole;
  }
  Scenario scenario;
  Node* server;
  std::vector<Node*> clients;
};

TEST(ServingThreads, ClientsKeepTimeAsWithOneLoop) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Crowd crowd(seed, "serverthreads 3\n", "");
    crowd.scenario.run_for(Duration::seconds(4000));
    for (Node* const client : crowd.clients) {
      EXPECT_TRUE(client->log().contains("Selected source 10.0.0.1")) << crowd.scenario.report(*client);
      EXPECT_LE(abs(client->clock_error()), Duration::millis(1)) << crowd.scenario.report(*client);
    }
    EXPECT_FALSE(crowd.server->log().contains("Could not")) << crowd.scenario.report(*crowd.server);
  }
}

TEST(ServingThreads, InterleavedModeIsKeptOnTheThreadOfTheClient) {
  Crowd crowd(4, "serverthreads 4\n", "xleave minpoll 2 maxpoll 2");
  crowd.scenario.run_for(Duration::seconds(400));
  const auto stats = crowd.server->ask<control::ServerStatsReply>(control::ServerStatsRequest{});
  ASSERT_TRUE(stats.has_value());
  // All but the first of each client's: 4 in its burst, then one each 4 s.
  EXPECT_GE(stats->ntp_interleaved_hits, static_cast<std::uint64_t>(kClients) * 90u);
  EXPECT_LE(stats->ntp_hits, stats->ntp_interleaved_hits + static_cast<std::uint64_t>(kClients) * 4u);
  EXPECT_GT(stats->ntp_kernel_tx, static_cast<std::uint64_t>(kClients) * 80u);
  EXPECT_GT(stats->ntp_timestamps, 0u);
}

TEST(ServingThreads, ReportsAreThoseOfAllThreadsTogether) {
  Crowd crowd(5, "serverthreads 3\nclientloglimit 200000\n", "minpoll 4 maxpoll 4");
  crowd.scenario.run_for(Duration::seconds(1000));
  auto known = crowd.all_clients();
  ASSERT_EQ(known.clients.size(), static_cast<std::size_t>(kClients));
  std::uint64_t hits = 0;
  for (const auto& client : known.clients) {
    EXPECT_NEAR(client.ntp_hits, 65, 6) << client.address.to_string();
    EXPECT_EQ(client.ntp_interval, 4) << client.address.to_string();
    hits += client.ntp_hits;
  }
  const auto stats = crowd.server->ask<control::ServerStatsReply>(control::ServerStatsRequest{});
  ASSERT_TRUE(stats.has_value());
  EXPECT_GE(stats->ntp_hits, hits);
  EXPECT_LE(stats->ntp_hits, hits + kClients);
  known = crowd.all_clients(true);
  EXPECT_EQ(known.clients.size(), static_cast<std::size_t>(kClients));
  EXPECT_TRUE(crowd.all_clients().clients.empty()) << "all threads have begun anew";
}

// With as many tables as threads the limit would be as many times as high for whoever comes to all of them.
TEST(ServingThreads, RateLimitsAreExact) {
  Crowd crowd(6, "serverthreads 4\nratelimit interval 3 burst 1 leak 4\n", "minpoll 1 maxpoll 1");
  crowd.scenario.run_for(Duration::seconds(2000));
  const auto stats = crowd.server->ask<control::ServerStatsReply>(control::ServerStatsRequest{});
  ASSERT_TRUE(stats.has_value());
  // Asked each 2 s, one of four is earned, and of the others one of 16 leaks.
  const double share = 1.0 - static_cast<double>(stats->ntp_drops) / static_cast<double>(stats->ntp_hits);
  EXPECT_NEAR(share, 0.25 + 0.75 / 16.0, 0.03) << stats->ntp_hits;
}

TEST(ServingThreads, RulesThatChangeReachAllOfThem) {
  Crowd crowd(7, "serverthreads 3\n", "minpoll 3 maxpoll 3");
  crowd.scenario.run_for(Duration::seconds(300));
  control::AccessRequest deny;
  deny.allow = false;
  deny.network.ip = *IpAddress::parse("10.0.1.0");
  deny.bits = 24;
  ASSERT_TRUE(crowd.server->ask<std::monostate>(deny).has_value());
  crowd.scenario.run_for(Duration::seconds(200));
  for (Node* const client : crowd.clients) {
    const auto source = source_report(*client, "10.0.0.1");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(source->reachability, 0) << crowd.scenario.report(*client);
  }
}

TEST(ServingThreads, PeersAreHandedToTheMainLoop) {
  for (const bool xleave : {false, true}) {
    Scenario scenario(8);
    const std::string more = xleave ? " xleave" : "";
    scenario.add_server("top", {"10.0.0.1"});
    scenario.add("a", {"10.0.0.2"}, usual_clock(),
                 "server 10.0.0.1 iburst\npeer 10.0.0.3" + more + "\nserverthreads 2\nallow\n");
    Node& b = scenario.add("b", {"10.0.0.3"}, usual_clock(), "peer 10.0.0.2" + more + "\nserverthreads 3\nallow\n");
    scenario.start_all();
    const Performance result = measure(scenario.world(), b, Duration::seconds(8000), Duration::seconds(4000));
    EXPECT_TRUE(b.log().contains("Selected source 10.0.0.2")) << scenario.report(b);
    EXPECT_LE(result.rms_error, Duration::seconds(3e-4)) << scenario.report(b);
    for (const char* const name : {"a", "b"}) {
      const auto source = source_report(scenario.node(name), name[0] == 'a' ? "10.0.0.3" : "10.0.0.2");
      ASSERT_TRUE(source.has_value());
      EXPECT_GE(std::popcount(source->reachability), 6) << name;
    }
  }
}

TEST(ServingThreads, APeerThatIsAddedLaterIsHandedToTheMainLoop) {
  Scenario scenario(12);
  scenario.add_server("top", {"10.0.0.1"});
  Node& a = scenario.add("a", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1 iburst\nserverthreads 2\nallow\n");
  scenario.add("b", {"10.0.0.3"}, usual_clock(), "peer 10.0.0.2 maxpoll 6\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  control::AddSourceRequest peer;
  peer.type = control::AddSourceRequest::Type::Peer;
  peer.name = "10.0.0.3";
  peer.max_poll = 6;
  ASSERT_TRUE(a.ask<std::monostate>(peer).has_value());
  scenario.run_for(Duration::seconds(1500));
  const auto source = source_report(a, "10.0.0.3");
  ASSERT_TRUE(source.has_value());
  EXPECT_GE(std::popcount(source->reachability), 6) << scenario.report(a);
}

// What is served ages where nobody wakes the main loop: its stratum and dispersion are those of now.
TEST(ServingThreads, AnOrphanOfItsServersIsSeenAsOne) {
  Scenario scenario(9);
  scenario.add_server("top", {"10.0.0.1"});
  scenario.add("middle", {"10.0.0.2"}, usual_clock(),
               "server 10.0.0.1 iburst maxpoll 4\nserverthreads 2\nallow\nlocal stratum 9 distance 0.1\n");
  Node& below = scenario.add("below", {"10.0.0.3"}, usual_clock(), "server 10.0.0.2 iburst minpoll 3 maxpoll 3\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(600));
  ASSERT_EQ(source_report(below, "10.0.0.2")->stratum, 2);
  scenario.network().set_cut_off("top", true);
  scenario.run_for(Duration::seconds(100'000));
  EXPECT_EQ(source_report(below, "10.0.0.2")->stratum, 9) << scenario.report(below);
}

TEST(ServingThreads, AutoIsOneForEachProcessor) {
  Scenario scenario(10);
  Node& server = scenario.add_server("server", {"10.0.0.1"}, "serverthreads auto\n");
  server.machine().host().set_processors(5);
  scenario.start_all();
  EXPECT_EQ(server.machine().sockets().open_sockets(), 2u * 6u + 2u) << "of two families, with those of commands";
}

TEST(ServingThreads, NothingIsLeftOfThemAtTheEnd) {
  Crowd crowd(11, "serverthreads 3\n", "minpoll 2 maxpoll 2");
  crowd.scenario.run_for(Duration::seconds(100));
  crowd.server->stop();
  EXPECT_EQ(crowd.server->machine().sockets().open_sockets(), 0u);
  ASSERT_TRUE(crowd.server->start().ok());
  crowd.scenario.run_for(Duration::seconds(100));
  const auto stats = crowd.server->ask<control::ServerStatsReply>(control::ServerStatsRequest{});
  ASSERT_TRUE(stats.has_value());
  EXPECT_GE(stats->ntp_hits, static_cast<std::uint64_t>(kClients) * 20u);
}

}  // namespace
}  // namespace timed::sim
