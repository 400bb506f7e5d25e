// What a plain request costs us beside the kernel: the server's turn, batches of 16 on a socket that costs next to
// nothing, with the random numbers of a daemon.  `request` is the time of a request, writing it and throwing the
// answer away included; `medium` is what these two take of it.
// Goals (medians): with the rate limit at most 60 ns with 1 000 clients and 150 ns with 1 000 000; with NTS 2.2 µs.
#include <benchmark/benchmark.h>

#include <vector>

#include "src/os/random.h"
#include "tests/unit/server/nts_clients.h"
#include "timed/base/bytes.h"
#include "timed/server/server.h"

namespace timed::server {
namespace {

constexpr int kPerTurn = static_cast<int>(env::kBatch) * ServingWorker::kBatchesPerTurn;
constexpr std::size_t kReceiveAt = 32;

struct Traffic {
  Family family = Family::Inet4;
  std::size_t clients = 1000;
  bool interleaved = false;
  std::optional<auth::AeadId> nts{};  // requests of NTS with keys for this cipher
};

auth::CookieKeys cookie_keys(const Traffic& traffic) {
  EntropyPool pool = seeded_pool(1);
  return auth::CookieKeys::generate(traffic.nts.value_or(auth::AeadId::SivCmac256), pool);
}

// Batches that are there already, from clients that take turns, everybody every twenty seconds.  Nothing of them is
// kept but what a client in interleaved mode must remember: their memory would be measured too.
class EndlessSocket : public env::UdpSocket {
 public:
  EndlessSocket(FakeClock& clock, Traffic traffic) : clock_(clock), traffic_(traffic) {
    const env::Datagram request = make_request(4, ntp::Mode::Client, traffic.family);
    peer_ = request.peer;
    local_ = request.local;
    std::copy_n(request.data.begin(), ntp::kHeaderSize, header_.begin());
    if (traffic.interleaved) stamps_.resize(traffic.clients);
    if (!traffic.nts) return;
    EntropyPool pool = seeded_pool(2);
    for (std::size_t i = 0; i < kNtsRequests; ++i) {
      auto client = nts_client(cookie_keys(traffic), *traffic.nts, i);
      nts_requests_.push_back(request);
      add_nts(nts_requests_.back(), client, pool);
    }
  }
  std::size_t receive(std::span<env::Datagram> into) override {
    clock_.time = RawTime::from_nanos(clock_.time.nanos() + 20'000'000'000 * static_cast<std::int64_t>(env::kBatch) /
                                                                static_cast<std::int64_t>(traffic_.clients));
    for (std::size_t i = 0; i < into.size(); ++i) {
      env::Datagram& to = into[i];
      to.peer = peer_;
      to.peer.address = address_of(next_);
      to.local = local_;
      to.interface_index = 2;
      to.stamp = {RawTime::from_nanos(clock_.time.nanos() - 5000 + 300 * static_cast<std::int64_t>(i)),
                  {},
                  env::StampSource::Kernel};
      to.want_stamp = false;
      to.size = ntp::kHeaderSize;
      std::copy_n(header_.begin(), ntp::kHeaderSize, to.data.begin());
      if (traffic_.interleaved) store_be(to.data.data() + 24, stamps_[next_]);
      if (traffic_.nts) {
        const env::Datagram& from = nts_requests_[next_ % kNtsRequests];
        to.size = from.size;
        std::copy_n(from.data.begin(), from.size, to.data.begin());
      }
      next_ = next_ + 1 == traffic_.clients ? 0 : next_ + 1;
    }
    return into.size();
  }
  env::SendResult send(std::span<env::Datagram> batch) override {
    for (env::Datagram& answer : batch) {
      if (!traffic_.interleaved) break;
      stamps_[answered_] = load_be<std::uint64_t>(answer.data.data() + kReceiveAt);
      answered_ = answered_ + 1 == traffic_.clients ? 0 : answered_ + 1;
      if (answer.want_stamp) answer.stamp_id = ++stamp_id_;
    }
    sent += batch.size();
    return {batch.size(), std::nullopt};
  }
  std::size_t transmit_stamps(std::span<env::TransmitStamp> into) override {
    std::size_t n = 0;
    for (; n < into.size() && told_ != stamp_id_; ++n) {
      into[n] = {++told_, {clock_.time, {}, env::StampSource::Kernel}};
    }
    return n;
  }
  void on_readable(std::function<void()> fn) override { turn = std::move(fn); }
  Endpoint local_endpoint() const override { return {}; }

  std::function<void()> turn;
  std::size_t sent = 0;

 private:
  // Spread over the whole address space, as those of a public server's clients are.
  IpAddress address_of(std::size_t client) const {
    const std::uint64_t mixed = (client + 1) * 0x9e3779b97f4a7c15u;
    if (traffic_.family == Family::Inet4) return IpAddress::v4(static_cast<std::uint32_t>(mixed >> 32));
    std::array<std::uint8_t, 16> octets = {0x20, 1};
    store_be(reinterpret_cast<std::byte*>(octets.data()) + 8, mixed);
    return IpAddress::v6(octets);
  }

