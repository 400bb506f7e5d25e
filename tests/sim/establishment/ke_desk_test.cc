// A desk in the loop that serves NTP: what TLS takes of one turn.
#include "timed/nts/ke_desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
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

  KeDeskOptions options;
  options.aeads = {auth::AeadId::SivCmac256};
  options.places = 6;
  options.shares_loop = shares_loop;
  KeDesk desk(options);
  desk.start(env);
  desk.use_pairs({authority.sign("ntp.example", {.names = {"ntp.example"}}).pair()});
  EntropyPool random([](std::span<std::byte> out) { std::ranges::fill(out, std::byte{1}); });
  desk.use_keys(auth::CookieKeys::generate(auth::AeadId::SivCmac256, random));

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

}  // namespace
}  // namespace timed::nts
