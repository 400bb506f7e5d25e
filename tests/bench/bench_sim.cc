// How much faster than reality the simulated world runs, with complete daemons in it.
// Budgets: one client and one server 100 000 times, a hundred clients 10 000 times.  The world is the usual one of
// the scenarios (wander, jitter, polls from 64 to 1024 s), and its first two hours are not counted.
#include <benchmark/benchmark.h>

#include <string>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

constexpr Duration kSettle = Duration::seconds(7200);
constexpr Duration kSlice = Duration::seconds(3600);

void add_clients(Scenario& scenario, int count, const std::string& config) {
  for (int i = 0; i < count; ++i) {
    const std::string address = "10.1." + std::to_string(i / 200) + "." + std::to_string(1 + i % 200);
    ClockModel clock = usual_clock();
    clock.frequency_error = Frequency::ppm(scenario.world().random().uniform(-100.0, 100.0));
    scenario.add("client" + std::to_string(i), {address}, clock, config);
  }
}

void run_slices(benchmark::State& state, Scenario& scenario) {
  scenario.start_all();
  scenario.run_for(kSettle);
  const std::uint64_t events = scenario.world().events_run();
  double simulated_s = 0.0;
  for (auto _ : state) {
    scenario.run_for(kSlice);
    simulated_s += kSlice.to_seconds();
  }
  state.counters["times_real"] = benchmark::Counter(simulated_s, benchmark::Counter::kIsRate);
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(scenario.world().events_run() - events), benchmark::Counter::kIsRate);
}

void clients_of_one_server(benchmark::State& state) {
  Scenario scenario(1);
  scenario.add_server("server", {"10.0.0.1"});
  add_clients(scenario, static_cast<int>(state.range(0)), "server 10.0.0.1\n");
  run_slices(state, scenario);
}
BENCHMARK(clients_of_one_server)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

// The dearest a client gets by its options alone: polls of one second.
void client_that_polls_each_second(benchmark::State& state) {
  Scenario scenario(1);
  scenario.add_server("server", {"10.0.0.1"});
  add_clients(scenario, 1, "server 10.0.0.1 minpoll 0 maxpoll 0\n");
  run_slices(state, scenario);
}
BENCHMARK(client_that_polls_each_second)->Unit(benchmark::kMicrosecond);

void client_of_five_servers(benchmark::State& state) {
  Scenario scenario(1);
  std::string config;
  for (int i = 1; i <= 5; ++i) {
    const std::string address = "10.0.0." + std::to_string(i);
    scenario.add_server("server" + std::to_string(i), {address});
    config += "server " + address + "\n";
  }
  add_clients(scenario, 1, config);
  run_slices(state, scenario);
}
BENCHMARK(client_of_five_servers)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace timed::sim

BENCHMARK_MAIN();
