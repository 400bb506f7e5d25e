// Subnets as access rules and commands name them (timed.conf(5), "allow").
#ifndef TIMED_BASE_SUBNET_TEXT_H_
#define TIMED_BASE_SUBNET_TEXT_H_

#include <string>
#include <string_view>
#include <variant>

#include "timed/base/address.h"

namespace timed {

struct BadPrefixLength {
  std::string subnet;  // as chrony names it: the address as it was understood, and the bits as given
};
struct NotASubnet {
  bool may_be_host_name = false;
};

// An address, an address/bits, or the first one to three numbers of an IPv4 address (10 is 10.0.0.0/8).
std::variant<Subnet, BadPrefixLength, NotASubnet> parse_subnet(std::string_view text);

}  // namespace timed

#endif  // TIMED_BASE_SUBNET_TEXT_H_
