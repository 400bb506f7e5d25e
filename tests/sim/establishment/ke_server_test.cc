// The server of key establishment on a simulated machine, and clients of all kinds on another.  Each class of attack
// that has brought a server of this kind down has a test that is named after it.
#include "timed/nts/ke_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/certificates/certificates.h"
#include "tests/sim/idle.h"
#include "tests/sim/machine.h"
#include "timed/auth/cookies.h"
#include "timed/nts/ke_record.h"
#include "timed/nts/ke_session.h"

namespace timed::nts {
namespace {

using sim::Idle;
using sim::Machine;
using test::Identity;

constexpr std::uint16_t kPort = 4460;
constexpr LocalTime kNow = LocalTime::from_seconds(1767225600);
const std::vector<auth::AeadId> kBoth = {auth::AeadId::GcmSiv128, auth::AeadId::SivCmac256};

// A connection that speaks TLS, and says what a test wants.
class Client {
 public:
  Client(Machine& machine, const TrustStore& trusted, const std::string& name, const Endpoint& to)
      : tls(trusted, {name, kNow}), stream_(machine.sockets().connect_tcp({.remote = to}).take()) {
    stream_->on_event([this] { on_event(); });
    stream_->want_room(true);
  }
  // Sent when the handshake is done.
  std::vector<std::byte> request;
  bool closes = true;  // its side, when the server has
  KeSession tls;
  bool ended = false;
  std::size_t octets_got = 0;

  bool served() const { return std::holds_alternative<KeResponse>(read_response(tls.received(), kBoth)); }
  void close() { stream_.reset(); }

 private:
  void on_event() {
    std::array<std::byte, 3000> octets;
    const auto got = stream_->receive(octets);
    octets_got += got.size;
    tls.feed(std::span(octets).first(got.size));
    if (tls.established() && !asked_) tls.write(request), asked_ = true;
    if (tls.ended() && closes) tls.close();
    const std::size_t sent = *stream_->send(tls.output());
    tls.take_output(sent);
    stream_->want_room(!tls.output().empty());
    ended = got.ended;
    if (got.ended || (tls.ended() && closes)) stream_.reset();
  }

  bool asked_ = false;
  std::unique_ptr<env::StreamSocket> stream_;
};

// A connection that speaks no TLS at all.
class RawClient {
 public:
  RawClient(Machine& machine, const Endpoint& to) : stream_(machine.sockets().connect_tcp({.remote = to}).take()) {
    stream_->on_event([this] {
      std::array<std::byte, 3000> octets;
      ended = ended || stream_->receive(octets).ended;
      if (ended) stream_.reset();
    });
  }
  void say(std::span<const std::byte> octets) {
    if (stream_) static_cast<void>(stream_->send(octets));
  }
  bool ended = false;

 private:
  std::unique_ptr<env::StreamSocket> stream_;
};

class KeServerTest : public testing::TestWithParam<int> {
 protected:
  KeServerTest() {
    EXPECT_TRUE(trusted_.add(authority_.certificate(), "ca").ok());
    put("/server", authority_.sign("ntp.example", {.names = {"ntp.example"}}));
    options_.server.certificates = {"/server.crt"};
    options_.server.keys = {"/server.key"};
    options_.server.processes = GetParam();
  }
  void put(const std::string& path, const Identity& identity) {
    server_machine_.files().put(path + ".crt", identity.certificate());
    server_machine_.files().put(path + ".key", identity.key());
  }
  void start() {
    KeNeighbours neighbours;
    neighbours.bind_addresses = {IpAddress::any(Family::Inet4), IpAddress::any(Family::Inet6)};
    neighbours.ntp_port = ntp_port_;
    neighbours.anybody = [this](Family family) { return families_.count(family) != 0; };
    neighbours.admit = [this](const IpAddress&) { return admission_; };
    const sim::LogScope scope(world_, server_machine_.log());
    server_.emplace(options_, neighbours, env_);
    server_->open();
    server_->start();
    auth::CookieKeys keys = auth::CookieKeys::generate(auth::AeadId::SivCmac256, random_);
    cookies_.use(keys);
    server_->use_keys(keys);
  }
  std::unique_ptr<Client> connect(const std::string& name = "ntp.example") {
    auto client = std::make_unique<Client>(client_machine_, trusted_, name, to_);
    client->request.resize(200);
    client->request.resize(write_request(kBoth, client->request));
    return client;
  }
  void run(double seconds) { world_.run_for(Duration::seconds(seconds)); }
  std::uint64_t count(KeOutcome outcome) const { return server_->totals().at(outcome); }

