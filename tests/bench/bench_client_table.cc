// What it costs to note a request and to decide whether its rate allows an answer.  Goals: with the rest of our part at
// most 60 ns a request with 1 000 clients and 150 ns with 1 000 000 (bench_responder has the whole).
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "timed/server/client_table.h"
#include "timed/server/interleave.h"

namespace timed::server {
namespace {

constexpr std::size_t kBatch = 16;

void hits(benchmark::State& state) {
  SeededRandom random(1);
  EntropyPool entropy([&random](std::span<std::byte> out) {
    for (std::byte& octet : out) octet = static_cast<std::byte>(random.next() >> 56);
  });
  ServiceLimits limits;
  limits.of[0] = {true, 3, 8, 2, 0};
  const auto clients = static_cast<std::size_t>(state.range(0));
  ClientTable table(clients * 2, limits, entropy);
  std::vector<IpAddress> addresses(clients);
  for (IpAddress& address : addresses) address = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
  Ticks now = 0;
  for (auto _ : state) {
    std::array<const IpAddress*, kBatch> batch{};
    std::array<std::uint64_t, kBatch> hashes{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      batch[i] = &addresses[random.next() % clients];
      hashes[i] = table.prefetch_slot(*batch[i]);
    }
    for (const std::uint64_t hash : hashes) table.prefetch_record(hash);
    // Nearly everybody keeps to the limit.
    now += static_cast<Ticks>(20 * 128 * kBatch / clients + 1);
    for (const IpAddress* address : batch) {
      benchmark::DoNotOptimize(table.admit(table.hit(*address, Service::Ntp, now), Service::Ntp));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
  state.counters["request"] = benchmark::Counter(static_cast<double>(state.iterations()) * kBatch,
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(hits)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

void interleaved(benchmark::State& state) {
  const auto clients = static_cast<std::uint64_t>(state.range(0));
  InterleaveMap map(static_cast<std::size_t>(clients));
  std::uint64_t now = std::uint64_t{1} << 60;
  constexpr std::uint64_t kApart = 40'000;  // about 10 us
  for (std::uint64_t i = 0; i < clients; ++i, now += kApart) map.save({now}, {now + 8000});
  for (auto _ : state) {
    benchmark::DoNotOptimize(map.take({now - (clients - 3) * kApart}));
    map.save({now}, {now + 8000});
    map.correct({now}, {{now + 9000}, env::StampSource::Kernel});
    now += kApart;
  }
}
BENCHMARK(interleaved)->Arg(4096)->Arg(1 << 20);

}  // namespace
}  // namespace timed::server

BENCHMARK_MAIN();
