// What one update of the estimator costs, with its window full: a clock that wanders, and queues.
//   build/release/tests/bench/bench_estimator
#include <benchmark/benchmark.h>

#include "tests/unit/discipline/synthetic_exchanges.h"
#include "timed/discipline/estimator.h"
#include "timed/discipline/source_stats.h"

namespace timed::discipline {
namespace {

// Wander in units of 1e-9 s/s per root second, at polls of 64 s.
void update(benchmark::State& state, bool one_sided) {
  SyntheticClock clock(1, {.wander_sd = 1e-9 * static_cast<double>(state.range(0))});
  EstimatorOptions options;
  options.one_sided = one_sided;
  Estimator estimator(options);
  for (int i = 0; i < 100; ++i) {
    estimator.add(clock.next());
    estimator.update();
  }
  for (auto _ : state) {
    estimator.add(clock.next());
    estimator.update();
  }
  benchmark::DoNotOptimize(estimator.posterior());
}

void smoother(benchmark::State& state) {
  update(state, true);
}
void bank(benchmark::State& state) {
  update(state, false);
}
BENCHMARK(smoother)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMicrosecond);
BENCHMARK(bank)->Arg(1)->Unit(benchmark::kMicrosecond);

// What the regression costs on the same samples.
void regression(benchmark::State& state) {
  SyntheticClock clock(1, {});
  SourceStats stats({}, Duration::nanos(20));
  for (int i = 0; i < 100; ++i) stats.accumulate(clock.next(), {});
  for (auto _ : state) stats.accumulate(clock.next(), {});
}
BENCHMARK(regression)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace timed::discipline

BENCHMARK_MAIN();