  sim::World world_{1};
  sim::Shared shared_{world_};
  Machine server_machine_{shared_, {.name = "server", .sockets = {.addresses = sim::addresses({"192.0.2.1"})}}};
  Machine client_machine_{shared_, {.name = "client", .sockets = {.addresses = sim::addresses({"192.0.2.2"})}}};
  env::Env env_ = server_machine_.env();
  Endpoint to_{*IpAddress::parse("192.0.2.1"), kPort, 0};
  Identity authority_ = Identity::authority();
  TrustStore trusted_;
  NtsOptions options_;
  std::uint16_t ntp_port_ = 123;
  std::set<Family> families_{Family::Inet4};
  KeAdmission admission_ = KeAdmission::Welcome;
  EntropyPool random_{[](std::span<std::byte> out) { std::ranges::fill(out, std::byte{7}); }};
  auth::Cookies cookies_;
  std::optional<KeServer> server_;
  Idle server_program_{server_machine_, [this] {
                         if (server_) server_->begin_turn();
                       }};
  Idle client_program_{client_machine_};
};

TEST_P(KeServerTest, GivesKeysThatItsCookiesOpen) {
  start();
  const auto client = connect();
  run(1);
  const auto response = read_response(client->tls.received(), kBoth);
  ASSERT_TRUE(std::holds_alternative<KeResponse>(response)) << client->tls.reason();
  const KeResponse& got = std::get<KeResponse>(response);
  EXPECT_EQ(got.aead, auth::AeadId::GcmSiv128);
  EXPECT_TRUE(got.compliant_exporter);
  EXPECT_EQ(got.ntp_port, 123);
  EXPECT_EQ(got.ntp_server, "");
  ASSERT_EQ(got.cookies.size(), 8u);
  const auto keys = client->tls.export_keys(got.aead, true);
  ASSERT_TRUE(keys);
  std::set<std::vector<std::byte>> different;
  for (const auto& cookie : got.cookies) {
    different.insert(cookie);
    auth::SessionKeys inside;
    ASSERT_EQ(cookies_.open(cookie, inside), auth::CookieFault::None);
    EXPECT_EQ(inside.aead, got.aead);
    EXPECT_TRUE(std::ranges::equal(inside.both(), keys->both()));
  }
  EXPECT_EQ(different.size(), 8u);
  EXPECT_EQ(count(KeOutcome::Served), 1u);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(KeServerTest, TellsOfAnotherServerAndPort) {
  ntp_port_ = 11123;
  options_.server.ntp_server = "time.example";
  options_.aeads = {15, 99999};
  start();
  const auto client = connect();
  run(1);
  const auto response = read_response(client->tls.received(), kBoth);
  ASSERT_TRUE(std::holds_alternative<KeResponse>(response));
  EXPECT_EQ(std::get<KeResponse>(response).ntp_port, 11123);
  EXPECT_EQ(std::get<KeResponse>(response).ntp_server, "time.example");
  EXPECT_EQ(std::get<KeResponse>(response).aead, auth::AeadId::SivCmac256);
}

TEST_P(KeServerTest, CountsWhatIsNotAgreedAndWhatIsNoRequest) {
  options_.aeads = {15};
  start();
  auto client = connect();
  const std::array only = {auth::AeadId::GcmSiv128};
  client->request.resize(200);
  client->request.resize(write_request(only, client->request));
  run(1);
  auto refusal = read_response(client->tls.received(), only);
  ASSERT_TRUE(std::holds_alternative<KeRefusal>(refusal));
  EXPECT_EQ(std::get<KeRefusal>(refusal).fault, KeFault::NoAead);
  EXPECT_EQ(count(KeOutcome::NoAgreement), 1u);

  client = connect();
  client->request = {std::byte{0x80}, std::byte{0}, std::byte{0}, std::byte{0}};  // an end and nothing else
  run(1);
  refusal = read_response(client->tls.received(), kBoth);
  ASSERT_TRUE(std::holds_alternative<KeRefusal>(refusal));
  EXPECT_EQ(std::get<KeRefusal>(refusal).fault, KeFault::ServerError);
  EXPECT_EQ(count(KeOutcome::BadRequest), 1u);
}

TEST_P(KeServerTest, AWorkerThatHangsIsFoundAndOneThatIsSlowIsNot) {
  start();
  run(1);
  for (int round = 0; round < 2; ++round) {
    // Nothing turns between the questions.
    for (int i = 0; i < KeServer::kPatience; ++i) EXPECT_TRUE(server_->workers_have_turned()) << i;
    EXPECT_EQ(server_->workers_have_turned(), GetParam() == 0);
    EXPECT_EQ(server_->workers_have_turned(), GetParam() == 0);
    run(1);
    EXPECT_TRUE(server_->workers_have_turned());
    run(1);
  }
}

TEST_P(KeServerTest, IsClosedToWhoIsNotWelcome) {
  start();
  for (const auto& [admission, outcome] :
       {std::pair(KeAdmission::Denied, KeOutcome::Denied), std::pair(KeAdmission::TooOften, KeOutcome::TooOften)}) {
    admission_ = admission;
    const auto client = connect();
    run(1);
    EXPECT_TRUE(client->ended);
    EXPECT_EQ(client->octets_got, 0u);
    EXPECT_EQ(count(outcome), 1u);
  }
}

TEST_P(KeServerTest, PortsFollowWhoIsLetIn) {
  families_.clear();
  start();
  EXPECT_FALSE(server_->is_open());
  RawClient refused(client_machine_, to_);
  run(1);
  EXPECT_TRUE(refused.ended);
  families_ = {Family::Inet4};
  server_->adjust();
  const auto client = connect();
  run(1);
  EXPECT_TRUE(client->served());
  families_.clear();
  server_->adjust();
  EXPECT_FALSE(server_->is_open());
}

TEST_P(KeServerTest, AClientThatTrustsNobodyIsCounted) {
  start();
  const auto client = connect("other.example");
  run(3);
  EXPECT_EQ(client->tls.reason(), "hostname mismatch");
  EXPECT_EQ(count(KeOutcome::TlsFailed), 1u);
}

// ---- what strangers may try ----

TEST_P(KeServerTest, AsManyMayWaitToBeAcceptedAsThereArePlacesWithinReason) {
  const int members = std::max(GetParam(), 1);
  const std::pair<int, int> cases[] = {{1, 128}, {100, std::max(128, 100 * members)}, {5000, 4096}};
  for (const auto& [places, waiting] : cases) {
    options_.server.max_connections = places;
    start();
    const sim::SimListener* const listener = server_machine_.sockets().listener_for(to_);
    ASSERT_NE(listener, nullptr);
    EXPECT_EQ(listener->backlog(), waiting) << places;
    server_.reset();
  }
}

// CVE-2024-38528 was the like of it: connections without end.
TEST_P(KeServerTest, UnboundedConnectionsFindNoRoom) {
  options_.server.max_connections = 5;
  start();
  const std::size_t places = 5u * static_cast<std::size_t>(std::max(GetParam(), 1));
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 50; ++i) {
    idle.push_back(std::make_unique<RawClient>(client_machine_, to_));
    run(0.001);
  }
  run(0.45);
  EXPECT_EQ(server_->connections(), places);
  EXPECT_EQ(count(KeOutcome::NoRoom), 50 - places);
  const auto late = connect();
  run(0.5);
  EXPECT_TRUE(late->ended);
  EXPECT_FALSE(late->served());
  // Who says nothing makes room after two seconds, not before.
  run(1.5);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(count(KeOutcome::TimedOut), places);
  const auto then = connect();
  run(1);
  EXPECT_TRUE(then->served());
}

TEST_P(KeServerTest, SlowLorisGetsTwoSecondsWhateverItSays) {
  start();
  KeSession hello(trusted_, {"ntp.example", kNow});
  RawClient slow(client_machine_, to_);
  run(0.1);
  const std::vector<std::byte> octets(hello.output().begin(), hello.output().end());
  int said = 0;
  for (; said < 50 && !slow.ended; ++said) {
    slow.say(std::span(octets).subspan(static_cast<std::size_t>(said), 1));
    run(0.1);
  }
  EXPECT_NEAR(said, 20, 3);
  EXPECT_EQ(count(KeOutcome::TimedOut), 1u);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(KeServerTest, ASlowRequestAfterTheHandshakeGetsNoMoreTime) {
  start();
  const auto client = connect();
  client->request.pop_back();  // never whole
  run(1.9);
  EXPECT_EQ(server_->connections(), 1u);
  run(0.2);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(count(KeOutcome::TimedOut), 1u);
}

TEST_P(KeServerTest, AHalfOpenConnectionIsForgotten) {
  start();
  const auto client = connect();
  run(0.0003);  // it has arrived
  shared_.network.set_cut_off("client", true);
  run(1);
  EXPECT_EQ(server_->connections(), 1u);
  run(1.1);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(count(KeOutcome::TimedOut), 1u);
}

TEST_P(KeServerTest, AClientThatNeverClosesHoldsItsPlaceForTwoSeconds) {
  start();
  const auto client = connect();
  client->closes = false;
  run(1);
  EXPECT_TRUE(client->served());
  EXPECT_EQ(server_->connections(), 1u);
  run(1.1);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(count(KeOutcome::Served), 1u) << "and counts as what it was";
}

TEST_P(KeServerTest, GarbageIsClosedAtOnce) {
  start();
  for (const char* text : {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\x16\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    RawClient client(client_machine_, to_);
    run(0.1);
    client.say(std::as_bytes(std::span<const char>(text, std::char_traits<char>::length(text))));
    run(0.1);
    EXPECT_TRUE(client.ended) << text;
  }
  EXPECT_EQ(count(KeOutcome::TlsFailed), 3u);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(KeServerTest, ARequestWithoutEndIsRefused) {
  start();
  const auto client = connect();
  client->request.clear();
  // Records of a kind that may be skipped, more of them than a message may have.
  while (client->request.size() < kMaxMessage + 100) {
    client->request.insert(client->request.end(), {std::byte{0x40}, std::byte{0x77}, std::byte{0}, std::byte{0}});
  }
  run(1);
  EXPECT_FALSE(client->served());
  EXPECT_EQ(count(KeOutcome::BadRequest), 1u);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(KeServerTest, AResetInTheMidstIsHarmless) {
  start();
  for (const double when : {0.0001, 0.0003, 0.0005, 0.0007, 0.0009}) {
    const auto client = connect();
    run(when);
    client->close();
    run(3);
    EXPECT_EQ(server_->connections(), 0u) << when;
  }
}

// ---- certificates and keys ----

TEST_P(KeServerTest, ReloadedCertificatesAreForNewConnections) {
  start();
  const auto before = connect();
  run(0.0003);  // in the midst of its handshake
  EXPECT_EQ(server_->connections(), 1u);
  put("/server", authority_.sign("new.example", {.names = {"new.example"}}));
  server_->reload();
  const auto after = connect("new.example");
  run(1);
  EXPECT_TRUE(before->served()) << before->tls.reason();
  EXPECT_TRUE(after->served()) << after->tls.reason();
  // What is of no use changes nothing.
  server_machine_.files().put("/server.key", authority_.key());
  {
    const sim::LogScope scope(world_, server_machine_.log());
    server_->reload();
  }
  EXPECT_TRUE(server_machine_.log().contains("Could not set credentials : Could not use /server.key : It is not"));
  const auto still = connect("new.example");
  run(1);
  EXPECT_TRUE(still->served());
}

TEST_P(KeServerTest, ThatCertificatesCanBeUsedAgainIsToldOnce) {
  start();
  const sim::LogScope scope(world_, server_machine_.log());
  const auto told = [this] { return server_machine_.log().count("Credentials can be used again"); };
  server_->reload();
  EXPECT_EQ(told(), 0u) << "what was right is no news";
  const std::string key = *server_machine_.files().read("/server.key");
  server_machine_.files().put("/server.key", "nothing");
  server_->reload();
  EXPECT_EQ(told(), 0u);
  server_machine_.files().put("/server.key", key);
  server_->reload();
  EXPECT_EQ(told(), 1u) << server_machine_.log().to_string();
  server_->reload();
  EXPECT_EQ(told(), 1u) << server_machine_.log().to_string();
}

TEST_P(KeServerTest, WithoutACertificateNothingIsStartedUntilThereIsOne) {
  const std::string key = *server_machine_.files().read("/server.key");
  ASSERT_TRUE(server_machine_.files().remove("/server.key").ok());
  start();
  EXPECT_TRUE(server_machine_.log().contains("Could not set credentials : Could not open /server.key"))
      << server_machine_.log().to_string();
  const auto early = connect();
  run(1);
  EXPECT_TRUE(early->ended);
  EXPECT_EQ(count(KeOutcome::NoKeys), 1u);
  server_machine_.files().put("/server.key", key);
  server_->reload();
  const auto client = connect();
  run(1);
  EXPECT_TRUE(client->served());
}

TEST_P(KeServerTest, WithoutACertificateNoWorkerIsAskedFor) {
  int asked = 0;
  server_machine_.host().allow_workers([&asked](const std::string&) {
    ++asked;
    return Result<std::unique_ptr<env::Worker>>(Error{"no threads here"});
  });
  const std::string key = *server_machine_.files().read("/server.key");
  ASSERT_TRUE(server_machine_.files().remove("/server.key").ok());
  start();
  EXPECT_EQ(asked, 0);
  server_machine_.files().put("/server.key", key);
  server_->reload();
  EXPECT_EQ(asked > 0, GetParam() > 0);
}

TEST_P(KeServerTest, KeysThatEverybodyCanReadAreToldOf) {
  server_machine_.files().put("/server.key", *server_machine_.files().read("/server.key"));
  ASSERT_TRUE(server_machine_.files().replace("/server.key", *server_machine_.files().read("/server.key"), 0644).ok());
  start();
  EXPECT_TRUE(server_machine_.log().contains("World-readable permissions on /server.key"));
}

TEST_P(KeServerTest, NewCookieKeysHoldFromTheNextConnection) {
  start();
  auth::CookieKeys others = auth::CookieKeys::generate(auth::AeadId::GcmSiv128, random_);
  others.rotate(auth::AeadId::GcmSiv128, random_);
  server_->use_keys(others);
  const auto client = connect();
  run(1);
  ASSERT_TRUE(client->served());
  auth::SessionKeys inside;
  const auto response = read_response(client->tls.received(), kBoth);
  cookies_.use(others);
  EXPECT_EQ(cookies_.open(std::get<KeResponse>(response).cookies[0], inside), auth::CookieFault::None);
}

TEST_P(KeServerTest, ClosingEndsConnectionsAndKeepsTheCounters) {
  start();
  const auto client = connect();
  run(1);
  RawClient idle(client_machine_, to_);
  run(0.1);
  server_->close();
  run(0.1);
  EXPECT_TRUE(idle.ended);
  EXPECT_FALSE(server_->is_open());
  EXPECT_EQ(count(KeOutcome::Served), 1u);
}

// 0: the main loop; others: so many workers.
INSTANTIATE_TEST_SUITE_P(Processes, KeServerTest, testing::Values(0, 1, 3));

}  // namespace
}  // namespace timed::nts
