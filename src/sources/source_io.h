// Which stamps of the kernel are believed to be of the datagram that they came with.
#ifndef TIMED_SRC_SOURCES_SOURCE_IO_H_
#define TIMED_SRC_SOURCES_SOURCE_IO_H_

#include "timed/base/units.h"
#include "timed/discipline/timeline.h"
#include "timed/env/clock.h"

namespace timed::sources {

// Older ones are not of this datagram.
inline constexpr Duration kMaxStampAge = Duration::seconds(1);
// A stamp cannot be of the future, but for the grain of clocks: one that is was made before we stepped the clock back.
inline constexpr Duration kMaxStampLead = Duration::micros(100);

bool is_believable(const env::Stamp& stamp, const discipline::Now& now);

}  // namespace timed::sources

#endif  // TIMED_SRC_SOURCES_SOURCE_IO_H_
