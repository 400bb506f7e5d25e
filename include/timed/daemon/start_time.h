// -s: where to set the clock at the start, by the real-time clock or else by the age of the drift file (timed(8)).
#ifndef TIMED_DAEMON_START_TIME_H_
#define TIMED_DAEMON_START_TIME_H_

#include <optional>
#include <string_view>

#include "timed/base/units.h"
#include "timed/config/device_options.h"
#include "timed/env/host.h"
#include "timed/env/timers.h"

namespace timed::daemon {

// What hwclock's file says: the third line begins with UTC or with LOCAL.  Empty for anything else.
std::optional<bool> rtc_keeps_utc(std::string_view hwclock_file);

class StartTime {
 public:
  struct Target {
    Duration offset;   // to step by
    const char* done;  // the message for the operator afterwards
    bool of_rtc;       // else it is only a time that has passed
  };

  // Smaller differences from the RTC, which tells whole seconds, are left to the sources.
  static constexpr Duration kLeastStep = Duration::seconds(1);

  // The seams outlive it.
  StartTime(const config::RtcOptions& options, env::Host& host, env::Timers& timers)
      : options_(options), host_(host), timers_(timers) {}

  // Reads the RTC, while there are the privileges for it; says why it cannot be read.
  void read_rtc();
  // The step for a clock that tells `now`, with a drift file that was changed then; empty where there is none to make.
  // Says where it does not believe the RTC.
  std::optional<Target> target(RawTime now, std::optional<RawTime> drift_file_modified) const;

 private:
  bool keeps_utc() const;

  struct Reading {
    RawTime time;
    MonoTime at;
  };

  config::RtcOptions options_;
  env::Host& host_;
  env::Timers& timers_;
  std::optional<Reading> rtc_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_START_TIME_H_
