// How fine the clock can be read, measured at the start.
#ifndef TIMED_SRC_OS_CLOCK_PRECISION_H_
#define TIMED_SRC_OS_CLOCK_PRECISION_H_

#include <cstdint>
#include <functional>

#include "timed/base/units.h"

namespace timed::os {

// A reading in nanoseconds.
using ReadNanos = std::function<std::int64_t()>;

// The smaller of the resolution of the counter and the shortest step between readings of the clock, within
// 1 ns … 1 s.  Takes at most about 0.1 s.
Duration measure_precision(const ReadNanos& counter, const ReadNanos& clock);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_CLOCK_PRECISION_H_
