// Long-term averages of the clock's frequency, to fall back to when updates stay away ("fallbackdrift").
//
// The frequency in force when the last update came follows the last minutes.  The longer nothing is heard, the longer
// the average that predicts the clock best: after 2^k seconds without an update that over 2^k seconds is taken.
// Pure: it is told the time.
#ifndef TIMED_DISCIPLINE_FALLBACK_DRIFT_H_
#define TIMED_DISCIPLINE_FALLBACK_DRIFT_H_

#include <optional>
#include <vector>

#include "timed/base/units.h"
#include "timed/discipline/options.h"

namespace timed::discipline {

class FallbackDrift {
 public:
  // What is to be done now: set an absolute frequency, look again after a delay.  Either may be missing.
  struct Plan {
    std::optional<Frequency> frequency;
    std::optional<Duration> wait;
  };

  explicit FallbackDrift(const FallbackDriftOptions& options);

  // After an update of a synchronised clock: the time since the one before, and the absolute frequency that came out
  // (correction of the oscillator).
  void note_update(Duration interval, Frequency absolute);
  // So much time after the last update.
  Plan plan(Duration since_update);
  // The wait of a plan is over: the frequency that the clock falls back to.
  Frequency due() const;

 private:
  struct Average {
    int log2_seconds = 0;
    Duration span;  // 2^log2_seconds
    Frequency frequency;
    Duration covered;  // what went into it, until it is as much as the span
  };
  std::vector<Average> averages_;
  int next_ = 0;  // log2 of the average taken last, or waited for; 0 = none
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_FALLBACK_DRIFT_H_
