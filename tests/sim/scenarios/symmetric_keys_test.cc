// Sources with symmetric keys: who has the key is followed, and nobody else.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/scenario.h"
#include "timed/ntp/packet.h"

namespace timed::sim {
namespace {

constexpr const char* kKeyPath = "/etc/keys";
constexpr const char* kKeys =
    "1 MD5 ASCII:secret-of-md5\n2 SHA1 HEX:00112233445566778899aabb\n3 SHA256 secret-of-sha256\n"
    "5 SHA512 secret-of-sha512\n13 AES128 HEX:00112233445566778899aabbccddeeff\n";
constexpr int kIds[] = {1, 2, 3, 5, 13};

const std::string kKeyFile = std::string("keyfile ") + kKeyPath + "\n";

Node& keyed_server(Scenario& scenario, const std::string& name, const std::string& address, const char* keys,
                   const ClockModel& clock = {}) {
  Node& node = scenario.add(name, {address}, clock, "local stratum 1\nallow\n" + kKeyFile);
  node.files().put(kKeyPath, keys);
  return node;
}

Node& keyed_client(Scenario& scenario, const std::string& sources, const char* keys = kKeys) {
  Node& node = scenario.add("client", {"10.0.1.1"}, usual_clock(), sources + kKeyFile);
  node.files().put(kKeyPath, keys);
  return node;
}

std::optional<control::AuthDataReply> auth_report(Node& node, const std::string& address) {
  return node.ask<control::AuthDataReply>(control::AuthDataRequest{*IpAddress::parse(address)});
}

char state_of(Node& node, int index) {
  const auto reply = node.ask<control::SelectDataReply>(control::SelectDataRequest{index});
  return reply ? reply->state : '\0';
}

bool rekey(Node& node) {
  return node.ask<std::monostate>(control::RekeyRequest{}).has_value();
}

TEST(SymmetricKeys, WhoHasTheKeyIsFollowed) {
  for (const int id : kIds) {
    for (const std::string options : {"", " xleave", " extfield F323"}) {
      Scenario scenario(100 + static_cast<std::uint64_t>(id));
      keyed_server(scenario, "server", "10.0.0.1", kKeys);
      Node& client = keyed_client(scenario, "server 10.0.0.1 iburst key " + std::to_string(id) + options + "\n");
      scenario.start_all();
      const Performance result = measure(scenario.world(), client, Duration::seconds(3000), Duration::seconds(1000));
      const std::string report = options + " key " + std::to_string(id) + scenario.report(client);
      EXPECT_LE(result.rms_error, Duration::seconds(2e-4)) << report;
      const auto source = source_report(client, "10.0.0.1");
      ASSERT_TRUE(source.has_value()) << report;
      EXPECT_EQ(source->status, control::SourceStatus::Selected) << report;
      EXPECT_EQ(source->reachability, 0377) << report;
      const auto told = auth_report(client, "10.0.0.1");
      ASSERT_TRUE(told.has_value()) << report;
      EXPECT_EQ(told->mode, control::AuthMode::Symmetric);
      EXPECT_EQ(told->key_id, static_cast<std::uint32_t>(id));
      EXPECT_EQ(told->key_type, id) << "ids are those of the types";
    }
  }
}

// Another secret, a key that the server lacks, a key that the client lacks.
TEST(SymmetricKeys, WhoHasNotTheKeyIsNeverFollowed) {
  for (const int id : {1, 2, 3}) {
    Scenario scenario(200 + static_cast<std::uint64_t>(id));
    Node& server = keyed_server(scenario, "server", "10.0.0.1", "1 MD5 another-secret\n3 MD5 secret-of-both\n");
    Node& client = keyed_client(scenario, "server 10.0.0.1 iburst key " + std::to_string(id) + "\n",
                                "1 MD5 secret-of-the-client\n2 MD5 secret-of-the-client\n");
    RequestLog requests(scenario.network(), *IpAddress::parse("10.0.1.1"));
    scenario.start_all();
    const Duration error = client.clock_error();
    scenario.run_for(Duration::seconds(5000));
    const std::string report = scenario.report(client);
    EXPECT_FALSE(client.log().contains("Selected source")) << report;
    EXPECT_GE(abs(client.clock_error()), abs(error)) << "only its own frequency error moves it" << report;
    const auto source = source_report(client, "10.0.0.1");
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(source->reachability, 0) << report;
    EXPECT_EQ(requests.count() == 0, id == 3) << "nothing is sent that cannot be signed";
    EXPECT_EQ(client.log().count("Key 3 is missing"), id == 3 ? 1u : 0u) << report;
    // Nothing that a packet can cause is told of.
    EXPECT_LE(client.log().lines().size() + server.log().lines().size(), 20u) << report << scenario.report(server);
  }
}

// Sees each request and answers it before the server does, with the time an hour off: all but signed.
TEST(SymmetricKeys, WhoSitsBetweenAndForgesAnswersDoesNothing) {
  for (std::uint64_t seed = 300; seed < 303; ++seed) {
    Scenario scenario(seed);
    keyed_server(scenario, "server", "10.0.0.1", kKeys);
    Node& client = keyed_client(scenario, "server 10.0.0.1 iburst key 2\n");
    int forged = 0;
    scenario.network().set_tap([&](const PacketEvent& event) {
      if (event.arrival || event.packet.to.address != *IpAddress::parse("10.0.0.1")) return;
      const auto request = ntp::PacketView::parse(event.packet.data);
      ASSERT_TRUE(request.ok());
      ntp::Header h = request.header();
      h.mode = ntp::Mode::Server;
      h.stratum = 1;
      h.precision = -20;
      h.origin = h.transmit;
      const double hour = 3600 + forged % 7;
      h.receive = ntp::NtpTimestamp::from(LocalTime::from_nanos(event.when.nanos()) + Duration::seconds(hour));
      h.transmit.bits = h.receive.bits + 1000;
      h.reference = h.receive;
      Packet answer{event.packet.to, event.packet.from, event.packet.data};
      if (forged % 3 == 0) answer.data.resize(ntp::kHeaderSize);      // without a code
      if (forged % 3 == 1) answer.data.resize(ntp::kHeaderSize + 4);  // as a crypto-NAK
      if (forged % 3 == 1) std::fill(answer.data.begin() + ntp::kHeaderSize, answer.data.end(), std::byte{0});
      ntp::write_header(h, std::span(answer.data).first<ntp::kHeaderSize>());  // else with that of the request
      ++forged;
      scenario.world().after(Duration::micros(20), [&client, answer] { client.machine().sockets().deliver(answer); });
    });
    scenario.start_all();
    const Performance result = measure(scenario.world(), client, Duration::seconds(4000), Duration::seconds(1000));
    EXPECT_GT(forged, 20);
    EXPECT_LE(result.max_error, Duration::millis(1)) << scenario.report(client);
    EXPECT_EQ(source_report(client, "10.0.0.1")->reachability, 0377) << scenario.report(client);
  }
}

TEST(SymmetricKeys, AFileThatCannotBeReadEndsTheStart) {
  Scenario scenario(400);
  Node& node = scenario.add("client", {"10.0.1.1"}, usual_clock(), "server 10.0.0.1 key 1\n" + kKeyFile);
  const Status status = node.start();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("Could not open keyfile /etc/keys"), std::string::npos);
}

TEST(SymmetricKeys, AFileThatIsNotThereIsAWarningWhereNobodyNamesAKey) {
  Scenario scenario(400);
  scenario.add("server", {"10.0.0.1"}, usual_clock(), "local\nallow\n");
  Node& client = scenario.add("client", {"10.0.1.1"}, usual_clock(), "server 10.0.0.1 iburst\n" + kKeyFile);
  scenario.start_all();
  scenario.run_for(Duration::seconds(30));
  EXPECT_TRUE(client.log().contains("Could not open keyfile /etc/keys")) << scenario.report(client);
  EXPECT_TRUE(client.log().contains("Selected source 10.0.0.1")) << scenario.report(client);
}

TEST(SymmetricKeys, LinesThatGiveNoKeyAreSkippedWithAWarning) {
  Scenario scenario(401);
  keyed_server(scenario, "server", "10.0.0.1", kKeys);
  const std::string damaged = std::string("\x01\xff\n7\n8 MD5 HEX:0g\n9 AES128 short\n10 CRC32 abc\n2 SHA1\n") + kKeys;
  Node& client = keyed_client(scenario, "server 10.0.0.1 iburst key 13\n", damaged.c_str());
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  const std::string report = scenario.report(client);
  EXPECT_TRUE(client.log().contains("Could not parse key at line 1 in file /etc/keys")) << report;
  EXPECT_TRUE(client.log().contains("Could not parse key at line 2 in file /etc/keys")) << report;
  EXPECT_TRUE(client.log().contains("Could not decode key 8")) << report;
  EXPECT_TRUE(client.log().contains("Invalid length of AES128 key 9 (expected 128 bits)")) << report;
  EXPECT_TRUE(client.log().contains("Invalid type in key 10")) << report;
  // "2 SHA1" is a key of type MD5 whose secret is that word.
  EXPECT_TRUE(client.log().contains("Detected duplicate key 2")) << report;
  EXPECT_TRUE(client.log().contains("Loaded 5 symmetric keys")) << report;
  EXPECT_TRUE(client.log().contains("Selected source 10.0.0.1")) << report;
}

TEST(SymmetricKeys, RekeyBringsANewKeyAndABadFileChangesNothing) {
  Scenario scenario(402);
  Node& server = keyed_server(scenario, "server", "10.0.0.1", "1 SHA1 first-secret\n");
  Node& client = keyed_client(scenario, "server 10.0.0.1 iburst key 1\n", "1 SHA1 first-secret\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1000));
  ASSERT_EQ(source_report(client, "10.0.0.1")->reachability, 0377) << scenario.report(client);

  server.files().put(kKeyPath, "1 SHA256 second-secret\n");
  ASSERT_TRUE(rekey(server));
  scenario.run_for(Duration::seconds(2000));
  EXPECT_EQ(source_report(client, "10.0.0.1")->reachability, 0) << scenario.report(client);

  ASSERT_TRUE(client.files().remove(kKeyPath).ok());
  EXPECT_TRUE(rekey(client)) << "a success even so";
  EXPECT_TRUE(client.log().contains("Could not open keyfile /etc/keys")) << scenario.report(client);
  EXPECT_EQ(auth_report(client, "10.0.0.1")->key_bits, 96) << "the keys stay as they were";

  client.files().put(kKeyPath, "1 SHA256 second-secret\n");
  ASSERT_TRUE(rekey(client));
  EXPECT_EQ(auth_report(client, "10.0.0.1")->key_type, 3);
  scenario.run_for(Duration::seconds(6000));
  EXPECT_EQ(source_report(client, "10.0.0.1")->reachability, 0377) << scenario.report(client);
  EXPECT_EQ(source_report(client, "10.0.0.1")->status, control::SourceStatus::Selected) << scenario.report(client);

  client.files().put(kKeyPath, "# all are gone\n");
  ASSERT_TRUE(rekey(client));
  EXPECT_EQ(auth_report(client, "10.0.0.1")->key_bits, 0);
  EXPECT_EQ(auth_report(client, "10.0.0.1")->key_id, 1u);
}

// Sources 0 (with a key, right), 1 (right) and 2, 3 (which agree on a time that is half a second wrong).
struct Mixed {
  Mixed(std::uint64_t seed, const std::string& mode, const std::string& key) : scenario(seed) {
    const ClockModel wrong{.start_error = Duration::millis(500)};
    keyed_server(scenario, "keyed", "10.0.0.1", kKeys);
    scenario.add_server("right", {"10.0.0.2"});
    scenario.add("wrong1", {"10.0.0.3"}, wrong, "local stratum 1\nallow\n");
    scenario.add("wrong2", {"10.0.0.4"}, wrong, "local stratum 1\nallow\n");
    client = &keyed_client(scenario, "server 10.0.0.1 iburst" + key +
                                         "\nserver 10.0.0.2 iburst\nserver 10.0.0.3 iburst\n"
                                         "server 10.0.0.4 iburst\nauthselectmode " +
                                         mode + "\n");
    scenario.start_all();
    scenario.run_for(Duration::seconds(3000));
  }
  std::string states() {
    std::string all;
    for (int i = 0; i < 4; ++i) all.push_back(state_of(*client, i));
    return all;
  }
  bool is_right() { return abs(client->clock_error()) < Duration::millis(1); }

  Scenario scenario;
  Node* client;
};

TEST(AuthSelectMode, RequireAndPreferUseOnlyTheSourceWithAKey) {
  for (const std::string mode : {"require", "prefer"}) {
    Mixed mixed(500, mode, " key 1");
    EXPECT_EQ(mixed.states(), "*NNN") << mode << mixed.scenario.report(*mixed.client);
    EXPECT_TRUE(mixed.is_right()) << mode << mixed.scenario.report(*mixed.client);
    const auto told = mixed.client->ask<control::SelectDataReply>(control::SelectDataRequest{1});
    ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->configured, 0);
    EXPECT_EQ(told->effective, 1) << "noselect";
    EXPECT_FALSE(told->authenticated);
  }
}

TEST(AuthSelectMode, RequireUsesNobodyWhereNoneHasAKeyAndPreferAll) {
  Mixed required(501, "require", "");
  EXPECT_EQ(required.states(), "NNNN") << required.scenario.report(*required.client);
  EXPECT_FALSE(required.client->log().contains("Selected source"));
  Mixed preferred(502, "prefer", "");
  EXPECT_EQ(preferred.states(), "xxxx") << "two against two" << preferred.scenario.report(*preferred.client);
}

TEST(AuthSelectMode, MixTrustsTheSourceWithAKeyAndLetsThoseThatAgreeHelp) {
  Mixed mixed(503, "mix", " key 1");
  const std::string states = mixed.states();
  EXPECT_NE(std::string("*+").find(states[0]), std::string::npos) << states << mixed.scenario.report(*mixed.client);
  EXPECT_EQ(states.substr(2), "xx") << states << mixed.scenario.report(*mixed.client);
  EXPECT_TRUE(mixed.is_right()) << mixed.scenario.report(*mixed.client);
  EXPECT_EQ(mixed.client->ask<control::SelectDataReply>(control::SelectDataRequest{0})->effective, 4 + 8);
  EXPECT_EQ(mixed.client->ask<control::SelectDataReply>(control::SelectDataRequest{1})->effective, 0);
}

TEST(AuthSelectMode, IgnoreTreatsAllAlike) {
  Mixed mixed(504, "ignore", " key 1");
  EXPECT_EQ(mixed.states(), "xxxx") << "two against two" << mixed.scenario.report(*mixed.client);
  EXPECT_EQ(mixed.client->ask<control::SelectDataReply>(control::SelectDataRequest{0})->effective, 0);
}

TEST(SymmetricKeys, PeersWithAKeyFollowEachOtherAndWithoutItDoNot) {
  for (const std::string options : {" key 2", " key 5 xleave", " key 13"}) {
    for (const bool same : {true, false}) {
      Scenario scenario(600);
      scenario.add_server("top", {"10.0.0.1"});
      Node& a =
          scenario.add("a", {"10.0.0.2"}, usual_clock(),
                       "server 10.0.0.1 iburst\npeer 10.0.0.3" + options + "\nauthselectmode ignore\n" + kKeyFile);
      Node& b = scenario.add("b", {"10.0.0.3"}, usual_clock(), "peer 10.0.0.2" + options + "\n" + kKeyFile);
      a.files().put(kKeyPath, kKeys);
      b.files().put(kKeyPath, same ? kKeys : "2 SHA1 other\n5 SHA512 other\n13 AES128 fedcba9876543210\n");
      scenario.start_all();
      scenario.run_for(Duration::seconds(8000));
      const std::string report = options + scenario.report(a) + scenario.report(b);
      EXPECT_EQ(b.log().contains("Selected source 10.0.0.2"), same) << report;
      EXPECT_EQ(abs(b.clock_error()) <= Duration::millis(2), same) << report;
      EXPECT_EQ(source_report(a, "10.0.0.3")->reachability != 0, same) << report;
      EXPECT_EQ(source_report(b, "10.0.0.2")->reachability != 0, same) << report;
    }
  }
}

}  // namespace
}  // namespace timed::sim
