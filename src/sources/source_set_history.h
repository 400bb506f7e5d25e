// From the samples of a file to those of this daemon.
#ifndef TIMED_SRC_SOURCES_SOURCE_SET_HISTORY_H_
#define TIMED_SRC_SOURCES_SOURCE_SET_HISTORY_H_

#include <optional>
#include <vector>

#include "timed/discipline/sample.h"
#include "timed/discipline/timeline.h"
#include "timed/sources/dump_file.h"

namespace timed::sources {

// On the free-running scale; empty where the samples are of the future, or so near to each other that they fall
// together there.  moved: how far the clock may have moved since, which nobody can tell from its readings.
std::optional<std::vector<discipline::Sample>> samples_of(const DumpedSource& dumped, const discipline::LocalView& view,
                                                          const discipline::Now& now, Duration moved);

}  // namespace timed::sources

#endif  // TIMED_SRC_SOURCES_SOURCE_SET_HISTORY_H_
