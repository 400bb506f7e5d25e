// What a desk takes of a turn in the loop that serves NTP, and when it lets a client go on.
#include "timed/nts/ke_desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/certificates/certificates.h"
#include "tests/sim/machine.h"
#include "timed/nts/ke_record.h"
#include "timed/nts/ke_session.h"

namespace timed::nts {
namespace {

// Each look at the clock takes so long: all work costs as much.
class SlowTimers : public env::Timers {
 public:
  explicit SlowTimers(env::Timers& real) : real_(real) {}
  MonoTime now() override {
    ++looks;
    late_ += kLook;
    return real_.now() + late_;
  }
  Id call_at(MonoTime when, std::function<void()> fn) override { return real_.call_at(when - late_, std::move(fn)); }
  void cancel(Id id) override { real_.cancel(id); }
  int looks = 0;

 private:
  static constexpr Duration kLook = Duration::millis(1.5);
  env::Timers& real_;
  Duration late_;
};

class Program : public env::TurnTaker {
 public:
  Program(sim::Machine& machine, std::function<void()> begin) : machine_(machine), begin_(std::move(begin)) {
    machine_.loop().run_daemon(this);
  }
  ~Program() override { machine_.loop().run_daemon(nullptr); }
  void begin_turn(Duration) override { begin_(); }
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return false; }

 private:
  sim::Machine& machine_;
  std::function<void()> begin_;
};

KeDeskOptions desk_options(std::size_t places) {
  KeDeskOptions options;
  options.aeads = {auth::AeadId::SivCmac256};
  options.places = places;
  return options;
}

void prepare(KeDesk& desk, const env::Env& env, const test::Identity& authority) {
  desk.start(env);
  desk.use_pairs({authority.sign("ntp.example", {.names = {"ntp.example"}}).pair()});
  EntropyPool random([](std::span<std::byte> out) { std::ranges::fill(out, std::byte{1}); });
  desk.use_keys(auth::CookieKeys::generate(auth::AeadId::SivCmac256, random));
}

// The most looks at the clock in one turn while six clients shake hands at once.
int most_looks_in_a_turn(bool shares_loop) {
  sim::World world(1);
  sim::Shared shared(world);
  sim::Machine server(shared, {.name = "server", .sockets = {.addresses = sim::addresses({"192.0.2.1"})}});
  sim::Machine client(shared, {.name = "client", .sockets = {.addresses = sim::addresses({"192.0.2.2"})}});
  SlowTimers timers(server.loop().timers());
  const env::Env real = server.env();
  const env::Env env{real.clock, timers, real.network, real.host};
  const test::Identity authority = test::Identity::authority();
  TrustStore trusted;
  EXPECT_TRUE(trusted.add(authority.certificate(), "ca").ok());

  KeDeskOptions options = desk_options(6);
  options.shares_loop = shares_loop;
  KeDesk desk(options);
  prepare(desk, env, authority);

  int most = 0, before = 0;
  Program serving(server, [&] {
    most = std::max(most, timers.looks - before);
    before = timers.looks;
    desk.begin_turn();
  });
  Program asking(client, [] {});
  const auto listener = server.sockets().listen_tcp({.local = {IpAddress::any(Family::Inet4), 4460, 0}}).take();
  std::vector<std::unique_ptr<env::StreamSocket>> streams;
  std::vector<std::unique_ptr<KeSession>> sessions;
  for (int i = 0; i < 6; ++i) {
    streams.push_back(client.sockets().connect_tcp({.remote = {*IpAddress::parse("192.0.2.1"), 4460, 0}}).take());
    sessions.push_back(std::make_unique<KeSession>(trusted, CertificateCheck{"ntp.example", std::nullopt}));
    streams[static_cast<std::size_t>(i)]->on_event([&, i] {
      env::StreamSocket& stream = *streams[static_cast<std::size_t>(i)];
      KeSession& tls = *sessions[static_cast<std::size_t>(i)];
      std::array<std::byte, 4096> octets;
      tls.feed(std::span(octets).first(stream.receive(octets).size));
      tls.take_output(*stream.send(tls.output()));
      stream.want_room(!tls.output().empty());
    });
  }
  world.run_for(Duration::millis(1));
  while (auto accepted = listener->accept()) desk.begin(*desk.reserve(std::move(accepted->stream)));
  before = timers.looks;  // deadlines are no TLS
  most = 0;
  for (const auto& stream : streams) stream->want_room(true);
  world.run_for(Duration::millis(100));
  for (const auto& session : sessions) EXPECT_TRUE(session->established()) << session->reason();
  desk.stop();
  return most;
}

TEST(KeDesk, TlsHasSoMuchOfATurnAndGoesOnInTheNext) {
  // Two looks for each step, which seems to take 1.5 ms: after two steps the 2 ms are over.
  EXPECT_EQ(most_looks_in_a_turn(true), 4);
  EXPECT_GT(most_looks_in_a_turn(false), 8) << "nobody waits for a worker";
}

// NTPv4 with AES-SIV-CMAC-256, and the end.
constexpr std::array<std::uint8_t, 16> kRequest{0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 15, 0x80, 0, 0, 0};

// What both ends of a connection share.
struct Wire {
  std::vector<std::byte> to_desk, to_client;
  std::function<void()> event;
  int acknowledged = 0;
};

class WiredStream : public env::StreamSocket {
 public:
  explicit WiredStream(Wire& wire) : wire_(wire) {}
  env::StreamRead receive(std::span<std::byte> into) override {
    const std::size_t size = std::min(into.size(), wire_.to_desk.size());
    std::copy_n(wire_.to_desk.begin(), size, into.begin());
    wire_.to_desk.erase(wire_.to_desk.begin(), wire_.to_desk.begin() + static_cast<std::ptrdiff_t>(size));
    return {size, false};
  }
  Result<std::size_t> send(std::span<const std::byte> octets) override {
    wire_.to_client.insert(wire_.to_client.end(), octets.begin(), octets.end());
    return octets.size();
  }
  void on_event(std::function<void()> fn) override { wire_.event = std::move(fn); }
  void want_room(bool) override {}
  void acknowledge() override { ++wire_.acknowledged; }

