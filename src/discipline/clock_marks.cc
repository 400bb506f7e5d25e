#include "timed/discipline/clock_marks.h"

namespace timed::discipline {
namespace {

// Other programs may come between two readings, and a kernel's frequency has steps of a sixtieth of that.
constexpr Duration kMarksSlack = Duration::millis(1);
constexpr Frequency kKernelSlack = Frequency::ppm(1e-3);

}  // namespace

std::optional<Duration> ClockMarks::moved_between(const ClockMarks& left, const ClockMarks& found) {
  const Duration moved = abs(found.mono_zero - left.mono_zero);
  const bool same_rate = !left.kernel || !found.kernel || abs(*found.kernel - *left.kernel) <= kKernelSlack;
  return same_rate && moved <= kMarksSlack ? std::optional(moved) : std::nullopt;
}

}  // namespace timed::discipline
