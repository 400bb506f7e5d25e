// Reads a temperature now and then and says what it does to the oscillator ("tempcomp").
#ifndef TIMED_DAEMON_TEMPERATURE_POLL_H_
#define TIMED_DAEMON_TEMPERATURE_POLL_H_

#include <functional>
#include <optional>

#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/discipline/options.h"
#include "timed/discipline/temperature.h"
#include "timed/env/files.h"
#include "timed/env/timers.h"

namespace timed::daemon {

class TemperaturePoll {
 public:
  struct Reading {
    double temperature = 0.0;
    Frequency compensation;  // within TemperatureCurve::kMaxCompensation
  };

  TemperaturePoll(const discipline::TemperatureOptions& options, env::Files& files, env::Timers& timers,
                  std::function<void(const Reading&)> on_reading);

  // Reads the points.  The error is the operator's: there are none, too few, or a line that is none.
  Status open();
  static Result<std::vector<discipline::TemperaturePoint>> read_points(const std::string& path, env::Files& files);
  // Reads for the first time; nothing without a file.  What cannot be read or believed changes nothing, and is told
  // once until it works again.
  void start();
  void stop() { timer_.disarm(); }

 private:
  void poll();
  std::optional<Reading> read();

  discipline::TemperatureOptions options_;
  env::Files& files_;
  std::function<void(const Reading&)> on_reading_;
  discipline::TemperatureCurve curve_;
  env::Timer timer_;
  bool told_unreadable_ = false;
  bool told_excess_ = false;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_TEMPERATURE_POLL_H_
