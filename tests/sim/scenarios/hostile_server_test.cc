// The server answers what it should not: nothing is measured by it, nothing is said of each packet, it is asked as
// often as before, and it is believed again when it is honest again.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "tests/sim/fake_server.h"
#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

using ntp::Header;
using ntp::Leap;
using ntp::NtpShort;
using ntp::NtpTimestamp;
using Answers = std::vector<FakeAnswer>;

// What is wrong with an answer is tried out by many answers to each request.
constexpr int kAtOnce = 100;
constexpr Duration kPoll = Duration::seconds(16);
constexpr char kKeys[] = "1 SHA1 HEX:00112233445566778899aabbccddeeff00112233\n";
constexpr Duration kHonest = Duration::seconds(1500);
constexpr Duration kHostile = Duration::seconds(2000);

NtpTimestamp shifted(NtpTimestamp stamp, Duration by) {
  const TrueTime t = stamp.near(kWorldStart) + by;
  return NtpTimestamp::from(t);
}

std::vector<std::byte> noise(SeededRandom& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random.below(256));
  return bytes;
}

// A client of one server, which is honest at first.
struct Hostile {
  explicit Hostile(std::uint64_t seed, bool signs = false)
      : scenario(seed), random(scenario.world().fork_random()), server(scenario.shared(), "server", "10.0.0.1") {
    ClockModel clock = usual_clock();
    clock.wander = 0.0;
    node = &scenario.add("client", {"10.0.0.2"}, clock,
                         "server 10.0.0.1 iburst minpoll 4 maxpoll 4" +
                             std::string(signs ? " key 1\nkeyfile /keys" : "") + "\nmakestep 0.01 -1\n");
    node->files().put("/keys", kKeys);
    if (signs) server.sign_with(*keys.keys.find(1));
    scenario.start_all();
    scenario.run_for(kHonest);
  }
  // Runs through the time of the trick and of the honesty after it, and looks at everything that must hold.
  void check_ignored(const std::string& what, Duration interval = kPoll, std::size_t more_lines = 0) {
    const std::size_t lines = node->log().lines().size();
    const std::size_t steps = node->clock().steps().size();
    const int requests = server.requests();
    const Performance hostile = measure(scenario.world(), *node, kHostile, Duration::zero());
    const std::string report = what + "\n" + scenario.report(*node);
    EXPECT_LE(hostile.max_error, Duration::millis(1)) << report;
    EXPECT_EQ(node->clock().steps().size(), steps) << report;
    const auto then = source_report(*node, "10.0.0.1");
    ASSERT_TRUE(then.has_value()) << report;
    EXPECT_GE(then->since_sample, kHostile.to_seconds() - 2.0) << report;
    const double asked = server.requests() - requests;
    EXPECT_NEAR(asked, kHostile / interval, 0.05 * (kHostile / interval) + 1.0) << report;
    // At most: that nobody is left to follow, and one more.
    EXPECT_LE(node->log().lines().size(), lines + 2 + more_lines) << report;
    check_recovery(what);
  }
  void check_recovery(const std::string& what) {
    server.be_honest();
    const Performance honest = measure(scenario.world(), *node, kHonest, kHonest * 0.5);
    const std::string report = what + "\n" + scenario.report(*node);
    EXPECT_LE(honest.max_error, Duration::millis(1)) << report;
    const auto now = source_report(*node, "10.0.0.1");
    ASSERT_TRUE(now.has_value()) << report;
    EXPECT_EQ(now->reachability, 0377) << report;
    EXPECT_EQ(now->status, control::SourceStatus::Selected) << report;
    EXPECT_LE(now->since_sample, 17u) << report;
    EXPECT_TRUE(node->running()) << report;
  }
  const auth::KeyStore::Reading keys = auth::KeyStore::read(kKeys, "/keys");
  Scenario scenario;
  SeededRandom random;
  FakeServer server;
  Node* node;
};

void expect_ignored(const std::string& what, const std::function<void(Header&)>& change) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Hostile h(seed);
    h.server.change(change);
    h.check_ignored(what);
  }
}

TEST(HostileServer, AnswersToAnotherRequestAreNone) {
  expect_ignored("wrong origin", [](Header& a) { a.origin.bits ^= 1; });
  expect_ignored("no origin", [](Header& a) { a.origin = {}; });
  expect_ignored("origin reflected as ours", [](Header& a) { a.origin = a.receive; });
}

TEST(HostileServer, OldAnswersAreNone) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Hostile h(seed);
    std::optional<FakeAnswer> first;
    h.server.play([&](const Header&, const FakeAnswer& honest) {
      if (!first) first = honest;
      return Answers{*first};
    });
    // The first time it is right.
    h.scenario.run_for(kPoll * 2.0);
    ASSERT_TRUE(first.has_value());
    h.check_ignored("replay");
  }
}

