// The subnets of allow and deny (spec config.md 2.4, "Access rule syntax").
#ifndef TIMED_SRC_CONFIG_ACCESS_RULE_H_
#define TIMED_SRC_CONFIG_ACCESS_RULE_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "timed/base/address.h"
#include "timed/config/directives.h"

namespace timed::config {

struct BadPrefixLength {
  std::string subnet;  // as chrony names it: the address as it was understood, and the bits as given
};
struct NotASubnet {
  bool may_be_host_name = false;
};

// An address, an address/bits, or the first one to three numbers of an IPv4 address (10 is 10.0.0.0/8).
std::variant<Subnet, BadPrefixLength, NotASubnet> parse_subnet(std::string_view text);

// A line of allow, deny and their like, or errors and nothing.
std::optional<server::AccessRule> parse_access_rule(bool allow, const Statement& statement, Findings& findings);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_ACCESS_RULE_H_
