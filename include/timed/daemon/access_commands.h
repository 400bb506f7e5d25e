// The control requests that change and check who may ask (timedc(1), "accheck").
#ifndef TIMED_DAEMON_ACCESS_COMMANDS_H_
#define TIMED_DAEMON_ACCESS_COMMANDS_H_

#include <optional>

#include "timed/control/protocol.h"
#include "timed/daemon/access_names.h"

namespace timed::daemon {

// The rules of the NTP port and those of the command port.
struct AccessRules {
  AccessNames& ntp;
  AccessNames& command;
};

// Empty for other requests.
std::optional<control::Reply> change_access(const control::Request& request, const AccessRules& rules);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_ACCESS_COMMANDS_H_