TEST(HostileServer, StampsOfZeroAreUnknown) {
  expect_ignored("receive", [](Header& a) { a.receive = {}; });
  expect_ignored("transmit", [](Header& a) { a.transmit = {}; });
  expect_ignored("both", [](Header& a) { a.receive = a.transmit = {}; });
  expect_ignored("all", [](Header& a) { a.origin = a.receive = a.transmit = {}; });
}

TEST(HostileServer, ItsOwnReferenceMustBeNear) {
  expect_ignored("root delay", [](Header& a) { a.root_delay = NtpShort::from(Duration::seconds(32)); });
  expect_ignored("root dispersion", [](Header& a) { a.root_dispersion = NtpShort::from(Duration::seconds(16)); });
  expect_ignored("both half", [](Header& a) {
    a.root_delay = NtpShort::from(Duration::seconds(16));
    a.root_dispersion = NtpShort::from(Duration::seconds(8));
  });
  expect_ignored("largest", [](Header& a) { a.root_delay = a.root_dispersion = NtpShort{0xffffffffu}; });
}

TEST(HostileServer, WhoIsNotSynchronisedIsNotBelieved) {
  for (const int stratum : {0, 16, 17, 255}) {
    expect_ignored("stratum " + std::to_string(stratum),
                   [stratum](Header& a) { a.stratum = static_cast<ntp::Stratum>(stratum); });
  }
  expect_ignored("leap 3", [](Header& a) { a.leap = Leap::Unsynchronised; });
}

Header kiss(Header answer, const char (&code)[5]) {
  answer.leap = Leap::Unsynchronised;
  answer.stratum = 0;
  answer.ref_id = ntp::RefId::text(code);
  return answer;
}

TEST(HostileServer, AKissOfDeathEndsNothing) {
  expect_ignored("DENY", [](Header& a) { a = kiss(a, "DENY"); });
  expect_ignored("RSTR", [](Header& a) { a = kiss(a, "RSTR"); });
  expect_ignored("of nobody who has seen the request", [](Header& a) {
    a = kiss(a, "DENY");
    a.origin.bits ^= 0x100;
  });
  expect_ignored("nor this", [](Header& a) {
    a = kiss(a, "RATE");
    a.origin.bits ^= 0x100;
  });
}

TEST(HostileServer, OnlyRateMakesItSlower) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Hostile h(seed);
    // A hundred of them are one.  It is told once a request, as an operator should know why he is asked to be patient.
    h.server.play([](const Header&, const FakeAnswer& honest) {
      FakeAnswer answer = honest;
      answer.header = kiss(answer.header, "RATE");
      return Answers(kAtOnce, answer);
    });
    h.check_ignored("RATE", kPoll * 5.0, 26);
    EXPECT_GE(h.node->log().count("Received KoD RATE from 10.0.0.1"), 1u) << h.scenario.report(*h.node);
    EXPECT_EQ(source_report(*h.node, "10.0.0.1")->poll, 4) << h.scenario.report(*h.node);
  }
}

// Negative delays and long ones: what the server says it has spent is no measure of the way.
TEST(HostileServer, ADelayThatCannotBeIsNoSample) {
  expect_ignored("sent before received", [](Header& a) { a.transmit = shifted(a.receive, Duration::seconds(-0.5)); });
  expect_ignored("long before", [](Header& a) { a.transmit = shifted(a.receive, Duration::seconds(-1000)); });
  expect_ignored("held longer than we waited", [](Header& a) {
    a.receive = shifted(a.receive, Duration::seconds(-0.5));
    a.transmit = shifted(a.transmit, Duration::seconds(0.5));
  });
  expect_ignored("held for too long", [](Header& a) { a.receive = shifted(a.transmit, Duration::seconds(-4.1)); });
}

TEST(HostileServer, OtherModesAndVersionsAreNoAnswers) {
  for (const int mode : {0, 1, 2, 3, 5, 6, 7}) {
    expect_ignored("mode " + std::to_string(mode), [mode](Header& a) { a.mode = static_cast<ntp::Mode>(mode); });
  }
  for (const int version : {0, 5, 6, 7}) {
    expect_ignored("version " + std::to_string(version),
                   [version](Header& a) { a.version = static_cast<std::uint8_t>(version); });
  }
}

