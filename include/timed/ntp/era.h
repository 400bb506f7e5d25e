// The era that this program lives in.  A stamp of NTP says the time modulo 2^32 seconds, some 136 years; which of them
// is meant nobody but the reader can know.
#ifndef TIMED_NTP_ERA_H_
#define TIMED_NTP_ERA_H_

#include <cstdint>

#include "timed/base/units.h"

namespace timed::ntp {

inline constexpr std::int64_t kProgramWritten_s = 1'767'225'600;  // 2026-01-01
// The era begins 50 years of 365 days before.
inline constexpr std::int64_t kEraBegin_s = kProgramWritten_s - std::int64_t{50} * 365 * 86'400;
inline constexpr std::int64_t kEraLength_s = std::int64_t{1} << 32;
// Stamps are of this era whatever our own clock says: one that begins in 1970 must find its way beyond 2038.
inline constexpr LocalTime kEraMiddle = LocalTime::from_seconds(kEraBegin_s + kEraLength_s / 2);

// Whether a clock may be moved so: by less than 2^32 s, and to a time of the era, which begins after 1970.
bool is_sane(LocalTime time, Duration offset);

}  // namespace timed::ntp

#endif  // TIMED_NTP_ERA_H_
