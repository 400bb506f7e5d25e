// A client of NTS and what can happen to its keys.
#include "tests/sim/nts/nts_world.h"

namespace timed::sim {
namespace {

constexpr const char* kServer = "server 10.0.0.1 iburst nts minpoll 4 maxpoll 4\n";

TEST(NtsClient, FollowsItsServer) {
  for (const std::string aead : {"30 15", "15"}) {
    NtsWorld world(20270101);
    world.server("server", "10.0.0.1");
    Node& client = world.client("server 10.0.0.1 iburst nts xleave minpoll 4 maxpoll 4\nntsaeads " + aead);
    world.scenario.start_all();
    const Performance result = measure(world.scenario.world(), client, Duration::seconds(2000), Duration::seconds(800));
    const std::string report = world.scenario.report(client);
    EXPECT_LE(result.rms_error, Duration::seconds(2e-4)) << report;
    const auto auth = NtsWorld::auth(client);
    ASSERT_TRUE(auth.has_value()) << report;
    EXPECT_EQ(auth->mode, control::AuthMode::Nts);
    EXPECT_EQ(auth->key_type, aead == "15" ? 15 : 30) << report;
    EXPECT_EQ(auth->key_bits, aead == "15" ? 256 : 128);
    EXPECT_EQ(auth->key_id, 1u) << report;
    EXPECT_GE(auth->cookies, 7) << report;
    EXPECT_EQ(auth->nak, 0);
  }
}

TEST(NtsClient, KeepsItsKeysOverARestart) {
  NtsWorld world(20270102);
  world.server("server", "10.0.0.1");
  Node& client = world.client(std::string(kServer) + "ntsdumpdir /var/nts");
  client.files().put("/var/nts/README", "makes the directory");
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(500));
  client.stop();
  EXPECT_TRUE(client.files().exists("/var/nts/10.0.0.1.nts")) << world.scenario.report(client);
  world.scenario.run_for(Duration::seconds(100));
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(200));
  const auto auth = NtsWorld::auth(client);
  ASSERT_TRUE(auth.has_value());
  EXPECT_GT(auth->since_establishment, 790u) << world.scenario.report(client);
  EXPECT_TRUE(NtsWorld::is_answered(client)) << world.scenario.report(client);
  EXPECT_FALSE(client.files().exists("/var/nts/10.0.0.1.nts"));
}

TEST(NtsClient, EstablishesKeysAnewWhereTheServerHasLostItsOwn) {
  NtsWorld world(20270103);
  Node& server = world.server("server", "10.0.0.1");
  Node& client = world.client(kServer);
  world.scenario.start_all();
  // Until the back-off of the first establishment is over.
  world.scenario.run_for(Duration::seconds(1200));
  server.stop();
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(100));
  EXPECT_EQ(NtsWorld::auth(client)->key_id, 2u) << world.scenario.report(client);
  EXPECT_TRUE(NtsWorld::is_answered(client)) << world.scenario.report(client);
}

// Away for longer than the server keeps its keys.
TEST(NtsClient, EstablishesKeysAnewAfterTheLastThatTheServerHasKept) {
  NtsWorld world(20270104);
  world.server("server", "10.0.0.1", "ntsrotate 600\n");
  Node& client = world.client(std::string(kServer) + "ntsdumpdir /var/nts");
  client.files().put("/var/nts/README", "makes the directory");
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(5000));
  EXPECT_EQ(NtsWorld::auth(client)->key_id, 1u) << "who asks often has cookies of the newest keys";
  client.stop();
  world.scenario.run_for(Duration::seconds(3000));
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(100));
  EXPECT_EQ(NtsWorld::auth(client)->key_id, 2u) << world.scenario.report(client);
  EXPECT_TRUE(NtsWorld::is_answered(client)) << world.scenario.report(client);
}

TEST(NtsClient, RenewsKeysThatAreOld) {
  NtsWorld world(20270105);
  world.server("server", "10.0.0.1");
  Node& client = world.client(std::string(kServer) + "ntsrefresh 1000");
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(3500));
  EXPECT_EQ(NtsWorld::auth(client)->key_id, 4u) << world.scenario.report(client);
}

TEST(NtsClient, BearsALossyNetwork) {
  NtsWorld world(20270106);
  world.server("server", "10.0.0.1");
  Node& client = world.client(kServer);
  Link lossy = usual_link();
  lossy.loss = 0.2;
  world.scenario.network().set_link("client", "server", lossy);
  world.scenario.start_all();
  const Performance result = measure(world.scenario.world(), client, Duration::seconds(8000), Duration::seconds(3000));
  EXPECT_LE(result.rms_error, Duration::seconds(1e-3)) << world.scenario.report(client);
  EXPECT_GE(NtsWorld::auth(client)->cookies, 3) << world.scenario.report(client);
}

