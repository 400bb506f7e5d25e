// Somebody who is not on the way sends answers in the name of the server.  He knows everything but what is drawn at
// random for each request: 64 bits of it, and the port where he is not told.
#include <gtest/gtest.h>

#include "tests/sim/fake_server.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kEvery = Duration::millis(500);
constexpr Duration kSpan = Duration::seconds(3000);

struct Forger {
  explicit Forger(std::uint64_t seed, const std::string& line)
      : scenario(seed),
        random(scenario.world().fork_random()),
        server(scenario.shared(), "server", "10.0.0.1"),
        mallory(scenario.shared(), "mallory", "10.0.0.66"),
        node(scenario.add("client", {"10.0.0.2"}, usual_clock(), line + "\nallow\n")) {
    scenario.start_all();
    scenario.run_for(Duration::seconds(1000));
  }
  ntp::Header lie() {
    const auto an_hour_on = ntp::NtpTimestamp::from(scenario.world().now() + Duration::seconds(3600));
    ntp::Header h;
    h.mode = ntp::Mode::Server;
    h.stratum = 1;
    h.poll = 4;
    h.precision = -20;
    h.origin = {random.next()};
    h.reference = h.receive = h.transmit = an_hour_on;
    return h;
  }
  // Twice a second until the end of the span.
  void forge(std::function<void(ntp::Header&)> change, std::uint16_t port) {
    forge_until(scenario.world().now() + kSpan, std::move(change), port);
  }
  void forge_until(TrueTime end, std::function<void(ntp::Header&)> change, std::uint16_t port) {
    if (scenario.world().now() >= end) return;
    FakeAnswer forged{.header = lie()};
    change(forged.header);
    Endpoint client = server.last_client();
    if (port != 0) client.port = port;
    const Endpoint from{*IpAddress::parse("10.0.0.1"), 123, 0};
    scenario.network().send(mallory.machine().sockets(), {from, client, forged.bytes()});
    ++sent;
    scenario.world().after(kEvery, [=, this] { forge_until(end, change, port); });
  }
  void check(const char* what, double poll_s) {
    const std::size_t lines = node.log().lines().size();
    const int requests = server.requests();
    const Performance result = measure(scenario.world(), node, kSpan, Duration::zero());
    const std::string report = std::string(what) + "\n" + scenario.report(node);
    EXPECT_GE(sent, 5000) << report;
    EXPECT_LE(result.max_error, Duration::millis(1)) << report;
    EXPECT_EQ(node.log().lines().size(), lines) << report;
    EXPECT_NEAR(server.requests() - requests, kSpan.to_seconds() / poll_s, 0.05 * kSpan.to_seconds() / poll_s)
        << report;
    const auto source = source_report(node, "10.0.0.1");
    ASSERT_TRUE(source.has_value()) << report;
    EXPECT_EQ(source->reachability, 0377) << report;
    EXPECT_EQ(source->status, control::SourceStatus::Selected) << report;
    EXPECT_LE(source->since_sample, poll_s + 1.0) << report;
  }
  Scenario scenario;
  SeededRandom random;
  FakeServer server;
  FakeServer mallory;
  Node& node;
  int sent = 0;
};

constexpr char kLine[] = "server 10.0.0.1 iburst minpoll 4 maxpoll 4";

TEST(ForgedPackets, AnswersToThePortOfTheLastRequest) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Forger forger(seed, kLine);
    forger.forge([](ntp::Header&) {}, 0);
    forger.check("random origin", 16.0);
  }
}

// The worst case: a socket that is always open, at a port that everybody knows, and requests that interleave.
TEST(ForgedPackets, AnswersToAPortThatIsKnown) {
  for (const char* more : {"", " xleave"}) {
    Forger forger(4, kLine + std::string(more) + "\nacquisitionport 123");
    forger.forge([](ntp::Header&) {}, 123);
    forger.check(more, 16.0);
  }
}

TEST(ForgedPackets, OriginsThatNeedNoKnowledge) {
  Forger forger(5, kLine + std::string(" xleave\nacquisitionport 123"));
  int round = 0;
  forger.forge(
      [&](ntp::Header& h) {
        switch (round++ % 4) {
          case 0:
            h.origin = {};
            break;
          case 1:
            h.origin = ntp::NtpTimestamp::from(forger.scenario.world().now());
            break;
          case 2:
            h.origin = h.receive;
            break;
          default:
            h.origin = {~std::uint64_t{0}};
        }
      },
      123);
  forger.check("guessed origin", 16.0);
}

TEST(ForgedPackets, KissesOfDeath) {
  for (const auto code : {ntp::RefId::text("RATE"), ntp::RefId::text("DENY"), ntp::RefId::text("RSTR")}) {
    Forger forger(6, kLine + std::string("\nacquisitionport 123"));
    forger.forge(
        [code](ntp::Header& h) {
          h.leap = ntp::Leap::Unsynchronised;
          h.stratum = 0;
          h.ref_id = code;
        },
        123);
    forger.check("kiss", 16.0);
  }
}

}  // namespace
}  // namespace timed::sim
