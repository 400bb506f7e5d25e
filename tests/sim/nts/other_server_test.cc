// Another server in the place of one that is gone or bad: its keys are its own.
#include <tuple>

#include "tests/sim/nts/nts_world.h"

namespace timed::sim {
namespace {

constexpr const char* kSecret = "00112233445566778899aabbccddeeff\n";

test::CertificateWish of_name(const std::string& name) {
  test::CertificateWish wish;
  wish.names = {name};
  return wish;
}

// Whether keys are kept in a directory, whether the server of keys is known by a name, and whether the bad one answers.
class NamedServer : public testing::TestWithParam<std::tuple<bool, bool, bool>> {
 protected:
  // Three machines with one secret, of which the first says which one is good for NTP.
  void start() {
    const bool kept = std::get<0>(GetParam()), by_name = std::get<1>(GetParam());
    configured = by_name ? "keys.test" : "10.0.0.1";
    world.scenario.names().set("keys.test", addresses({"10.0.0.1"}));
    keys = &world.server("keys", "10.0.0.1", "ntskeysecret /secret\nntsntpserver 10.0.0.2\n",
                         by_name ? of_name("keys.test") : test::CertificateWish{});
    keys->files().put("/secret", kSecret);
    for (const std::string n : {"2", "3"}) {
      world.server("ntp" + n, "10.0.0." + n, "ntskeysecret /secret\n").files().put("/secret", kSecret);
    }
    // Others by whom one that tells another time is found out.
    std::string others;
    for (const std::string n : {"7", "8", "9"}) {
      world.scenario.add_server("other" + n, {"10.0.0." + n});
      others += "server 10.0.0." + n + " iburst minpoll 4 maxpoll 4\n";
    }
    client = &world.client("server " + configured + " iburst nts minpoll 4 maxpoll 4\nauthselectmode ignore\n" +
                           others + (kept ? "ntsdumpdir /var/nts\n" : ""));
    client->files().put("/var/nts/README", "makes the directory");
    world.scenario.start_all();
    world.scenario.run_for(Duration::seconds(300));
  }
  std::string report() { return world.scenario.report(*client); }

  NtsWorld world{20270301};
  std::string configured;
  Node* keys = nullptr;
  Node* client = nullptr;
};

INSTANTIATE_TEST_SUITE_P(KeptAndByNameAndAnswering, NamedServer,
                         testing::Combine(testing::Bool(), testing::Bool(), testing::Bool()));

// One that does not answer any more has used up its cookies; one that tells a false time has good keys still.
TEST_P(NamedServer, IsAskedForAnewWhereItTurnsOutBad) {
  start();
  ASSERT_TRUE(NtsWorld::is_answered(*client, "10.0.0.2")) << report();
  keys->stop();
  keys->add_config("ntsntpserver 10.0.0.3\n");
  world.scenario.start_all();
  if (std::get<2>(GetParam())) {
    ASSERT_TRUE(world.scenario.node("ntp2").clock().step(Duration::seconds(0.5)).ok());
  } else {
    world.scenario.network().set_cut_off("ntp2", true);
  }
  world.scenario.run_for(Duration::seconds(2000));
  EXPECT_EQ(client->log().count("Source 10.0.0.2 replaced with 10.0.0.1 (" + configured + ")"), 1u) << report();
  EXPECT_EQ(client->log().count("Source 10.0.0.1 changed to 10.0.0.2"), 1u) << report();
  EXPECT_EQ(client->log().count("Source 10.0.0.1 changed to 10.0.0.3"), 1u) << report();
  EXPECT_TRUE(NtsWorld::is_answered(*client, "10.0.0.3")) << report();
  EXPECT_FALSE(client->files().exists("/var/nts/10.0.0.1.nts")) << report();
}

// Servers of one name, each with a certificate for it and keys that no other one knows.
class NtsName : public testing::Test {
 protected:
  void start(const std::string& line, int servers) {
    std::vector<std::string> all;
    for (int i = 1; i <= servers; ++i) {
      all.push_back("10.0.0." + std::to_string(i));
      world.server("server" + std::to_string(i), all.back(), "", of_name("ntp.test"));
    }
    world.scenario.names().set("ntp.test", addresses(all));
    client = &world.client(line + " iburst nts minpoll 4 maxpoll 4\n");
    world.scenario.start_all();
    world.scenario.run_for(Duration::seconds(300));
  }
  std::string report() { return world.scenario.report(*client); }

