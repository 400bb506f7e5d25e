// Options of the control sockets, handed down once.
#ifndef TIMED_CONTROL_OPTIONS_H_
#define TIMED_CONTROL_OPTIONS_H_

#include <cstdint>
#include <set>
#include <string>

#include "timed/base/address.h"

namespace timed::control {

// Reports that may be asked for over the network ("opencommands").
enum class OpenReport : std::uint8_t {
  Activity,
  Authdata,
  Clients,
  Manual,
  Ntpdata,
  Rtcdata,
  Selectdata,
  Serverstats,
  Smoothing,
  Sourcename,
  Sources,
  Sourcestats,
  Tracking,
  // Our own.
  Daemonstatus,
  Reloadstatus,
  Serververdicts,
  Sourceverdicts,
  Ntsserver,
  Estimators,
};

struct ControlOptions {
  std::uint16_t port = 323;                                // "cmdport"; 0 = no UDP sockets
  IpAddress bind_v4 = IpAddress::loopback(Family::Inet4);  // "bindcmdaddress"
  IpAddress bind_v6 = IpAddress::loopback(Family::Inet6);
  std::string unix_path;  // "bindcmdaddress /path"; empty = no Unix socket
  std::string device;     // "bindcmddevice"
  // "opencommands"; chrony's standard ones.
  std::set<OpenReport> open_reports = {OpenReport::Activity,    OpenReport::Manual,     OpenReport::Rtcdata,
                                       OpenReport::Smoothing,   OpenReport::Sourcename, OpenReport::Sources,
                                       OpenReport::Sourcestats, OpenReport::Tracking};
  bool use_v4 = true;  // -6 clears it
  bool use_v6 = true;  // -4 clears it
};

}  // namespace timed::control

#endif  // TIMED_CONTROL_OPTIONS_H_
