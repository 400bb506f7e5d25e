// Parsing and writing packets, and time stamps between their two forms.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "timed/base/bytes.h"
#include "timed/base/random.h"
#include "timed/ntp/extension.h"
#include "timed/ntp/packet.h"

namespace timed::ntp {
namespace {

std::vector<std::byte> packet(std::initializer_list<std::size_t> fields) {
  std::vector<std::byte> bytes(kHeaderSize, std::byte{0x55});
  bytes[0] = std::byte{4 << 3 | 3};
  for (const std::size_t length : fields) {
    const std::size_t at = bytes.size();
    bytes.resize(at + length);
    store_be(bytes.data() + at, std::uint16_t{0x0104});
    store_be(bytes.data() + at + 2, static_cast<std::uint16_t>(length));
  }
  return bytes;
}

void parse_plain(benchmark::State& state) {
  const auto bytes = packet({});
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes.data());
    benchmark::DoNotOptimize(PacketView::parse(bytes));
  }
}
BENCHMARK(parse_plain);

void parse_four_fields(benchmark::State& state) {
  const auto bytes = packet({36, 104, 104, 40});
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes.data());
    const auto view = PacketView::parse(bytes);
    ExtensionWalk walk(view.extensions());
    while (auto field = walk.next()) benchmark::DoNotOptimize(field);
  }
}
BENCHMARK(parse_four_fields);

void write_plain(benchmark::State& state) {
  const auto view = PacketView::parse(packet({}));
  Header header = view.header();
  std::array<std::byte, kHeaderSize> into{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(header);
    write_header(header, into);
    benchmark::DoNotOptimize(into);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_plain);

void stamp_to_wire(benchmark::State& state) {
  std::int64_t ns = 1'800'000'000'123'456'789;
  for (auto _ : state) benchmark::DoNotOptimize(NtpTimestamp::from(LocalTime::from_nanos(ns += 977)));
}
BENCHMARK(stamp_to_wire);

void stamp_from_wire(benchmark::State& state) {
  NtpTimestamp stamp{0xeb12345678abcdef};
  const auto pivot = LocalTime::from_seconds(1'800'000'000);
  for (auto _ : state) {
    stamp.bits += 977;
    benchmark::DoNotOptimize(stamp.near(pivot));
  }
}
BENCHMARK(stamp_from_wire);

}  // namespace
}  // namespace timed::ntp

BENCHMARK_MAIN();
