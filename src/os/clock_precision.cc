// A clock that is read in 30 ns but advances every 10 ns never shows its resolution in steps between two readings: they
// all last about as long as the call.  So readings are spread by busy loops of shrinking length; the durations then
// fall on several multiples of the resolution, and neighbours among the distinct short ones differ by it.
#include "clock_precision.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace timed::os {
namespace {

constexpr std::size_t kReadings = 64;
constexpr int kClockReadings = 100;
constexpr std::size_t kDistinctNeeded = 3;
constexpr std::int64_t kDistinct_ns = 2;
constexpr std::int64_t kGiveUp_ns = 100'000'000;
constexpr std::int64_t kWorst_ns = 1'000'000'000;

void spin(std::size_t rounds) {
  for (std::size_t i = 0; i < rounds; ++i) asm volatile("");  // or the loop would be optimised away
}

// Sorted differences of one series of readings; empty where the counter did not advance.
std::vector<std::int64_t> spread_differences(const ReadNanos& counter, std::size_t busy) {
  std::array<std::int64_t, kReadings> readings{};
  for (std::size_t i = 0; i < kReadings; ++i) {
    readings[i] = counter();
    spin((kReadings - i) * busy);
  }
  std::vector<std::int64_t> differences;
  for (std::size_t i = 1; i < kReadings; ++i) {
    if (readings[i] <= readings[i - 1]) return {};
    differences.push_back(readings[i] - readings[i - 1]);
  }
  std::sort(differences.begin(), differences.end());
  return differences;
}

// The smallest gap between distinct values of the lower half; empty where there are too few of them.
std::optional<std::int64_t> smallest_gap(const std::vector<std::int64_t>& sorted) {
  std::size_t distinct = 1;
  std::int64_t last = sorted.front();
  std::int64_t gap = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 1; i < sorted.size() / 2; ++i) {
    if (sorted[i] - last < kDistinct_ns) continue;
    gap = std::min(gap, sorted[i] - last);
    last = sorted[i];
    ++distinct;
  }
  if (distinct < kDistinctNeeded) return std::nullopt;
  return gap;
}

std::int64_t counter_resolution(const ReadNanos& counter) {
  const std::int64_t start = counter();
  for (std::size_t busy = 1; counter() - start < kGiveUp_ns; busy += busy / 2 + 1) {
    const auto differences = spread_differences(counter, busy);
    if (differences.empty()) break;
    if (const auto gap = smallest_gap(differences)) return *gap;
  }
  return kWorst_ns;
}

std::int64_t shortest_step(const ReadNanos& clock) {
  std::int64_t shortest = kWorst_ns;
  std::int64_t last = clock();
  for (int i = 1; i < kClockReadings; ++i) {
    const std::int64_t reading = clock();
    if (reading > last) shortest = std::min(shortest, reading - last);
    last = reading;
  }
  return shortest;
}

}  // namespace

Duration measure_precision(const ReadNanos& counter, const ReadNanos& clock) {
  const std::int64_t best = std::min(counter_resolution(counter), shortest_step(clock));
  return Duration::nanos(static_cast<double>(std::clamp<std::int64_t>(best, 1, kWorst_ns)));
}

}  // namespace timed::os
