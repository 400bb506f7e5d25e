// Lines with a syntax of their own about those who ask: rate limits, keys, commands, time stamps.
#ifndef TIMED_SRC_CONFIG_SERVICE_STATEMENTS_H_
#define TIMED_SRC_CONFIG_SERVICE_STATEMENTS_H_

#include "timed/config/directives.h"

namespace timed::config {

void parse_broadcast(const Statement& statement, Config& config, Findings& findings);
void parse_serverthreads(const Statement& statement, Config& config, Findings& findings);
void parse_clientloglimit(const Statement& statement, Config& config, Findings& findings);
void parse_hwtimestamp(const Statement& statement, Config& config, Findings& findings);
void parse_ratelimit(const Statement& statement, Config& config, Findings& findings);
void parse_ntsratelimit(const Statement& statement, Config& config, Findings& findings);
void parse_cmdratelimit(const Statement& statement, Config& config, Findings& findings);
void parse_ntsaeads(const Statement& statement, Config& config, Findings& findings);
void parse_ntstrustedcerts(const Statement& statement, Config& config, Findings& findings);
void parse_cmdallow(const Statement& statement, Config& config, Findings& findings);
void parse_cmddeny(const Statement& statement, Config& config, Findings& findings);
void parse_opencommands(const Statement& statement, Config& config, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_SERVICE_STATEMENTS_H_
