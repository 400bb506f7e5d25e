// A reference clock's line (chrony.conf(5), "refclock"): driver, parameter with the driver's options, options.
#ifndef TIMED_SRC_CONFIG_REFCLOCK_H_
#define TIMED_SRC_CONFIG_REFCLOCK_H_

#include <optional>

#include "timed/config/directives.h"

namespace timed::config {

// Nothing after an error.
std::optional<RefclockLine> read_refclock(const Statement& statement, Findings& findings);
void parse_refclock(const Statement& statement, Config& config, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_REFCLOCK_H_