TEST(NtsClient, AsksTheServerThatKeysAreGoodFor) {
  NtsWorld world(20270107);
  Node& keys = world.server("keys", "10.0.0.1", "ntskeysecret /secret\nntsntpserver ntp.example.net\n");
  Node& ntp = world.server("ntp", "10.0.0.2", "ntskeysecret /secret\n");
  for (Node* node : {&keys, &ntp}) node->files().put("/secret", "00112233445566778899aabbccddeeff\n");
  world.scenario.names().set("ntp.example.net.", addresses({"10.0.0.2"}));
  Node& client = world.client(kServer);
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(300));
  EXPECT_TRUE(client.log().contains("Source 10.0.0.1 changed to 10.0.0.2 (10.0.0.1)")) << world.scenario.report(client);
  EXPECT_TRUE(NtsWorld::is_answered(client, "10.0.0.2")) << world.scenario.report(client);
  EXPECT_FALSE(source_report(client, "10.0.0.1").has_value());
}

// What was measured of it is kept under the address that its keys have sent it to.
TEST(NtsClient, FindsWhatItHasMeasuredWhereItsKeysSendIt) {
  NtsWorld world(20270108);
  Node& keys = world.server("keys", "10.0.0.1", "ntskeysecret /secret\nntsntpserver 10.0.0.2\n");
  Node& ntp = world.server("ntp", "10.0.0.2", "ntskeysecret /secret\n");
  for (Node* node : {&keys, &ntp}) node->files().put("/secret", "00112233445566778899aabbccddeeff\n");
  Node& client = world.client(std::string(kServer) + "ntsdumpdir /var/nts\ndumpdir /var/dump");
  for (const char* directory : {"/var/nts/", "/var/dump/"}) client.files().put(directory + std::string("README"), "");
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(500));
  client.stop();
  EXPECT_TRUE(client.files().exists("/var/dump/10.0.0.2.dat")) << world.scenario.report(client);
  client.set_options({"-r"});
  ASSERT_TRUE(client.start().ok());
  world.scenario.run_for(Duration::seconds(1));
  EXPECT_TRUE(client.log().contains("Loaded dump file for 10.0.0.2")) << world.scenario.report(client);
  const auto stats = stats_report(client, "10.0.0.2");
  ASSERT_TRUE(stats.has_value());
  EXPECT_GE(stats->samples, 6u) << world.scenario.report(client);
  world.scenario.run_for(Duration::seconds(100));
  EXPECT_TRUE(NtsWorld::is_answered(client, "10.0.0.2")) << world.scenario.report(client);
  const auto auth = NtsWorld::auth(client, "10.0.0.2");
  ASSERT_TRUE(auth.has_value());
  EXPECT_EQ(auth->key_id, 1u) << "with the keys that were kept";
}

// authselectmode: three that anybody could be against one that is who it says.
TEST(NtsClient, GoesBeforeThoseWithoutAuthentication) {
  for (const std::string mode : {"mix", "prefer", "require", "ignore"}) {
    NtsWorld world(20270110);
    world.server("server", "10.0.0.1");
    ClockModel wrong;
    wrong.start_error = Duration::seconds(0.5);
    std::string lines = kServer;
    for (int i = 2; i <= 4; ++i) {
      const std::string address = "10.0.0." + std::to_string(i);
      world.scenario.add("plain" + std::to_string(i), {address}, wrong, "local stratum 1\nallow\n");
      lines += "server " + address + " iburst minpoll 4 maxpoll 4\n";
    }
    Node& client = world.client(lines + "makestep 0.1 3\nauthselectmode " + mode);
    world.scenario.start_all();
    world.scenario.run_for(Duration::seconds(1000));
    const double expected = mode == "ignore" ? 0.5 : 0.0;
    EXPECT_NEAR(client.clock_error().to_seconds(), expected, 0.01) << mode << world.scenario.report(client);
  }
}

// The name is the one of the line, where the address is one of those it has.
TEST(NtsClient, TellsWhatIsWrongWithACertificateByTheNameOfTheLine) {
  const LocalTime past = LocalTime::from_seconds(1767200000), future = LocalTime::from_seconds(1800000000);
  test::CertificateWish expired, early, misnamed, of_address;
  expired.names = early.names = {"ntp.test"};
  expired.not_after = past;
  early.not_before = future;
  misnamed.names = {"other.test"};
  // What the name leads to is for its look-up to say, and proves nothing.
  of_address.addresses = {"10.0.0.1"};
  const struct {
    test::CertificateWish wish;
    std::string reason;
  } kinds[] = {{expired, "certificate has expired"},
               {early, "certificate is not yet valid"},
               {misnamed, "hostname mismatch"},
               {of_address, "hostname mismatch"}};
  for (const auto& kind : kinds) {
    NtsWorld world(20270113);
    world.server("server", "10.0.0.1", "", kind.wish);
    world.scenario.names().set("ntp.test", addresses({"10.0.0.1"}));
    Node& client = world.client("server ntp.test iburst nts minpoll 4 maxpoll 4\n");
    world.scenario.start_all();
    world.scenario.run_for(Duration::seconds(500));
    const std::string report = world.scenario.report(client);
    EXPECT_TRUE(client.log().contains("TLS handshake with 10.0.0.1:4460 (ntp.test) failed : " + kind.reason)) << report;
    EXPECT_EQ(source_report(client, "10.0.0.1")->reachability, 0) << report;
  }
}

