// "smoothtime" in the daemon: brings what happens to the clock to the plan of what is served, and tells the operator.
#ifndef TIMED_DAEMON_TIME_SMOOTHING_H_
#define TIMED_DAEMON_TIME_SMOOTHING_H_

#include "timed/control/protocol.h"
#include "timed/daemon/leap_seconds.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/options.h"
#include "timed/discipline/smoothing.h"

namespace timed::daemon {

class TimeSmoothing {
 public:
  explicit TimeSmoothing(const discipline::SmoothingOptions& options) : smoothing_(options) {}

  // From here on something is served: what the drift file and the run modes did to the clock before is not smoothed.
  void begin() { begun_ = true; }
  // A correction of the clock, whose frequency we know to `skew`.
  void on_change(const discipline::ClockChange& change, Frequency skew);
  void on_leap(const LocalLeap& leap);
  // The clock was stepped; local time reads `now`.
  void on_step(LocalTime now);

  // The control requests.
  control::Reply report(LocalTime now) const;
  control::Reply carry_out(const control::SmoothtimeRequest& request, LocalTime now);

  bool enabled() const { return smoothing_.enabled(); }
  discipline::ServedOffset served(LocalTime now) const { return smoothing_.served(now); }

 private:
  void tell_activated() const;

  discipline::Smoothing smoothing_;
  bool begun_ = false;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_TIME_SMOOTHING_H_
