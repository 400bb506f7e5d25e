// What a selection could have found, for the tests of the reference.
#ifndef TIMED_TESTS_UNIT_DISCIPLINE_REFERENCE_INPUTS_H_
#define TIMED_TESTS_UNIT_DISCIPLINE_REFERENCE_INPUTS_H_

#include <cstdint>

#include "timed/discipline/reference.h"

namespace timed::discipline {

inline Now at(double t_s) {
  const auto ns = std::int64_t{1'767'225'600'000'000'000} + static_cast<std::int64_t>(t_s * 1e9);
  return {RawTime::from_nanos(ns), FreeTime::from_nanos(ns), LocalTime::from_nanos(ns), MonoTime::from_nanos(ns)};
}

inline ReferenceInput input_at(double t_s, double offset_s) {
  ReferenceInput input;
  input.stratum = 2;
  input.ref_id = {0x7f000001};
  input.source = SourceId{1};
  input.estimate.when = at(t_s).local;
  input.estimate.offset = Duration::seconds(offset_s);
  input.estimate.offset_sd = Duration::micros(10);
  input.estimate.frequency_sd = Frequency::ppm(0.1);
  input.estimate.skew = Frequency::ppm(1);
  input.estimate.root_delay = Duration::millis(20);
  input.estimate.root_dispersion = Duration::millis(1);
  return input;
}

// As the estimator says it.
inline ReferenceInput belief_at(double t_s, double offset_s) {
  ReferenceInput input = input_at(t_s, offset_s);
  input.estimate.frequency = Frequency::ppm(2);
  input.estimate.growth = Growth{0.0, 1e-18, {}, at(t_s).free};
  return input;
}

// As after a start with a drift file, and a burst of three samples.
inline ReferenceInput vague_at(double t_s, double frequency_ppm, double skew_ppm) {
  ReferenceInput input = belief_at(t_s, 0);
  input.source = SourceId{7};
  input.estimate.frequency = Frequency::ppm(frequency_ppm);
  input.estimate.skew = Frequency::ppm(skew_ppm);
  input.estimate.frequency_sd = Frequency::ppm(skew_ppm / kBoundDeviations);
  return input;
}

}  // namespace timed::discipline

#endif  // TIMED_TESTS_UNIT_DISCIPLINE_REFERENCE_INPUTS_H_
