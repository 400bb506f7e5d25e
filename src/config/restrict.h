// The access directive of ntp.conf.
#ifndef TIMED_SRC_CONFIG_RESTRICT_H_
#define TIMED_SRC_CONFIG_RESTRICT_H_

#include "timed/config/directives.h"

namespace timed::config {

void parse_restrict(const Statement& statement, Config& config, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_RESTRICT_H_
