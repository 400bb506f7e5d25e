// Checks of lines that have a syntax of their own and no function yet: what a row of the table names then.
#ifndef TIMED_SRC_CONFIG_CHECKS_H_
#define TIMED_SRC_CONFIG_CHECKS_H_

#include "timed/config/directives.h"

namespace timed::config {

void check_refclock(const Statement& statement, Findings& findings);
void check_authselectmode(const Statement& statement, Findings& findings);
void check_fallbackdrift(const Statement& statement, Findings& findings);
void check_tempcomp(const Statement& statement, Findings& findings);
void check_leapsecmode(const Statement& statement, Findings& findings);
void check_smoothtime(const Statement& statement, Findings& findings);
void check_broadcast(const Statement& statement, Findings& findings);
void check_clientloglimit(const Statement& statement, Findings& findings);
void check_hwtimestamp(const Statement& statement, Findings& findings);
void check_ratelimit(const Statement& statement, Findings& findings);
void check_ratelimit_without_kod(const Statement& statement, Findings& findings);  // ntsratelimit, cmdratelimit
void check_ntsaeads(const Statement& statement, Findings& findings);
void check_ntstrustedcerts(const Statement& statement, Findings& findings);
void check_access(const Statement& statement, Findings& findings);  // cmdallow, cmddeny
void check_opencommands(const Statement& statement, Findings& findings);
void check_sourcedir(const Statement& statement, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_CHECKS_H_