 private:
  Wire& wire_;
};

class Adopting : public env::Network {
 public:
  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions&) override { return kNone; }
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions&) override { return kNone; }
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string&) override { return kNone; }
  Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions&) override { return kNone; }
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions&) override { return kNone; }
  std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket) override { return socket; }
  std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override { return stream; }

 private:
  const Error kNone{"none here"};
};

// Carries what the client has to say to the desk in one piece, and the answer back.
void exchange(KeSession& client, Wire& wire) {
  const auto said = client.output();
  wire.to_desk.insert(wire.to_desk.end(), said.begin(), said.end());
  client.take_output(said.size());
  wire.event();
  client.feed(std::exchange(wire.to_client, {}));
}

TEST(KeDesk, AcknowledgesWhereItWaitsForMoreAndHasNothingToSay) {
  sim::World world(1);
  sim::Shared shared(world);
  sim::Machine server(shared, {.name = "server", .sockets = {.addresses = sim::addresses({"192.0.2.1"})}});
  const env::Env real = server.env();
  Adopting network;
  const env::Env env{real.clock, real.timers, network, real.host};
  const test::Identity authority = test::Identity::authority();
  TrustStore trusted;
  EXPECT_TRUE(trusted.add(authority.certificate(), "ca").ok());
  KeDesk desk(desk_options(1));
  prepare(desk, env, authority);
  Wire wire;
  desk.begin(*desk.reserve(std::make_unique<WiredStream>(wire)));

  KeSession client(trusted, CertificateCheck{"ntp.example", std::nullopt});
  exchange(client, wire);
  ASSERT_TRUE(client.established()) << client.reason();
  EXPECT_EQ(wire.acknowledged, 0) << "the answer to the hello does that";
  exchange(client, wire);
  EXPECT_EQ(wire.acknowledged, 1) << "the client's request may wait for this";
  ASSERT_TRUE(client.write(std::as_bytes(std::span(kRequest))));
  exchange(client, wire);
  EXPECT_GT(client.received().size(), 800u) << "keys";
  EXPECT_EQ(wire.acknowledged, 1);
  desk.stop();
}

}  // namespace
}  // namespace timed::nts
