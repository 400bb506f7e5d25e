// Time stamps whose bits below the precision of the clock are noise.
#ifndef TIMED_NTP_FUZZ_H_
#define TIMED_NTP_FUZZ_H_

#include <algorithm>
#include <cstdint>

#include "timed/base/random.h"
#include "timed/ntp/types.h"

namespace timed::ntp {

// Bits below the precision of the clock (log2 seconds) carry no time.  Random ones keep what they would otherwise tell
// of the machine to itself, and let two stamps of one instant differ.
inline NtpTimestamp fuzzed(NtpTimestamp stamp, int precision_log2, EntropyPool& entropy) {
  return {stamp.bits ^ entropy.bits(std::clamp(32 + precision_log2, 2, 64))};
}

}  // namespace timed::ntp

#endif  // TIMED_NTP_FUZZ_H_
