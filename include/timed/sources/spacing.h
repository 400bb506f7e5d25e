// Timers of one class kept apart, so that requests of many sources do not leave in one burst and disturb each other's
// stamps (spec discipline.md 0.4).  Pure.
#ifndef TIMED_SOURCES_SPACING_H_
#define TIMED_SOURCES_SPACING_H_

#include <optional>
#include <vector>

#include "timed/base/units.h"

namespace timed::sources {

// The time nearest to `wanted`, not before it, that lies `separation` after the last dispatch of the class and away
// from each timer queued.  One pass over the queue in the order of time, as chrony does: later timers may be pushed
// on by it, never earlier ones.
MonoTime keep_apart(MonoTime wanted, Duration separation, std::optional<MonoTime> last_dispatch,
                    std::vector<MonoTime> queued);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SPACING_H_