TEST(HostileServer, AnswersOfEveryWrongSize) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Hostile h(seed);
    std::size_t size = 0;
    h.server.play([&](const Header&, const FakeAnswer& honest) {
      Answers all;
      auto trailer = noise(h.random, 1300);
      // A field that says it is as long as what follows the header would be a good answer.
      trailer[2] = trailer[3] = std::byte{0xff};
      for (int i = 0; i < kAtOnce; ++i) {
        FakeAnswer answer = honest;
        answer.trailer = trailer;
        answer.size = size;
        size = size == 47 ? 49 : (size + 1) % 1300;
        all.push_back(answer);
      }
      return all;
    });
    h.check_ignored("size");
  }
}

// Fields after the header whose length is not theirs.
TEST(HostileServer, ExtensionFieldsOfEveryWrongLength) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Hostile h(seed);
    std::size_t said = 0, there = 4;
    h.server.play([&](const Header&, const FakeAnswer& honest) {
      Answers all;
      while (all.size() < kAtOnce) {
        FakeAnswer answer = honest;
        answer.trailer = noise(h.random, there);
        answer.trailer[0] = std::byte{0xf3};
        answer.trailer[1] = std::byte{0x23};
        answer.trailer[2] = static_cast<std::byte>(said >> 8);
        answer.trailer[3] = static_cast<std::byte>(said & 0xff);
        const bool right = said == there && there >= 28;
        if (!right) all.push_back(answer);
        // Lengths from 0 to 100, then the largest ones.
        said = said == 100 ? 65500 : said == 65535 ? 0 : said + 1;
        if (said == 0) there = there == 100 ? 4 : there + 4;
      }
      return all;
    });
    h.check_ignored("field");
  }
}

TEST(HostileServer, AuthenticationThatWasNotAskedFor) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Hostile h(seed);
    std::size_t size = 4;
    h.server.play([&](const Header&, const FakeAnswer& honest) {
      Answers all;
      for (int i = 0; i < kAtOnce; ++i) {
        FakeAnswer answer = honest;
        answer.trailer = noise(h.random, size);
        answer.trailer[2] = answer.trailer[3] = std::byte{0xff};
        all.push_back(answer);
        size = size == 68 ? 4 : size + 4;
      }
      return all;
    });
    h.check_ignored("authentication");
  }
}

// A server that has the key, and then does not: MACs of every length, of the right key number and of others.
TEST(HostileServer, MacsOfEveryWrongLength) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Hostile h(seed, true);
    std::size_t size = 0;
    h.server.play([&](const Header&, const FakeAnswer& honest) {
      Answers all;
      for (int i = 0; i < kAtOnce; ++i) {
        FakeAnswer answer = honest;
        answer.trailer = noise(h.random, size);
        const std::array<std::byte, 4> key{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
        if (i % 2 == 0) std::copy_n(key.begin(), std::min(size, key.size()), answer.trailer.begin());
        all.push_back(answer);
        size = (size + 1) % 90;
      }
      return all;
    });
    h.check_ignored("MAC");
  }
}

// The right MAC, cut or with more behind it.
TEST(HostileServer, TheRightMacOfTheWrongLength) {
  Hostile h(3, true);
  std::size_t size = 0;
  h.server.play([&](const Header&, const FakeAnswer& honest) {
    Answers all;
    for (int i = 0; i < kAtOnce; ++i) {
      FakeAnswer answer = honest;
      size = size == 23 ? 25 : (size + 1) % 90;  // 24 is right
      answer.size = ntp::kHeaderSize + size;
      all.push_back(answer);
    }
    return all;
  });
  h.check_ignored("MAC");
}

TEST(HostileServer, AFloodOfAnswersIsOneAnswer) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Hostile h(seed);
    const std::size_t lines = h.node->log().lines().size();
    const int requests = h.server.requests();
    h.server.play([&](const Header&, const FakeAnswer& honest) {
      Answers all{honest};
      // The first is right; those after it lie, each in its own way.
      for (int i = 1; i < kAtOnce; ++i) {
        FakeAnswer lie = honest;
        lie.header.receive = shifted(honest.header.receive, Duration::seconds(i));
        lie.header.transmit = shifted(honest.header.transmit, Duration::seconds(i));
        lie.later = Duration::millis(1 + i);
        all.push_back(lie);
      }
      return all;
    });
    const Performance result = measure(h.scenario.world(), *h.node, kHostile, Duration::zero());
    const std::string report = h.scenario.report(*h.node);
    EXPECT_LE(result.max_error, Duration::millis(1)) << report;
    EXPECT_EQ(h.node->log().lines().size(), lines) << report;
    EXPECT_NEAR(h.server.requests() - requests, kHostile / kPoll, 0.05 * (kHostile / kPoll)) << report;
    EXPECT_LE(source_report(*h.node, "10.0.0.1")->since_sample, 17u) << report;
    h.check_recovery("flood");
  }
}

}  // namespace
}  // namespace timed::sim