  FakeClock& clock_;
  Traffic traffic_;
  Endpoint peer_;
  IpAddress local_;
  std::array<std::byte, ntp::kHeaderSize> header_{};
  static constexpr std::size_t kNtsRequests = 256;  // that take turns: a server can be asked the same again
  std::vector<env::Datagram> nts_requests_;
  std::vector<std::uint64_t> stamps_;
  std::size_t next_ = 0, answered_ = 0;
  std::uint32_t stamp_id_ = 0, told_ = 0;
};

class OneSocketNetwork : public env::Network {
 public:
  OneSocketNetwork(FakeClock& clock, Traffic traffic) : clock_(clock), traffic_(traffic) {}
  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override {
    if (options.local.address.family() != traffic_.family) return Error{"not here", ErrorKind::Unsupported};
    auto made = std::make_unique<EndlessSocket>(clock_, traffic_);
    socket = made.get();
    return std::unique_ptr<env::UdpSocket>(std::move(made));
  }
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions&) override { return Error{"none"}; }
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string&) override { return Error{"none here"}; }
  Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions&) override {
    return Error{"none here"};
  }
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions&) override {
    return Error{"none here"};
  }
  std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override { return stream; }
  std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> other) override { return other; }
  EndlessSocket* socket = nullptr;

 private:
  FakeClock& clock_;
  Traffic traffic_;
};

class RealRandomHost : public FakeHost {
 public:
  void random(std::span<std::byte> out) override {
    os::random(out);
  }
};

// Everybody but a number of random subnets.
std::vector<AccessRule> rules(std::size_t denied) {
  SeededRandom random(2);
  std::vector<AccessRule> all(1 + denied);
  all[0].allow = true;
  all[0].subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0), *Subnet::make(IpAddress::any(Family::Inet6), 0)};
  for (std::size_t i = 1; i < all.size(); ++i) {
    all[i].subnets = {*Subnet::make(IpAddress::v4(static_cast<std::uint32_t>(random.next())), 24)};
  }
  return all;
}

void set_request_time(benchmark::State& state, const char* name) {
  state.counters[name] = benchmark::Counter(static_cast<double>(state.iterations()) * kPerTurn,
                                            benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void serve(benchmark::State& state, Traffic traffic, bool limit_rates, std::size_t denied = 0) {
  FakeClock clock;
  RealRandomHost host;
  OneSocketNetwork network(clock, traffic);
  ServerOptions options;
  options.client_log_limit = traffic.clients * 480;  // a record for twice as many
  ServiceLimits limits;
  limits.of[static_cast<std::size_t>(Service::Ntp)].enabled = limit_rates;
  Server server(options, limits, rules(denied), network, clock, host);
  if (!server.open()) return state.SkipWithError("no socket");
  discipline::OwnState own;
  own.leap = ntp::Leap::Normal;
  own.stratum = 2;
  own.precision_log2 = -24;
  own.reference_time = LocalTime::from_seconds(1'799'999'000);
  own.local_rate = Frequency::ppm(3);
  own.line_start = clock.time;
  server.publish(own);
  if (traffic.nts) server.use_cookie_keys(cookie_keys(traffic));
  // Everybody is known when it begins, and in interleaved mode.
  const std::size_t before = traffic.clients * (traffic.interleaved ? 3 : 1);
  for (std::size_t i = 0; i < before; i += kPerTurn) network.socket->turn();
  const std::uint64_t interleaved = server.served().interleaved;
  for (auto _ : state) network.socket->turn();
  set_request_time(state, "request");
  const auto asked = static_cast<double>(state.iterations()) * kPerTurn;
  if (static_cast<double>(server.served().interleaved - interleaved) < (traffic.interleaved ? 0.9 * asked : 0)) {
    state.SkipWithError("not interleaved");
  }
  if (traffic.nts && static_cast<double>(server.served().nts_answered) < asked) state.SkipWithError("not authentic");
  if (server.verdicts().of(Verdict::RateLimited) > server.verdicts().total() / 50) state.SkipWithError("limited");
}

// What the socket takes of it.
void medium(benchmark::State& state) {
  FakeClock clock;
  EndlessSocket socket(clock, {});
  std::array<env::Datagram, env::kBatch> batch;
  for (auto _ : state) {
    for (int i = 0; i < ServingWorker::kBatchesPerTurn; ++i) {
      benchmark::DoNotOptimize(socket.receive(batch));
      benchmark::ClobberMemory();
      benchmark::DoNotOptimize(socket.send(batch));
    }
  }
  set_request_time(state, "request");
}

constexpr std::size_t kFew = 1000, kMany = 1'000'000;
BENCHMARK(medium);
BENCHMARK_CAPTURE(serve, plain_1k, Traffic{Family::Inet4, kFew}, false);
BENCHMARK_CAPTURE(serve, limited_1k, Traffic{Family::Inet4, kFew}, true);
BENCHMARK_CAPTURE(serve, limited_1k_v6, Traffic{Family::Inet6, kFew}, true);
BENCHMARK_CAPTURE(serve, limited_1k_100k_subnets, Traffic{Family::Inet4, kFew}, true, std::size_t{100'000});
BENCHMARK_CAPTURE(serve, plain_1m, Traffic{Family::Inet4, kMany}, false);
BENCHMARK_CAPTURE(serve, limited_1m, Traffic{Family::Inet4, kMany}, true);
BENCHMARK_CAPTURE(serve, interleaved_1k, Traffic{Family::Inet4, kFew, true}, true);
BENCHMARK_CAPTURE(serve, nts_siv_1k, Traffic{Family::Inet4, kFew, false, auth::AeadId::SivCmac256}, true);
BENCHMARK_CAPTURE(serve, nts_gcm_siv_1k, Traffic{Family::Inet4, kFew, false, auth::AeadId::GcmSiv128}, true);

}  // namespace
}  // namespace timed::server

int main(int argc, char** argv) {
  std::vector<char*> words(argv, argv + argc);
  char repetitions[] = "--benchmark_repetitions=5", medians[] = "--benchmark_report_aggregates_only=true";
  words.insert(words.begin() + 1, {repetitions, medians});
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data());
  if (benchmark::ReportUnrecognizedArguments(count, words.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
