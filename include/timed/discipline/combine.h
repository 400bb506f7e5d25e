// Several estimates of the same clock made into one: the regression's by distance, the estimator's by how well each is
// known.
#ifndef TIMED_DISCIPLINE_COMBINE_H_
#define TIMED_DISCIPLINE_COMBINE_H_

#include <span>

#include "timed/base/units.h"
#include "timed/discipline/sample.h"

namespace timed::discipline {

struct WeightedEstimate {
  LocalEstimate estimate;
  Duration distance;  // root distance, above zero: the nearer, the more an offset of the regression counts
};

// Two that are right are no further apart than both may be off, here so many times.  The intervals that agree are those
// of the best samples; the line through all samples may lead out of its own, as after a step.
bool contradict(const WeightedEstimate& a, const WeightedEstimate& b, double times);

// Of one source at least; frequencies with deviations above zero.  The first one leads: the result refers to its time
// and has its root delay and dispersion.  One alone is unchanged.  Where one has no Growth all are combined as the
// regression's.
LocalEstimate combine(std::span<const WeightedEstimate> estimates);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_COMBINE_H_
