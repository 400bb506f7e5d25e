// The lines about leap seconds and the smoothing of served time.
#ifndef TIMED_SRC_CONFIG_LEAP_STATEMENTS_H_
#define TIMED_SRC_CONFIG_LEAP_STATEMENTS_H_

#include "timed/config/directives.h"

namespace timed::config {

void parse_leapsecmode(const Statement& statement, Config& config, Findings& findings);
void parse_smoothtime(const Statement& statement, Config& config, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_LEAP_STATEMENTS_H_
