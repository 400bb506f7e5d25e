// The resolution in which the Linux kernel takes a frequency correction: a tick length in whole microseconds and a
// remainder in units of 2^-16 ppm.  Pure, so that the real clock, the simulated clock and the replay of reference
// traces round alike.
#ifndef TIMED_ENV_KERNEL_FREQUENCY_H_
#define TIMED_ENV_KERNEL_FREQUENCY_H_

#include <cmath>
#include <cstdint>

#include "timed/base/units.h"

namespace timed::env {

struct KernelFrequency {
  std::int64_t tick_us = 10000;  // microseconds a tick, nominal 10 000 at 100 ticks a second
  std::int64_t scaled_ppm = 0;   // timex.freq: ppm · 2^16, positive = faster

  static constexpr double kTicksPerSecond = 100.0;
  static constexpr std::int64_t kNominalTick_us = 10000;
  static constexpr double kLimit_ppm = 1e5;

  // What to ask the kernel for; wanted is clamped to ±100 000 ppm.
  static KernelFrequency from(Frequency wanted) {
    const double slow_ppm = std::fmax(-kLimit_ppm, std::fmin(kLimit_ppm, -wanted.to_ppm()));
    const double ticks = std::round(slow_ppm / kTicksPerSecond);
    const double rest_ppm = -(slow_ppm - kTicksPerSecond * ticks);
    return {kNominalTick_us - static_cast<std::int64_t>(ticks), static_cast<std::int64_t>(rest_ppm * 65536.0)};
  }
  // What is in force with these values.
  Frequency to_frequency() const {
    return Frequency::ppm(kTicksPerSecond * static_cast<double>(tick_us - kNominalTick_us) +
                          static_cast<double>(scaled_ppm) / 65536.0);
  }
};

}  // namespace timed::env

#endif  // TIMED_ENV_KERNEL_FREQUENCY_H_
