// Options of the serving side, handed down once.
#ifndef TIMED_SERVER_OPTIONS_H_
#define TIMED_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "timed/base/address.h"

namespace timed::server {

// One allow or deny, in the order of the configuration (spec config.md 2.4, "Access rule syntax").
struct AccessRule {
  bool allow = false;
  bool all = false;             // also discards the more specific rules below
  std::vector<Subnet> subnets;  // both 0.0.0.0/0 and ::/0 where none was named
};

struct ServerOptions {
  std::uint16_t port = 123;                           // "port"; 0 = never serve
  IpAddress bind_v4 = IpAddress::any(Family::Inet4);  // "bindaddress"
  IpAddress bind_v6 = IpAddress::any(Family::Inet6);
  std::string device;  // "binddevice"
  int dscp = 0;        // "dscp"
  bool use_v4 = true;  // -6 clears it
  bool use_v6 = true;  // -4 clears it
};

}  // namespace timed::server

#endif  // TIMED_SERVER_OPTIONS_H_
