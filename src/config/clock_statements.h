// Directives about the clock's frequency that have a syntax of their own.
#ifndef TIMED_SRC_CONFIG_CLOCK_STATEMENTS_H_
#define TIMED_SRC_CONFIG_CLOCK_STATEMENTS_H_

#include "timed/config/directives.h"

namespace timed::config {

void parse_fallbackdrift(const Statement& statement, Config& config, Findings& findings);
void parse_tempcomp(const Statement& statement, Config& config, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_CLOCK_STATEMENTS_H_
