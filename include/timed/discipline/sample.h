// The values that flow through the discipline: one measurement of a source, and what many of them say.
#ifndef TIMED_DISCIPLINE_SAMPLE_H_
#define TIMED_DISCIPLINE_SAMPLE_H_

#include <compare>
#include <cstdint>
#include <optional>

#include "timed/base/units.h"
#include "timed/ntp/types.h"

namespace timed::discipline {

// A source of time within one daemon: an NTP server, a pool member, a reference clock.  Never reused.
struct SourceId {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const SourceId&) const = default;
};

// One measurement of a source.  It lives on the free-running scale and is never rewritten when the clock is steered
// (docs/architecture.md, "Immutable history").
struct Sample {
  FreeTime when;              // middle of the exchange
  WideDuration offset;        // reference - free: grows with all our steering, may be years
  Duration measured;          // reference - local as it was then; for reports only
  Duration peer_delay;        // round trip to the source, without the time it took to answer
  Duration peer_dispersion;   // bound of the error of the measurement, without half the delay
  Duration root_delay;        // round trip to the primary reference, with peer_delay
  Duration root_dispersion;   // bound of the error at the primary reference, with peer_dispersion
  Duration added_dispersion;  // reading of Timeline's counter of dispersion when the sample was taken
  ntp::Stratum stratum = 0;
  ntp::Leap leap = ntp::Leap::Normal;
};

// Whether these are numbers, and such as a measurement can have.  Whoever keeps samples refuses others: one of them
// would be in all that is computed from its neighbours.
bool is_measurement(const Sample& sample);

// What the history of one source, or several combined, says about the clock, on the free-running scale.
struct Estimate {
  FreeTime when;        // the time that the values refer to: that of the last sample
  WideDuration offset;  // reference - free at that time
  Duration offset_sd;
  Frequency frequency;  // slope of the offset in free-running seconds; positive = the oscillator is slow
  Frequency frequency_sd;
  Frequency skew;  // bound of the error of the frequency
  Duration root_delay;
  Duration root_dispersion;
};

// Deviations that make a bound (a skew) of the estimator's: Student's t of the regression with many samples.
inline constexpr double kBoundDeviations = 3.5;

// What the estimator knows besides: how the deviation of an estimate grows after its time, and how new it is.
struct Growth {
  double covariance_s = 0.0;  // of offset and frequency
  double wander = 0.0;        // variance that the frequency gains in a second, 1/s
  Duration route_sd;          // of the half of the round trip: of ways that differ in length, which nothing shows
  FreeTime newest = {};       // when the newest belief in it is of: the same again says nothing new
  bool jumped = false;        // the frequency has, just before that: the next update comes soon, if minpoll lets it

  // Deviation of the offset so long after the time of an estimate with these deviations, or before it.
  Duration offset_sd_after(Duration elapsed, Duration offset_sd, Frequency frequency_sd) const;
  // What the wander alone adds in so long: deviations of the frequency, and of the offset that it leads to.
  Frequency frequency_wandered(Duration elapsed) const;
  Duration offset_wandered(Duration elapsed) const;
};

// The same seen from the clock as it is steered now.
struct LocalEstimate {
  LocalTime when;
  Duration offset;  // reference - local at that time
  Duration offset_sd;
  Frequency frequency;  // slope of that offset: what is left to correct
  Frequency frequency_sd;
  Frequency skew;
  Duration root_delay;
  Duration root_dispersion;
  std::optional<Growth> growth = {};  // of the estimator; empty: by the regression

  // Deviation of the offset so long after `when`, in line with the frequency's.
  Duration offset_sd_after(Duration elapsed) const;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SAMPLE_H_
