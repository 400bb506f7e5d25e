// What the kernel is told of how well the clock keeps time, and what other programs read of it: systemd-time-wait-sync
// waits for the end of STA_UNSYNC, timedatectl looks at maxerror.  Pure, so that the real clock and the simulated one
// tell alike.
#ifndef TIMED_ENV_KERNEL_SYNC_H_
#define TIMED_ENV_KERNEL_SYNC_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "timed/env/clock.h"

namespace timed::env {

struct KernelSync {
  bool unsynchronised = true;  // STA_UNSYNC; without it the kernel copies its time to the real-time clock
  std::int64_t esterror_us = 0;
  std::int64_t maxerror_us = 0;

  // Beyond it the kernel takes its clock for unsynchronised.
  static constexpr double kWorstError_s = 16.0;

  // rtc_sync: the kernel may be told that it is synchronised.  The errors are told in any case.
  static KernelSync from(const SyncStatus& status, bool rtc_sync) {
    const Duration worst = Duration::seconds(kWorstError_s);
    return {!(rtc_sync && status.synchronised && status.maximum_error < worst),
            micros(status.synchronised ? status.estimated_error : worst),
            micros(status.synchronised ? status.maximum_error : worst)};
  }

 private:
  // Rounded up: an error bound must not shrink.
  static std::int64_t micros(Duration error) {
    const double s = error.to_seconds();
    return static_cast<std::int64_t>(std::ceil(std::clamp(s >= 0.0 ? s : kWorstError_s, 0.0, kWorstError_s) * 1e6));
  }
};

}  // namespace timed::env

#endif  // TIMED_ENV_KERNEL_SYNC_H_
