// Access look-ups with 100 000 subnets and random addresses: the compiled table beside the list it is made from, and
// what it costs to make it.
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
  std::vector<AccessRule> rules;
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
      rules.push_back(rule);
      // Half of the look-ups meet a rule.
      if (addresses.size() < kAddresses / 2) addresses.push_back(rule.subnets[0].address());
    }
    while (addresses.size() < kAddresses) addresses.push_back(random_address(random, family));
    for (std::size_t i = addresses.size(); i-- > 1;) std::swap(addresses[i], addresses[random.below(i + 1)]);
    list = AccessList(rules);
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

void list_v4(benchmark::State& state) {
  const Lists& l = lists(Family::Inet4);
  look_up(state, l.list, l.addresses);
}
BENCHMARK(list_v4);

void list_v6(benchmark::State& state) {
  const Lists& l = lists(Family::Inet6);
  look_up(state, l.list, l.addresses);
}
BENCHMARK(list_v6);

void one_rule_v4(benchmark::State& state) {
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::v4(0x0a000000), 8)};
  const AccessTable table = AccessList(std::vector{rule}).compile();
  look_up(state, table, lists(Family::Inet4).addresses);
}
BENCHMARK(one_rule_v4);

// What a start costs, and one rule more of a daemon that runs.
void all_rules(benchmark::State& state) {
  const Lists& l = lists(state.range(0) == 4 ? Family::Inet4 : Family::Inet6);
  for (auto _ : state) benchmark::DoNotOptimize(AccessList(l.rules).compile());
}
BENCHMARK(all_rules)->Arg(4)->Arg(6)->Unit(benchmark::kMillisecond);

void one_more_rule(benchmark::State& state) {
  const Family family = state.range(0) == 4 ? Family::Inet4 : Family::Inet6;
  AccessList list = lists(family).list;
  SeededRandom random(2);
  AccessRule rule;
  for (auto _ : state) {
    rule.allow = !rule.allow;
    rule.subnets = {*Subnet::make(random_address(random, family), 24)};
    list.apply(rule);
    benchmark::DoNotOptimize(list.compile());
  }
}
BENCHMARK(one_more_rule)->Arg(4)->Arg(6)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace timed::server

BENCHMARK_MAIN();
