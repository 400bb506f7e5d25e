// Which requests are served over the network ("opencommands", spec control-protocol.md 15.1).  Pure.
#ifndef TIMED_CONTROL_OPEN_REQUESTS_H_
#define TIMED_CONTROL_OPEN_REQUESTS_H_

#include <bitset>
#include <set>

#include "timed/control/catalogue.h"
#include "timed/control/options.h"

namespace timed::control {

// By request code.  What changes something is never among them.
using OpenRequests = std::bitset<kRequestCodes>;
OpenRequests open_requests(const std::set<OpenReport>& reports);

}  // namespace timed::control

#endif  // TIMED_CONTROL_OPEN_REQUESTS_H_
