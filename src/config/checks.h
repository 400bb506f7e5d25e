// Checks of lines that have a syntax of their own and no function yet: what a row of the table names then.
#ifndef TIMED_SRC_CONFIG_CHECKS_H_
#define TIMED_SRC_CONFIG_CHECKS_H_

#include "timed/config/directives.h"

namespace timed::config {

void check_broadcast(const Statement& statement, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_CHECKS_H_
