// One server of three is broken or hostile, each time in another way; the other two are right.  Whatever it says, the
// clock keeps time, nobody is asked more often than before, and it is still asked: only its own operator can end it.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/sim/fake_server.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using ntp::Header;
using ntp::NtpShort;
using ntp::NtpTimestamp;
using Change = std::function<void(FakeAnswer&)>;

constexpr Duration kPoll = Duration::seconds(16);
constexpr Duration kBefore = Duration::seconds(1000);
constexpr Duration kDuring = Duration::seconds(1500);
constexpr double kDay_s = 86400.0;

enum class Gives {
  Nothing,    // no sample comes of it
  FalseTime,  // the selection must tell it from the right ones
  TrueTime,
};

struct Case {
  const char* what;
  Change change;
  Gives gives = Gives::Nothing;
  double slower = 1.0;  // by which it may be asked less often
};

void shift(Header& h, double by_s) {
  for (NtpTimestamp* stamp : {&h.receive, &h.transmit}) {
    *stamp = NtpTimestamp::from(stamp->near(kWorldStart) + Duration::seconds(by_s));
  }
}

void kiss(Header& h, const char (&code)[5]) {
  h.leap = ntp::Leap::Unsynchronised;
  h.stratum = 0;
  h.ref_id = ntp::RefId::text(code);
}

// What follows the header: a field of that type that says so long and is so long.
std::vector<std::byte> field(std::size_t type, std::size_t says, std::size_t is) {
  std::vector<std::byte> bytes(is);
  const std::size_t words[] = {type >> 8, type & 0xff, says >> 8, says & 0xff};
  for (std::size_t i = 0; i < std::min<std::size_t>(is, 4); ++i) bytes[i] = static_cast<std::byte>(words[i]);
  return bytes;
}

// In the header.
std::vector<Case> broken_headers() {
  return {
      {"wrong origin", [](FakeAnswer& a) { a.header.origin.bits ^= 1; }},
      {"no origin", [](FakeAnswer& a) { a.header.origin = {}; }},
      {"no receive stamp", [](FakeAnswer& a) { a.header.receive = {}; }},
      {"no transmit stamp", [](FakeAnswer& a) { a.header.transmit = {}; }},
      {"no stamps", [](FakeAnswer& a) { a.header.origin = a.header.receive = a.header.transmit = {}; }},
      {"root delay", [](FakeAnswer& a) { a.header.root_delay = NtpShort{0xffffffffu}; }},
      {"root dispersion", [](FakeAnswer& a) { a.header.root_dispersion = NtpShort{0xffffffffu}; }},
      {"stratum 0", [](FakeAnswer& a) { a.header.stratum = 0; }},
      {"stratum 16", [](FakeAnswer& a) { a.header.stratum = 16; }},
      {"stratum 255", [](FakeAnswer& a) { a.header.stratum = 255; }},
      {"leap 3", [](FakeAnswer& a) { a.header.leap = ntp::Leap::Unsynchronised; }},
      {"negative delay", [](FakeAnswer& a) { a.header.transmit.bits -= 1ull << 31; }},
      {"held for too long", [](FakeAnswer& a) { a.header.receive.bits -= 5ull << 32; }},
      {"precision", [](FakeAnswer& a) { a.header.precision = 127; }},
      {"mode", [](FakeAnswer& a) { a.header.mode = ntp::Mode::Broadcast; }},
      {"version", [](FakeAnswer& a) { a.header.version = 7; }},
  };
}

std::vector<Case> kisses() {
  return {
      {"DENY", [](FakeAnswer& a) { kiss(a.header, "DENY"); }},
      {"RSTR", [](FakeAnswer& a) { kiss(a.header, "RSTR"); }},
      {"RATE", [](FakeAnswer& a) { kiss(a.header, "RATE"); }, Gives::Nothing, 5.0},
      {"DENY of another request",
       [](FakeAnswer& a) {
         kiss(a.header, "DENY");
         a.header.origin.bits ^= 1;
       }},
      {"RATE of another request",
       [](FakeAnswer& a) {
         kiss(a.header, "RATE");
         a.header.origin.bits ^= 1;
       }},
  };
}

std::vector<Case> false_times() {
  return {
      {"an hour ahead", [](FakeAnswer& a) { shift(a.header, 3600.0); }, Gives::FalseTime},
      {"a day ago", [](FakeAnswer& a) { shift(a.header, -kDay_s); }, Gives::FalseTime},
      {"in 30 years", [](FakeAnswer& a) { shift(a.header, 30 * 365 * kDay_s); }, Gives::FalseTime},
      {"30 years ago", [](FakeAnswer& a) { shift(a.header, -30 * 365 * kDay_s); }, Gives::FalseTime},
      {"in 67 years", [](FakeAnswer& a) { shift(a.header, 67 * 365 * kDay_s); }, Gives::FalseTime},
      {"the begin of the era", [](FakeAnswer& a) { a.header.receive.bits = a.header.transmit.bits = 1; },
       Gives::FalseTime},
      {"its end", [](FakeAnswer& a) { a.header.receive.bits = a.header.transmit.bits = ~0ull; }, Gives::FalseTime},
      {"a leap second", [](FakeAnswer& a) { a.header.leap = ntp::Leap::Delete; }, Gives::TrueTime},
      {"a wandering second",
       [second = 0.0](FakeAnswer& a) mutable {
         second = second < 1.0 ? second + 0.1 : -1.0;
         shift(a.header, second);
       },
       Gives::FalseTime},
  };
}