TEST(NtsClient, FollowsNobodyWhoseCertificateIsWrong) {
  const LocalTime past = LocalTime::from_seconds(1767200000), future = LocalTime::from_seconds(1800000000);
  test::CertificateWish expired, early, misnamed;
  expired.addresses = early.addresses = {"10.0.0.1"};
  expired.not_after = past;
  early.not_before = future;
  misnamed.addresses = {"10.0.0.2"};
  const struct {
    test::CertificateWish wish;
    std::string reason;
  } kinds[] = {
      {expired, "certificate has expired"}, {early, "certificate is not yet valid"}, {misnamed, "IP address mismatch"}};
  for (const auto& kind : kinds) {
    NtsWorld world(20270108);
    world.server("server", "10.0.0.1", "", kind.wish);
    Node& client = world.client(kServer);
    world.scenario.start_all();
    world.scenario.run_for(Duration::seconds(3000));
    const std::string report = world.scenario.report(client);
    EXPECT_TRUE(client.log().contains("TLS handshake with 10.0.0.1:4460 (10.0.0.1) failed : " + kind.reason)) << report;
    EXPECT_EQ(client.log().count("TLS handshake"), 2u) << report;
    EXPECT_EQ(source_report(client, "10.0.0.1")->reachability, 0) << report;
    EXPECT_FALSE(client.log().contains("Selected source")) << report;
  }
}

// nocerttimecheck: the dates are left out until the clock was updated so often, and for no longer.
TEST(NtsClient, LooksAtDatesAgainAfterTheUpdatesThatWereToComeFirst) {
  test::CertificateWish expired;
  expired.addresses = {"10.0.0.1"};
  expired.not_after = LocalTime::from_seconds(1767200000);
  for (const bool soon : {true, false}) {
    NtsWorld world(20270111);
    world.server("server", "10.0.0.1", "", expired);
    Node& client =
        world.client(std::string(kServer) + "ntsrefresh 1000\nnocerttimecheck " + (soon ? "3" : "1000000"));
    world.scenario.start_all();
    world.scenario.run_for(Duration::seconds(900));
    EXPECT_TRUE(NtsWorld::is_answered(client)) << world.scenario.report(client);
    EXPECT_TRUE(client.log().contains("Selected source 10.0.0.1")) << world.scenario.report(client);
    EXPECT_FALSE(client.log().contains("TLS handshake")) << world.scenario.report(client);
    world.scenario.run_for(Duration::seconds(1000));
    EXPECT_EQ(client.log().contains("TLS handshake with 10.0.0.1:4460 (10.0.0.1) failed : certificate has expired"),
              soon)
        << world.scenario.report(client);
    EXPECT_EQ(NtsWorld::is_answered(client), !soon) << world.scenario.report(client);
  }
}

// With one update the second server, which comes after it, is checked.
TEST(NtsClient, CountsUpdatesOfTheClockAndNotServers) {
  test::CertificateWish expired;
  expired.not_after = LocalTime::from_seconds(1767200000);
  NtsWorld world(20270112);
  for (const std::string n : {"1", "2"}) {
    expired.addresses = {"10.0.0." + n};
    world.server("server" + n, "10.0.0." + n, "", expired);
  }
  Node& client = world.client(std::string(kServer) + "server 10.0.0.2 offline iburst nts\nnocerttimecheck 1");
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(300));
  EXPECT_TRUE(NtsWorld::is_answered(client)) << world.scenario.report(client);
  ASSERT_TRUE(client.ask<std::monostate>(control::OnlineRequest{}));
  world.scenario.run_for(Duration::seconds(300));
  EXPECT_TRUE(client.log().contains("TLS handshake with 10.0.0.2:4460 (10.0.0.2) failed : certificate has expired"))
      << world.scenario.report(client);
}

TEST(NtsClient, WaitsForAServerOfKeysThatComesLate) {
  NtsWorld world(20270109);
  Node& client = world.client(kServer);
  ASSERT_TRUE(client.start().ok());
  world.scenario.run_for(Duration::seconds(60));
  EXPECT_TRUE(client.log().contains("10.0.0.1:4460 (10.0.0.1)")) << world.scenario.report(client);
  world.server("server", "10.0.0.1");
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(300));
  EXPECT_TRUE(NtsWorld::is_answered(client)) << world.scenario.report(client);
}

}  // namespace
}  // namespace timed::sim
