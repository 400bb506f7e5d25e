// Which requests are served over the network ("opencommands").  Pure.
#ifndef TIMED_CONTROL_OPEN_REQUESTS_H_
#define TIMED_CONTROL_OPEN_REQUESTS_H_

#include <bitset>
#include <cstdint>
#include <set>

#include "timed/control/catalogue.h"
#include "timed/control/options.h"

namespace timed::control {

// By request_place().  What changes something is never among them.
using OpenRequests = std::bitset<kAllRequests>;
inline bool is_open(const OpenRequests& open, std::uint16_t code) {
  const auto place = request_place(code);
  return place && open.test(*place);
}
OpenRequests open_requests(const std::set<OpenReport>& reports);

}  // namespace timed::control

#endif  // TIMED_CONTROL_OPEN_REQUESTS_H_
