// When a clock was wrong: what docs/accuracy.md says of single seeds rests on it.
#ifndef TIMED_TESTS_SIM_ERROR_COURSE_H_
#define TIMED_TESTS_SIM_ERROR_COURSE_H_

#include <string>

#include "tests/sim/estimators.h"

namespace timed::sim {

// A line for each twentieth of a run: RMS and mean of the time error (clock - truth) with both estimators, the
// deviation that bayes told, and the share of the twentieth in the squares of its error.
std::string error_course(const EstimatorCase& c, int seed);

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_ERROR_COURSE_H_