  NtsWorld world{20270302};
  Node* client = nullptr;
};

TEST_F(NtsName, ThatHasAnotherAddressGetsKeysFromThere) {
  start("server ntp.test", 1);
  ASSERT_TRUE(NtsWorld::is_answered(*client, "10.0.0.1")) << report();
  world.server("server2", "10.0.0.2", "", of_name("ntp.test"));
  world.scenario.start_all();
  world.scenario.names().set("ntp.test", addresses({"10.0.0.2"}));
  ASSERT_TRUE(client->ask<std::monostate>(control::RefreshRequest{})) << report();
  world.scenario.run_for(Duration::seconds(200));
  EXPECT_TRUE(client->log().contains("Source 10.0.0.1 replaced with 10.0.0.2 (ntp.test)")) << report();
  EXPECT_TRUE(NtsWorld::is_answered(*client, "10.0.0.2")) << report();
  const auto auth = NtsWorld::auth(*client, "10.0.0.2");
  ASSERT_TRUE(auth.has_value()) << report();
  EXPECT_LT(auth->since_establishment, 210u) << "the keys are not those of the server before\n" << report();
  EXPECT_GE(auth->cookies, 7) << report();
}

TEST_F(NtsName, WhoseServerIsGoneGetsKeysOfTheNextOne) {
  start("server ntp.test", 3);
  const std::string first = source_report(*client, "10.0.0.1") ? "1" : source_report(*client, "10.0.0.2") ? "2" : "3";
  ASSERT_TRUE(NtsWorld::is_answered(*client, "10.0.0." + first)) << report();
  world.scenario.network().set_cut_off("server" + first, true);
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_TRUE(client->log().contains("Source 10.0.0." + first + " replaced with 10.0.0.")) << report();
  int answered = 0;
  for (const std::string n : {"1", "2", "3"}) answered += NtsWorld::is_answered(*client, "10.0.0." + n) ? 1 : 0;
  EXPECT_EQ(answered, 1) << report();
}

// Who controls the name and not the certificate gives no time.
TEST_F(NtsName, IsWhatTheCertificateOfANewAddressMustBeOf) {
  start("server ntp.test", 1);
  world.server("other", "10.0.0.9", "", of_name("other.test"));
  world.scenario.start_all();
  world.scenario.names().set("ntp.test", addresses({"10.0.0.9"}));
  ASSERT_TRUE(client->ask<std::monostate>(control::RefreshRequest{})) << report();
  world.scenario.run_for(Duration::seconds(500));
  EXPECT_TRUE(client->log().contains("TLS handshake with 10.0.0.9:4460 (ntp.test) failed : hostname mismatch"))
      << report();
  ASSERT_TRUE(source_report(*client, "10.0.0.9").has_value()) << report();
  EXPECT_EQ(source_report(*client, "10.0.0.9")->reachability, 0) << report();
}

TEST_F(NtsName, OfAPoolGivesKeysOfEachOfItsServers) {
  start("pool ntp.test maxsources 3", 3);
  for (const std::string n : {"1", "2", "3"}) {
    EXPECT_TRUE(NtsWorld::is_answered(*client, "10.0.0." + n)) << n << report();
    EXPECT_EQ(NtsWorld::auth(*client, "10.0.0." + n)->key_id, 1u) << n << report();
  }
  world.server("server4", "10.0.0.4", "", of_name("ntp.test"));
  world.scenario.start_all();
  world.scenario.names().set("ntp.test", addresses({"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}));
  world.scenario.network().set_cut_off("server2", true);
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_TRUE(client->log().contains("Source 10.0.0.2 replaced with 10.0.0.4 (ntp.test)")) << report();
  EXPECT_TRUE(NtsWorld::is_answered(*client, "10.0.0.4")) << report();
}

}  // namespace
}  // namespace timed::sim
