// What can be said of a source on its own, before it is compared with others.
#ifndef TIMED_SRC_DISCIPLINE_SELECTABILITY_H_
#define TIMED_SRC_DISCIPLINE_SELECTABILITY_H_

#include "timed/discipline/selection.h"

namespace timed::discipline {

// Where a source says that reference - local lies.
struct ClaimedRange {
  Duration distance;  // root distance
  Duration low, high;
};

// Unknown: nothing speaks against it.  The range is that of its data, wider where it is silent; where it has none, or
// is not to be selected, the range of the last time stands.
SourceState state_alone(const Candidate& candidate, const SelectionOptions& options, ClaimedRange& range);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_SELECTABILITY_H_