// After the header.
std::vector<Case> broken_trailers() {
  std::vector<Case> all;
  for (const std::size_t size : {4u, 8u, 12u, 16u, 20u, 24u, 28u, 36u, 68u, 72u, 1024u, 1092u, 1096u}) {
    // A field that is as long as it says is a field, if a lone one has 28 octets at least.
    all.push_back(
        {"field too short for what it says", [size](FakeAnswer& a) { a.trailer = field(0xf323, size + 4, size); }});
    all.push_back({"field of length 0", [size](FakeAnswer& a) { a.trailer = field(0xf323, 0, size); }});
    all.push_back({"field of an odd length", [size](FakeAnswer& a) { a.trailer = field(0xf323, size - 1, size); }});
    all.push_back({"field of the largest length", [size](FakeAnswer& a) { a.trailer = field(0xf323, 0xffff, size); }});
    all.push_back({"MAC that nobody asked for", [size](FakeAnswer& a) { a.trailer = field(0, 1, size); }});
  }
  for (const std::size_t size : {0u, 1u, 47u, 49u, 51u, 63u, 1139u, 1200u}) {
    all.push_back({"size", [size](FakeAnswer& a) { a.size = size; }});
  }
  return all;
}

struct Broken {
  explicit Broken(std::uint64_t seed) : scenario(seed), server(scenario.shared(), "broken", "10.0.0.9") {
    scenario.add_server("good1", {"10.0.0.1"});
    scenario.add_server("good2", {"10.0.0.3"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(),
                         "server 10.0.0.9 iburst minpoll 4 maxpoll 4\nserver 10.0.0.1 iburst minpoll 4 maxpoll 4\n"
                         "server 10.0.0.3 iburst minpoll 4 maxpoll 4\nmakestep 0.01 -1\n");
    scenario.start_all();
    scenario.run_for(kBefore);
  }
  void check(const Case& broken) {
    server.play([&](const Header&, const FakeAnswer& honest) {
      FakeAnswer answer = honest;
      broken.change(answer);
      return std::vector{answer};
    });
    const std::size_t steps = node->clock().steps().size();
    const std::size_t lines = node->log().lines().size();
    const int requests = server.requests();
    const Performance result = measure(scenario.world(), *node, kDuring, Duration::zero());
    const std::string report = std::string(broken.what) + "\n" + scenario.report(*node);
    EXPECT_LE(result.max_error, Duration::millis(1)) << report;
    EXPECT_EQ(node->clock().steps().size(), steps) << report;
    const double asked = server.requests() - requests, usual = kDuring / kPoll;
    EXPECT_LE(asked, usual + 1.0) << report;
    EXPECT_GE(asked, 0.9 * usual / broken.slower) << report;
    // Some lines of what the selection thinks of it, never one a packet.
    EXPECT_LE(node->log().lines().size(), lines + 20 * static_cast<std::size_t>(broken.slower)) << report;
    const auto source = source_report(*node, "10.0.0.9");
    ASSERT_TRUE(source.has_value()) << report;
    EXPECT_TRUE(broken.gives == Gives::TrueTime || source->status != control::SourceStatus::Selected) << report;
    const bool silent = source->since_sample >= kDuring.to_seconds() - 40.0;
    EXPECT_TRUE(broken.gives != Gives::Nothing || silent) << report;
    EXPECT_EQ(node->ask<control::TrackingReply>(control::TrackingRequest{})->leap, 0) << report;
    for (const char* good : {"10.0.0.1", "10.0.0.3"}) {
      EXPECT_EQ(source_report(*node, good)->reachability, 0377) << report;
    }
    EXPECT_TRUE(node->running()) << report;
  }
  Scenario scenario;
  FakeServer server;
  Node* node;
};

void check_all(const std::vector<Case>& cases) {
  std::uint64_t seed = 0;
  for (const Case& broken : cases) Broken(++seed).check(broken);
}

TEST(BrokenServerBesideGoodOnes, Headers) {
  check_all(broken_headers());
}

TEST(BrokenServerBesideGoodOnes, Kisses) {
  check_all(kisses());
}

TEST(BrokenServerBesideGoodOnes, Times) {
  check_all(false_times());
}

TEST(BrokenServerBesideGoodOnes, Trailers) {
  check_all(broken_trailers());
}

TEST(BrokenServerBesideGoodOnes, Replays) {
  std::optional<FakeAnswer> first;
  Broken(100).check({"replay", [&first](FakeAnswer& a) {
                       if (!first) first = a;
                       a = *first;
                     }});
}

}  // namespace
}  // namespace timed::sim
