// Access look-ups with 100 000 subnets and random addresses: the compiled table beside the trie it is made from.
// Goal: about 10 ns (docs/decisions.md), which is what leaves room in the budget of a request.
#include <benchmark/benchmark.h>

#include <vector>

#include "timed/base/random.h"
#include "timed/server/acl.h"

namespace timed::server {
namespace {

constexpr std::size_t kSubnets = 100'000;
constexpr std::size_t kAddresses = 1u << 16;

IpAddress random_address(SeededRandom& random, Family family) {
  if (family == Family::Inet4) return IpAddress::v4(static_cast<std::uint32_t>(random.next()));
  std::array<std::uint8_t, 16> bytes{};
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random.next());
  bytes[0] = static_cast<std::uint8_t>(0x20 | (bytes[0] & 0x1f));  // global unicast
  return IpAddress::v6(bytes);
}

struct Lists {
  AccessList list;
  AccessTable table;
  std::vector<IpAddress> addresses;

  explicit Lists(Family family) {
    SeededRandom random(1);
    AccessRule rule;
    for (std::size_t i = 0; i < kSubnets; ++i) {
      rule.allow = random.below(4) != 0;
      const int bits =
          family == Family::Inet4 ? 16 + static_cast<int>(random.below(17)) : 24 + static_cast<int>(random.below(41));
      rule.subnets = {*Subnet::make(random_address(random, family), bits)};
      list.apply(rule);
      // Half of the look-ups meet a rule.
      if (addresses.size() < kAddresses / 2) addresses.push_back(rule.subnets[0].address());
    }
    while (addresses.size() < kAddresses) addresses.push_back(random_address(random, family));
    for (std::size_t i = addresses.size(); i-- > 1;) std::swap(addresses[i], addresses[random.below(i + 1)]);
    table = list.compile();
  }
};

const Lists& lists(Family family) {
  static const Lists v4(Family::Inet4);
  static const Lists v6(Family::Inet6);
  return family == Family::Inet4 ? v4 : v6;
}

template <class Table>
void look_up(benchmark::State& state, const Table& table, const std::vector<IpAddress>& addresses) {
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table.allows(addresses[i++ % kAddresses]));
}

void table_v4(benchmark::State& state) {
  const Lists& l = lists(Family::Inet4);
  look_up(state, l.table, l.addresses);
  state.counters["octets"] = static_cast<double>(l.table.memory());
}
BENCHMARK(table_v4);

void table_v6(benchmark::State& state) {
  const Lists& l = lists(Family::Inet6);
  look_up(state, l.table, l.addresses);
  state.counters["octets"] = static_cast<double>(l.table.memory());
}
BENCHMARK(table_v6);

void trie_v4(benchmark::State& state) {
  const Lists& l = lists(Family::Inet4);
  look_up(state, l.list, l.addresses);
}
BENCHMARK(trie_v4);

void trie_v6(benchmark::State& state) {
  const Lists& l = lists(Family::Inet6);
  look_up(state, l.list, l.addresses);
}
BENCHMARK(trie_v6);

void one_rule_v4(benchmark::State& state) {
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::v4(0x0a000000), 8)};
  const AccessTable table = AccessList(std::vector{rule}).compile();
  look_up(state, table, lists(Family::Inet4).addresses);
}
BENCHMARK(one_rule_v4);

void compile_v4(benchmark::State& state) {
  const Lists& l = lists(Family::Inet4);
  for (auto _ : state) benchmark::DoNotOptimize(l.list.compile());
}
BENCHMARK(compile_v4)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace timed::server

BENCHMARK_MAIN();
