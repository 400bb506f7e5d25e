// The directives with a syntax of their own: what a row of the table names where a single value is not enough.
#ifndef TIMED_SRC_CONFIG_STATEMENTS_H_
#define TIMED_SRC_CONFIG_STATEMENTS_H_

#include <optional>

#include "timed/config/directives.h"

namespace timed::config {

void parse_driftfile(const Statement& statement, Config& config, Findings& findings);
void parse_estimator(const Statement& statement, Config& config, Findings& findings);
void parse_authselectmode(const Statement& statement, Config& config, Findings& findings);
void parse_makestep(const Statement& statement, Config& config, Findings& findings);
void parse_resumestep(const Statement& statement, Config& config, Findings& findings);
void parse_maxchange(const Statement& statement, Config& config, Findings& findings);
void parse_initstepslew(const Statement& statement, Config& config, Findings& findings);
void parse_mailonchange(const Statement& statement, Config& config, Findings& findings);
void parse_sched_priority(const Statement& statement, Config& config, Findings& findings);
void parse_local(const Statement& statement, Config& config, Findings& findings);
void parse_allow(const Statement& statement, Config& config, Findings& findings);
void parse_deny(const Statement& statement, Config& config, Findings& findings);
void parse_bindaddress(const Statement& statement, Config& config, Findings& findings);
void parse_acquisitionport(const Statement& statement, Config& config, Findings& findings);
void parse_bindacqaddress(const Statement& statement, Config& config, Findings& findings);
void parse_bindcmdaddress(const Statement& statement, Config& config, Findings& findings);
void parse_log(const Statement& statement, Config& config, Findings& findings);
void parse_pidfile(const Statement& statement, Config& config, Findings& findings);

// The literal address that a word must be, or an error and nothing.
std::optional<IpAddress> read_address(const Statement& statement, std::size_t word, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_STATEMENTS_H_
