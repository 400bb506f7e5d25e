// What a plain request costs us beside the kernel: the server's batch loop over a socket that costs nothing.
// Goal: at most 150 ns a request with an access list, copying of datagrams by the false socket included.
#include <benchmark/benchmark.h>

#include <vector>

#include "tests/unit/server/fakes.h"
#include "timed/server/server.h"

namespace timed::server {
namespace {

// Batches that are there already; what is sent is forgotten.
class EndlessSocket : public env::UdpSocket {
 public:
  explicit EndlessSocket(Family family) {
    SeededRandom random(1);
    for (std::size_t i = 0; i < kRequests; ++i) {
      auto request = make_request(4, ntp::Mode::Client, family);
      if (family == Family::Inet4) request.peer.address = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
      requests_.push_back(request);
    }
  }
  std::size_t receive(std::span<env::Datagram> into) override {
    for (env::Datagram& to : into) {
      const env::Datagram& from = requests_[next_++ % kRequests];
      to.peer = from.peer;
      to.local = from.local;
      to.stamp = from.stamp;
      to.size = from.size;
      std::copy_n(from.data.begin(), ntp::kHeaderSize, to.data.begin());
    }
    return into.size();
  }
  env::SendResult send(std::span<env::Datagram> batch) override {
    sent += batch.size();
    return {batch.size(), std::nullopt};
  }
  std::size_t transmit_stamps(std::span<env::TransmitStamp>) override { return 0; }
  void on_readable(std::function<void()> fn) override { turn = std::move(fn); }
  Endpoint local_endpoint() const override { return {}; }

  std::function<void()> turn;
  std::size_t sent = 0;

 private:
  static constexpr std::size_t kRequests = 1024;
  std::vector<env::Datagram> requests_;
  std::size_t next_ = 0;
};

class OneSocketNetwork : public env::Network {
 public:
  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override {
    auto made = std::make_unique<EndlessSocket>(options.local.address.family());
    socket = made.get();
    return std::unique_ptr<env::UdpSocket>(std::move(made));
  }
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions&) override { return Error{"none"}; }
  EndlessSocket* socket = nullptr;
};

// Everybody but a number of random subnets.
std::vector<AccessRule> rules(Family family, std::size_t denied) {
  SeededRandom random(2);
  std::vector<AccessRule> all(1 + denied);
  all[0].allow = true;
  all[0].subnets = {*Subnet::make(IpAddress::any(family), 0)};
  for (std::size_t i = 1; i < all.size(); ++i) {
    all[i].subnets = {*Subnet::make(IpAddress::v4(static_cast<std::uint32_t>(random.next())), 24)};
  }
  return all;
}

void serve(benchmark::State& state, Family family, std::size_t denied) {
  OneSocketNetwork network;
  FakeClock clock;
  FakeHost host;
  Server server(ServerOptions(), {}, rules(family, denied), network, clock, host);
  if (!server.open()) return state.SkipWithError("no socket");
  discipline::OwnState own;
  own.leap = ntp::Leap::Normal;
  own.stratum = 2;
  own.precision_log2 = -24;
  own.reference_time = LocalTime::from_seconds(1'799'999'000);
  own.local_rate = Frequency::ppm(3);
  own.line_start = RawTime::from_seconds(1'799'999'000);
  server.publish(own);
  constexpr int kPerTurn = static_cast<int>(env::kBatch) * Server::kBatchesPerTurn;
  for (auto _ : state) network.socket->turn();
  // Time a request, from that of a turn.
  state.counters["request"] = benchmark::Counter(static_cast<double>(state.iterations()) * kPerTurn,
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void plain_v4(benchmark::State& state) {
  serve(state, Family::Inet4, 0);
}
BENCHMARK(plain_v4);
void plain_v6(benchmark::State& state) {
  serve(state, Family::Inet6, 0);
}
BENCHMARK(plain_v6);
void big_access_list(benchmark::State& state) {
  serve(state, Family::Inet4, 100'000);
}
BENCHMARK(big_access_list);

}  // namespace
}  // namespace timed::server

BENCHMARK_MAIN();
