// What authentication adds to the marks of sources ("authselectmode").  Pure.
#ifndef TIMED_DISCIPLINE_EFFECTIVE_MARKS_H_
#define TIMED_DISCIPLINE_EFFECTIVE_MARKS_H_

#include <span>

#include "timed/discipline/options.h"
#include "timed/discipline/selection.h"

namespace timed::discipline {

// Candidates come with their configured marks and leave with the effective ones.  Where a source is noselect it
// neither counts nor changes.
void apply_auth_mode(std::span<Candidate> candidates, AuthSelectMode mode);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_EFFECTIVE_MARKS_H_
