// A client of key establishment, and servers of all kinds that are none: whatever they send, it ends in time, costs a
// bounded amount, and says of whom it speaks.
#include "timed/nts/ke_client.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/certificates/certificates.h"
#include "tests/sim/idle.h"
#include "tests/sim/machine.h"

namespace timed::nts {
namespace {

using sim::Machine;
using test::Identity;

const std::vector<auth::AeadId> kBoth = {auth::AeadId::GcmSiv128, auth::AeadId::SivCmac256};
constexpr LocalTime kNow = LocalTime::from_seconds(1767225600);

std::vector<std::byte> octets(std::initializer_list<int> values) {
  std::vector<std::byte> all;
  for (const int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}

// Accepts one connection, and says what a test wants, with TLS or without it.
class StrangeServer {
 public:
  StrangeServer(Machine& machine, const ServerCredentials& credentials) : tls_(credentials) {
    listener_ = machine.sockets().listen_tcp({.local = Endpoint{IpAddress::any(Family::Inet4), 4460, 0}}).take();
    listener_->on_connection([this] {
      auto accepted = listener_->accept();
      if (!accepted) return;
      stream_ = std::move(accepted->stream);
      stream_->on_event([this] { on_event(); });
      stream_->want_room(true);
    });
  }
  std::vector<std::byte> without_tls;  // sent again and again
  std::vector<std::byte> with_tls;     // sent when the handshake is done
  bool speaks_tls = true;
  bool closes = false;  // after what it says with TLS
  std::size_t sent = 0;

 private:
  void on_event() {
    std::array<std::byte, 3000> in;
    const auto got = stream_->receive(in);
    if (got.ended) return stream_.reset();
    if (!speaks_tls) {
      if (!without_tls.empty()) send(without_tls);
      return;
    }
    tls_.feed(std::span(in).first(got.size));
    if (tls_.established() && !std::exchange(told_, true)) {
      tls_.write(with_tls);
      if (closes) tls_.close();
    }
    const std::size_t taken = send(tls_.output());
    tls_.take_output(taken);
    stream_->want_room(!tls_.output().empty());
    if (told_ && closes && tls_.output().empty()) stream_.reset();
  }
  std::size_t send(std::span<const std::byte> what) {
    const auto done = stream_->send(what);
    sent += done.ok() ? *done : 0;
    return done.ok() ? *done : 0;
  }

  KeSession tls_;
  bool told_ = false;
  std::unique_ptr<env::StreamListener> listener_;
  std::unique_ptr<env::StreamSocket> stream_;
};

class KeClientTest : public testing::Test {
 protected:
  KeClientTest() {
    EXPECT_TRUE(trusted_.add(authority_.certificate(), "ca").ok());
    credentials_ = ServerCredentials::make({authority_.sign("ntp.example", {.names = {"ntp.example"}}).pair()}).take();
  }
  // Empty where keys were established, else what went wrong; "running" before the end.
  std::string establish(double seconds) {
    KeTarget target;
    target.connection.remote = Endpoint{*IpAddress::parse("192.0.2.1"), 4460, 0};
    target.check = {"ntp.example", kNow};
    target.offered = kBoth;
    env::Env env = client_machine_.env();
    std::string outcome = "running";
    KeClient client(env.timers, trusted_, target, [&](const KeClient::Result& result) {
      const auto* failed = std::get_if<KeFailed>(&result);
      outcome = failed != nullptr ? failed->message : "";
      ended_ = world_.elapsed();
    });
    EXPECT_TRUE(client.start(env.network).ok());
    world_.run_for(Duration::seconds(seconds));
    return outcome;
  }

  sim::World world_{1};
  sim::Shared shared_{world_};
  Machine server_machine_{shared_, {.name = "server", .sockets = {.addresses = sim::addresses({"192.0.2.1"})}}};
  Machine client_machine_{shared_, {.name = "client", .sockets = {.addresses = sim::addresses({"192.0.2.2"})}}};
  Identity authority_ = Identity::authority();
  TrustStore trusted_;
  std::unique_ptr<ServerCredentials> credentials_;
  sim::Idle server_program_{server_machine_};
  sim::Idle client_program_{client_machine_};
  Duration ended_;
};

TEST_F(KeClientTest, GivesUpOneThatNeverSpeaks) {
  StrangeServer server(server_machine_, *credentials_);
  server.speaks_tls = false;
  EXPECT_EQ(establish(15), "running");
  EXPECT_NE(establish(17).find("192.0.2.1:4460 (ntp.example)"), std::string::npos);
  EXPECT_LE(ended_, Duration::seconds(15 + 16.5));
}

TEST_F(KeClientTest, GivesUpOneThatNeverAnswersBehindItsHandshake) {
  StrangeServer server(server_machine_, *credentials_);
  const std::string outcome = establish(17);
  EXPECT_NE(outcome, "running");
  EXPECT_NE(outcome.find("192.0.2.1:4460 (ntp.example)"), std::string::npos) << outcome;
}

TEST_F(KeClientTest, EndsWithOneThatSpeaksNoTls) {
  StrangeServer server(server_machine_, *credentials_);
  server.speaks_tls = false;
  server.without_tls = octets({'H', 'T', 'T', 'P', '/', '1', '.', '1', ' ', '4', '0', '0', '\r', '\n'});
  const std::string outcome = establish(1);
  EXPECT_EQ(outcome.find("TLS handshake with 192.0.2.1:4460 (ntp.example) failed : "), 0u) << outcome;
}

// Octets that look like one TLS record after another, without end.
TEST_F(KeClientTest, AnEndlessHandshakeCostsABoundedAmount) {
  StrangeServer server(server_machine_, *credentials_);
  server.speaks_tls = false;
  server.without_tls = octets({20, 3, 3, 0, 1, 1});
  for (int i = 0; i < 8; ++i) {
    const auto copy = server.without_tls;
    server.without_tls.insert(server.without_tls.end(), copy.begin(), copy.end());
  }
  EXPECT_NE(establish(5), "running");
  EXPECT_LE(server.sent, 400'000u);
}

TEST_F(KeClientTest, AnEndlessAnswerCostsABoundedAmount) {
  StrangeServer server(server_machine_, *credentials_);
  // Records of a type that may be ignored, 60 kB each, and no end of the message.
  for (int i = 0; i < 40; ++i) {
    const auto head = octets({0x40, 0x00, 0xea, 0x60});
    server.with_tls.insert(server.with_tls.end(), head.begin(), head.end());
    server.with_tls.resize(server.with_tls.size() + 60000);
  }
  EXPECT_EQ(establish(5), "Received invalid NTS-KE message from 192.0.2.1:4460 (ntp.example)");
  EXPECT_LE(server.sent, 500'000u);
}

TEST_F(KeClientTest, AnAnswerThatIsNoneIsToldAndGivesNoKeys) {
  struct Case {
    std::vector<std::byte> answer;
    bool closes;
    std::string told;
  };
  const std::vector<Case> cases = {
      // An end and nothing else.
      {octets({0x80, 0, 0, 0}), false, "Received invalid NTS-KE response from 192.0.2.1:4460 (ntp.example)"},
      // An error of the server.
      {octets({0x80, 2, 0, 2, 0, 1, 0x80, 0, 0, 0}), false,
       "Received invalid NTS-KE response from 192.0.2.1:4460 (ntp.example)"},
      // A critical record that nobody knows.
      {octets({0xc0, 0, 0, 0, 0x80, 0, 0, 0}), false,
       "Received invalid NTS-KE response from 192.0.2.1:4460 (ntp.example)"},
      // A cookie, and the connection ends before the message.
      {octets({0x00, 5, 0, 4, 1, 2, 3, 4}), true, "NTS-KE session with 192.0.2.1:4460 (ntp.example) was closed"},
      {{}, true, "NTS-KE session with 192.0.2.1:4460 (ntp.example) was closed"},
  };
  for (const Case& one : cases) {
    StrangeServer server(server_machine_, *credentials_);
    server.with_tls = one.answer;
    server.closes = one.closes;
    const std::string outcome = establish(17);
    EXPECT_EQ(outcome.find(one.told), 0u) << outcome << "; expected " << one.told;
  }
}

// The answer, or a part of the handshake, is lost with the connection.
TEST_F(KeClientTest, LosesItsServerAndSaysSo) {
  std::optional<StrangeServer> server(std::in_place, server_machine_, *credentials_);
  world_.after(Duration::millis(1), [&] { server.reset(); });
  const std::string outcome = establish(17);
  EXPECT_NE(outcome.find("192.0.2.1:4460 (ntp.example)"), std::string::npos) << outcome;
  EXPECT_NE(outcome, "running");
}

}  // namespace
}  // namespace timed::nts
