// The subnets of allow and deny (timed.conf(5), "allow").
#ifndef TIMED_SRC_CONFIG_ACCESS_RULE_H_
#define TIMED_SRC_CONFIG_ACCESS_RULE_H_

#include <optional>

#include "timed/config/directives.h"

namespace timed::config {

// A line of allow, deny and their like, or errors and nothing.
std::optional<server::AccessRule> parse_access_rule(bool allow, const Statement& statement, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_ACCESS_RULE_H_
