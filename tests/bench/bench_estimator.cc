// What one update of the estimator costs, with its window full: a clock that wanders, and queues.
//   build/release/tests/bench/bench_estimator
// And the dearest update of sequences that no model explains, or that somebody made up: `dearest_us` of processor time
// (of several repetitions the cheapest, as the machine has other work too) and `most_rounds` of the smoother.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/unit/discipline/synthetic_exchanges.h"
#include "timed/discipline/estimator.h"
#include "timed/discipline/source_stats.h"

namespace timed::discipline {
namespace {

// Wander in units of 1e-9 s/s per root second, and polls in seconds.
void update(benchmark::State& state, bool one_sided) {
  SyntheticClock clock(
      1, {.spacing_s = static_cast<double>(state.range(1)), .wander_sd = 1e-9 * static_cast<double>(state.range(0))});
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
// The last two are the dearest of clocks that there may be.
BENCHMARK(smoother)
    ->Args({1, 64})
    ->Args({10, 64})
    ->Args({100, 64})
    ->Args({10, 1024})
    ->Args({1000, 64})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(bank)->Args({1, 64})->Unit(benchmark::kMicrosecond);

// What the regression costs on the same samples.
void regression(benchmark::State& state) {
  SyntheticClock clock(1, {});
  StatsOptions options;
  options.estimator = EstimatorKind::Regression;
  SourceStats stats(options, Duration::nanos(20));
  for (int i = 0; i < 100; ++i) stats.accumulate(clock.next(), {});
  for (auto _ : state) stats.accumulate(clock.next(), {});
}
BENCHMARK(regression)->Unit(benchmark::kMicrosecond);

// ---- the dearest update ----

Sample usual(SyntheticClock& clock) {
  return clock.next();
}
// Offsets that delays do not excuse.
Sample scattered(SyntheticClock& clock) {
  clock.advance(64.0);
  return clock.sample(clock.offset_s() + 1e-3 * clock.normal(), 2e-4 + 1e-6 * clock.uniform());
}
// Everything on one way, now on the one, now on the other.
Sample swinging(SyntheticClock& clock) {
  clock.advance(64.0);
  const double extra_s = clock.exponential(1e-2), side = clock.uniform() < 0.5 ? -0.5 : 0.5;
  return clock.sample(clock.offset_s() + side * extra_s, 2e-4 + extra_s);
}
// Outages, storms and steps.
Sample stormy(SyntheticClock& clock) {
  const double what = clock.uniform();
  clock.w.spacing_s = what < 0.05 ? 20000.0 : std::exp2(10.0 * clock.uniform());
  clock.w.forward_s = what > 0.8 ? 1.0 : 1e-4 * clock.uniform();
  Sample s = clock.next();
  if (what > 0.95) s.offset = s.offset + WideDuration(Duration::seconds(100.0 * (clock.uniform() - 0.5)));
  return s;
}
// Values of any size.
Sample hostile(SyntheticClock& clock) {
  clock.advance(std::exp2(20.0 * clock.uniform() - 10.0));
  const double sign = clock.uniform() < 0.5 ? -1.0 : 1.0;
  return clock.sample(sign * std::exp2(50.0 * clock.uniform() - 30.0), std::exp2(40.0 * clock.uniform() - 30.0));
}
// A clock that somebody else moves to and fro.
Sample sawtooth(SyntheticClock& clock) {
  Sample s = clock.next();
  const double phase = std::fmod(clock.t_s(), 640.0) / 640.0;
  s.offset = s.offset + WideDuration(Duration::seconds(2e-2 * std::fabs(phase - 0.5)));
  return s;
}
// Delays that shrink for ever, offsets that follow the one half of them.
Sample shrinking(SyntheticClock& clock) {
  clock.advance(64.0);
  const double extra_s = std::exp(-clock.t_s() / 6400.0) * (1.0 + 0.01 * clock.uniform());
  return clock.sample(clock.offset_s() + 0.5 * extra_s, 1e-4 + extra_s);
}

double cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

void dearest(benchmark::State& state, Sample (*next)(SyntheticClock&)) {
  constexpr std::uint64_t kSeeds = 8;
  constexpr int kSamples = 200;
  std::vector<double> cheapest(kSeeds * kSamples, std::numeric_limits<double>::infinity());
  std::uint64_t most_rounds = 0, updates = 0, rounds = 0;
  for (auto _ : state) {
    updates = rounds = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      SyntheticClock clock(seed + 1, {});
      Estimator estimator({});
      for (int i = 0; i < kSamples; ++i) {
        const std::uint64_t before = estimator.counts().rounds;
        estimator.add(next(clock));
        const double begin_us = cpu_us();
        estimator.update();
        double& us = cheapest[seed * kSamples + static_cast<std::uint64_t>(i)];
        us = std::min(us, cpu_us() - begin_us);
        most_rounds = std::max(most_rounds, estimator.counts().rounds - before);
      }
      updates += estimator.counts().updates;
      rounds += estimator.counts().rounds;
    }
  }
  state.counters["dearest_us"] = *std::max_element(cheapest.begin(), cheapest.end());
  state.counters["most_rounds"] = static_cast<double>(most_rounds);
  state.counters["rounds"] = static_cast<double>(rounds) / static_cast<double>(std::max<std::uint64_t>(updates, 1));
}

// Of one core, ten sources that are asked each second: their samples are made into blocks.
void ten_sources(benchmark::State& state) {
  constexpr int kSources = 10, kSeconds = 500;
  std::vector<SyntheticClock> clocks;
  std::vector<Estimator> estimators;
  for (std::uint64_t seed = 1; seed <= kSources; ++seed) {
    clocks.emplace_back(seed,
                        SyntheticWorld{.spacing_s = 1.0, .wander_sd = 1e-9 * static_cast<double>(state.range(0))});
    estimators.emplace_back(EstimatorOptions{});
  }
  double us = 0.0, seconds = 0.0;
  for (auto _ : state) {
    for (int second = 0; second < kSeconds; ++second) {
      for (std::size_t i = 0; i < kSources; ++i) {
        const Sample sample = clocks[i].next();
        const double begin_us = cpu_us();
        estimators[i].add(sample);
        estimators[i].update();
        us += cpu_us() - begin_us;
      }
    }
    seconds += kSeconds;
  }
  state.counters["percent_of_core"] = us * 1e-4 / seconds;
}
BENCHMARK(ten_sources)->Arg(1)->Arg(100)->Iterations(3)->Unit(benchmark::kMillisecond);

BENCHMARK_CAPTURE(dearest, usual, usual)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dearest, scattered, scattered)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dearest, swinging, swinging)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dearest, stormy, stormy)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dearest, hostile, hostile)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dearest, sawtooth, sawtooth)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dearest, shrinking, shrinking)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace timed::discipline

BENCHMARK_MAIN();
