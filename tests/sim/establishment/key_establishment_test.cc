// Keys for sources that ask for them: a few at a time, from what was saved or from servers, and what is told of those
// that give none.
#include "timed/daemon/key_establishment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/certificates/certificates.h"
#include "tests/sim/idle.h"
#include "tests/sim/machine.h"
#include "timed/auth/cookies.h"
#include "timed/nts/ke_server.h"

namespace timed::daemon {
namespace {

using sim::Idle;
using sim::Machine;
using sources::NtsFailure;
using test::Identity;

constexpr LocalTime kNow = LocalTime::from_seconds(1767225600);  // 2026-01-01
const IpAddress kServer = *IpAddress::parse("192.0.2.1");

class KeyEstablishmentTest : public testing::Test {
 protected:
  KeyEstablishmentTest() {
    client_machine_.files().put("/ca.pem", authority_.certificate());
    client_options_.client.trusted = {{1, "/ca.pem"}};
    client_options_.client.no_system_certificates = true;
    client_options_.dump_directory = "/var/nts";
    EXPECT_TRUE(client_machine_.files().make_directory("/var/nts", 0700, 0, 0).ok());
    const Identity server = authority_.sign("ntp.example", {.names = {"ntp.example"}, .not_after = valid_until_});
    server_machine_.files().put("/server.crt", server.certificate());
    server_machine_.files().put("/server.key", server.key());
    server_options_.server.certificates = {"/server.crt"};
    server_options_.server.keys = {"/server.key"};
    server_options_.server.processes = 0;
  }
  void serve(const std::string& ntp_server = "", std::uint16_t ntp_port = 123) {
    server_options_.server.ntp_server = ntp_server;
    nts::KeNeighbours neighbours;
    neighbours.bind_addresses = {IpAddress::any(Family::Inet4)};
    neighbours.ntp_port = ntp_port;
    neighbours.anybody = [](Family) { return true; };
    neighbours.admit = [this](const IpAddress&) {
      ++connections_;
      return nts::KeAdmission::Welcome;
    };
    server_.emplace(server_options_, neighbours, server_env_);
    server_->open();
    server_->start();
    server_->use_keys(auth::CookieKeys::generate(auth::AeadId::SivCmac256, random_));
  }
  void make() {
    keys_.emplace(KeyEstablishmentOptions{client_options_, acquisition_, family_}, client_env_.timers,
                  client_env_.network, client_env_.host,
                  KeyCallbacks{[] { return kNow; }, [this] { return times_; },
                               [this](discipline::SourceId source, const sources::FetchedKeys& keys) {
                                 got_.emplace(source.value, keys);
                               },
                               [this](discipline::SourceId source, NtsFailure failure) {
                                 failed_.emplace(source.value, failure);
                               }});
  }
  static sources::KeyRequest request(std::uint32_t source = 1, const IpAddress& at = kServer) {
    sources::KeyRequest request;
    request.source = discipline::SourceId{source};
    request.server = {Endpoint{at, 4460, 0}, "ntp.example", 1};
    request.is_first = true;
    return request;
  }
  void fetch(const sources::KeyRequest& wanted = request(), double seconds = 20) {
    const sim::LogScope scope(world_, client_machine_.log());
    if (!keys_) make();
    keys_->fetch(wanted);
    EXPECT_TRUE(got_.empty() && failed_.empty()) << "the source that asks is in the middle of an event";
    world_.run_for(Duration::seconds(seconds));
  }
  bool told(const std::string& text) const { return log_.contains(text); }

