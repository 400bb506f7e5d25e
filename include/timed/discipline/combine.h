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
  Duration distance;  // root distance: the nearer, the more the offset counts
};

// The first one leads: the result refers to its time and has its root delay and dispersion.  One alone is unchanged.
LocalEstimate combine(std::span<const WeightedEstimate> estimates);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_COMBINE_H_
