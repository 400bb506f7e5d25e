// Before when no clock can be right.
#ifndef TIMED_SRC_DAEMON_CLOCK_BOOTSTRAP_H_
#define TIMED_SRC_DAEMON_CLOCK_BOOTSTRAP_H_

#include <string>

#include "timed/base/units.h"
#include "timed/config/config.h"
#include "timed/daemon/drift_file.h"
#include "timed/env/files.h"

namespace timed::daemon {

struct EarliestTime {
  LocalTime time;
  std::string what;  // was written then
};

// The newest thing that certainly lies behind us: this program, its last drift file, and the files of certificates.
EarliestTime earliest_time(const config::Config& config, const DriftFile& drift_file, env::Files& files);

}  // namespace timed::daemon

#endif  // TIMED_SRC_DAEMON_CLOCK_BOOTSTRAP_H_
