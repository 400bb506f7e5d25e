// Options of the control sockets, handed down once.
#ifndef TIMED_CONTROL_OPTIONS_H_
#define TIMED_CONTROL_OPTIONS_H_

#include <cstdint>
#include <string>

#include "timed/base/address.h"

namespace timed::control {

struct ControlOptions {
  std::uint16_t port = 323;                                // "cmdport"; 0 = no UDP sockets
  IpAddress bind_v4 = IpAddress::loopback(Family::Inet4);  // "bindcmdaddress"
  IpAddress bind_v6 = IpAddress::loopback(Family::Inet6);
  std::string unix_path;  // "bindcmdaddress /path"; empty = no Unix socket
  std::string device;     // "bindcmddevice"
  bool use_v4 = true;     // -6 clears it
  bool use_v6 = true;     // -4 clears it
};

}  // namespace timed::control

#endif  // TIMED_CONTROL_OPTIONS_H_
