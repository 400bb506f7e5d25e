// The lines that name sources.
#ifndef TIMED_SRC_CONFIG_SOURCE_STATEMENTS_H_
#define TIMED_SRC_CONFIG_SOURCE_STATEMENTS_H_

#include "timed/config/directives.h"

namespace timed::config {

void parse_server(const Statement& statement, Config& config, Findings& findings);
void parse_pool(const Statement& statement, Config& config, Findings& findings);
// Nothing is polled for these yet, so that authentication that is not there does no harm; all the rest is checked.
void parse_sourcedir(const Statement& statement, Config& config, Findings& findings);
void check_peer(const Statement& statement, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_SOURCE_STATEMENTS_H_
