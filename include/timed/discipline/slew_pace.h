// How fast an offset is slewed: by the time until the next update, and by how well the offset is known.
#ifndef TIMED_DISCIPLINE_SLEW_PACE_H_
#define TIMED_DISCIPLINE_SLEW_PACE_H_

#include <optional>

#include "timed/base/units.h"
#include "timed/discipline/sample.h"

namespace timed::discipline {

class SlewPace {
 public:
  // "corrtimeratio"
  explicit SlewPace(double correction_time_ratio) : correction_time_ratio_(correction_time_ratio) {}

  // At each update that moves the clock, before its correction_rate().
  void note_update(MonoTime now);
  // The next interval is unknown.
  void forget_last_update() { last_update_.reset(); }
  // Between the last two updates; zero: unknown.
  Duration interval() const { return interval_; }
  // R in s²: the slew takes R / |left| seconds.  `left`: all that is to be slewed, of which `e` is the last word.
  double correction_rate(const LocalEstimate& e, Duration left) const;

 private:
  double correction_time_ratio_;
  std::optional<MonoTime> last_update_;
  int updates_ = 0;  // as many as matter
  Duration interval_;
  Duration longest_interval_;   // of late, before this one
  Duration expected_interval_;  // until the next update
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SLEW_PACE_H_