  sim::World world_{1};
  sim::Shared shared_{world_};
  Machine server_machine_{shared_, {.name = "server", .sockets = {.addresses = sim::addresses({"192.0.2.1"})}}};
  Machine client_machine_{shared_, {.name = "client", .sockets = {.addresses = sim::addresses({"192.0.2.2"})}}};
  const sim::Log& log_ = client_machine_.log();
  env::Env server_env_ = server_machine_.env(), client_env_ = client_machine_.env();
  const LocalTime valid_until_ = kNow + Duration::seconds(1e6);
  Identity authority_ = Identity::authority();
  nts::NtsOptions client_options_, server_options_;
  sources::AcquisitionOptions acquisition_;
  Family family_ = Family::Unspecified;
  CertificateTimes times_{kNow, std::nullopt};
  EntropyPool random_{[](std::span<std::byte> out) { std::ranges::fill(out, std::byte{7}); }};
  std::optional<nts::KeServer> server_;
  std::size_t connections_ = 0;
  std::optional<KeyEstablishment> keys_;
  std::map<std::uint64_t, sources::FetchedKeys> got_;
  std::map<std::uint64_t, NtsFailure> failed_;
  Idle server_program_{server_machine_, [this] {
                         if (server_) server_->begin_turn();
                       }};
  Idle client_program_{client_machine_};
};

TEST_F(KeyEstablishmentTest, FetchesKeysForTheServerItself) {
  serve();
  fetch();
  ASSERT_EQ(got_.size(), 1u) << log_.to_string();
  const sources::FetchedKeys& got = got_.at(1);
  EXPECT_EQ(got.ntp, (Endpoint{kServer, 123, 0}));
  EXPECT_EQ(got.session.cookies.size(), 8u);
  EXPECT_EQ(got.session.established, kNow);
}

TEST_F(KeyEstablishmentTest, APortThatTheServerNamesGoesBeforeOurs) {
  auto wanted = request();
  wanted.ntp_port = 4123;
  serve();
  fetch(wanted);
  ASSERT_EQ(got_.size(), 1u) << log_.to_string();
  EXPECT_EQ(got_.at(1).ntp.port, 4123) << "it names none";
  server_.reset();
  serve("", 5123);
  got_.clear();
  wanted.source = discipline::SourceId{2};
  fetch(wanted);
  ASSERT_EQ(got_.size(), 1u) << log_.to_string();
  EXPECT_EQ(got_.at(2).ntp.port, 5123);
}

TEST_F(KeyEstablishmentTest, ANameOfTheServerIsResolvedWholeAndInTheFamilyThatTheKeysCameOver) {
  shared_.names.set("time.example.", {*IpAddress::parse("2001:db8::9"), *IpAddress::parse("192.0.2.9")});
  serve("time.example");
  fetch();
  ASSERT_EQ(got_.size(), 1u) << log_.to_string();
  EXPECT_EQ(got_.at(1).ntp.address, *IpAddress::parse("192.0.2.9"));
}

TEST_F(KeyEstablishmentTest, ANameThatNobodyKnowsIsTold) {
  serve("nowhere.example");
  fetch();
  EXPECT_EQ(failed_.at(1), NtsFailure::NotEstablished);
  EXPECT_TRUE(told("Could not resolve NTP server nowhere.example from ntp.example")) << log_.to_string();
}

TEST_F(KeyEstablishmentTest, SavedKeysAreEnoughForTheFirstTimeAndOnce) {
  serve();
  fetch();
  sources::SavedKeys saved{request().server, got_.at(1)};
  saved.fetched.ntp.port = 777;  // to tell them from new ones
  keys_->save({saved});
  got_.clear();
  auto again = request();
  again.is_first = false;
  fetch(again);
  EXPECT_EQ(got_.at(1).ntp.port, 123) << "whose keys were refused wants others";
  keys_->save({saved});
  got_.clear();
  fetch();
  EXPECT_EQ(got_.at(1).ntp.port, 777);
  got_.clear();
  fetch();
  EXPECT_EQ(got_.at(1).ntp.port, 123);
}

TEST_F(KeyEstablishmentTest, NewKeysTakeThePlaceOfSavedOnes) {
  serve();
  fetch();
  keys_->save({{request().server, got_.at(1)}});
  ASSERT_TRUE(client_machine_.files().exists("/var/nts/192.0.2.1.nts"));
  auto again = request();
  again.is_first = false;
  got_.clear();
  fetch(again);
  EXPECT_EQ(got_.size(), 1u);
  EXPECT_FALSE(client_machine_.files().exists("/var/nts/192.0.2.1.nts"));
}

TEST_F(KeyEstablishmentTest, AFewAreUnderWayAtATimeAndTheOthersFollow) {
  std::vector<std::unique_ptr<env::StreamSocket>> silent;
  const auto listener = server_machine_.sockets().listen_tcp({.local = {IpAddress::any(Family::Inet4), 4460, 0}}).take();
  listener->on_connection([&] {
    while (auto accepted = listener->accept()) silent.push_back(std::move(accepted->stream));
  });
  make();
  for (std::uint32_t source = 1; source <= 20; ++source) keys_->fetch(request(source));
  world_.run_for(nts::KeClient::kTimeout - Duration::seconds(1));
  EXPECT_EQ(silent.size(), KeyEstablishment::kMaxAtOnce);
  world_.run_for(Duration::seconds(2));
  EXPECT_EQ(silent.size(), 2 * KeyEstablishment::kMaxAtOnce);
  world_.run_for(nts::KeClient::kTimeout * 2);
  EXPECT_EQ(failed_.size(), 20u);
}

TEST_F(KeyEstablishmentTest, WhoIsForgottenIsNotAnswered) {
  serve();
  make();
  keys_->fetch(request(1));
  keys_->fetch(request(2));
  keys_->forget(discipline::SourceId{1});
  world_.run_for(Duration::micros(20));  // the connection of the second is on its way
  keys_->forget(discipline::SourceId{2});
  world_.run_for(Duration::seconds(20));
  EXPECT_TRUE(got_.empty() && failed_.empty());
  fetch(request(3));
  EXPECT_EQ(got_.size(), 1u) << "others still are";
}

TEST_F(KeyEstablishmentTest, NobodyIsAnsweredAfterTheEnd) {
  serve();
  make();
  for (std::uint32_t source = 1; source <= 20; ++source) keys_->fetch(request(source));
  world_.run_for(Duration::micros(20));
  keys_->stop();
  world_.run_for(Duration::seconds(20));
  EXPECT_TRUE(got_.empty() && failed_.empty());
}

TEST_F(KeyEstablishmentTest, TellsNoConnectionFromOneThatFailed) {
  fetch();  // nobody listens
  EXPECT_EQ(failed_.at(1), NtsFailure::NoConnection) << log_.to_string();
  serve();
  auto wanted = request(2);
  wanted.server.name = "other.example";
  failed_.clear();
  fetch(wanted);
  EXPECT_EQ(failed_.at(2), NtsFailure::NotEstablished) << log_.to_string();
  EXPECT_TRUE(told("other.example")) << log_.to_string();
}

TEST_F(KeyEstablishmentTest, WithoutTrustedCertificatesNothingIsSent) {
  serve();
  auto wanted = request();
  wanted.server.cert_set = 2;
  fetch(wanted);
  EXPECT_EQ(failed_.at(1), NtsFailure::NotEstablished);
  EXPECT_TRUE(told("Could not set credentials : No trusted certificates for ntp.example")) << log_.to_string();
  EXPECT_EQ(connections_, 0u);
}

TEST_F(KeyEstablishmentTest, WithoutACipherItIsToldOnce) {
  client_options_.aeads = {9999};
  serve();
  fetch();
  EXPECT_EQ(failed_.at(1), NtsFailure::NotEstablished);
  failed_.clear();
  fetch();
  EXPECT_EQ(failed_.at(1), NtsFailure::NotEstablished);
  EXPECT_EQ(log_.count("No algorithm of ntsaeads is available"), 1u);
}

TEST_F(KeyEstablishmentTest, CertificatesAreReadAnewWhenNoneAreFetched) {
  client_machine_.files().put("/ca.pem", Identity::authority("a stranger").certificate());
  serve();
  fetch();
  EXPECT_EQ(failed_.at(1), NtsFailure::NotEstablished) << log_.to_string();
  client_machine_.files().put("/ca.pem", authority_.certificate());
  failed_.clear();
  fetch();
  EXPECT_EQ(got_.size(), 1u) << log_.to_string();
}

TEST_F(KeyEstablishmentTest, WhatWasOverBeforeSomethingThatHasHappenedIsOver) {
  times_ = {std::nullopt, valid_until_ + Duration::seconds(1)};
  serve();
  fetch();
  EXPECT_EQ(failed_.at(1), NtsFailure::NotEstablished);
  EXPECT_TRUE(told("certificate has expired")) << log_.to_string();
  times_.not_over_before = valid_until_;
  failed_.clear();
  fetch();
  EXPECT_EQ(got_.size(), 1u) << log_.to_string();
}

TEST_F(KeyEstablishmentTest, WhatNeverExpiresIsNotOver) {
  const Identity server = authority_.sign("ntp.example", {.names = {"ntp.example"}, .of_all_times = true});
  server_machine_.files().put("/server.crt", server.certificate());
  server_machine_.files().put("/server.key", server.key());
  times_ = {std::nullopt, kNow};
  serve();
  fetch();
  EXPECT_EQ(got_.size(), 1u) << log_.to_string();
}

}  // namespace
}  // namespace timed::daemon
