// From a control request to its reply: reads the reports of the rooms and puts them into the protocol's structures.
#ifndef TIMED_DAEMON_COMMANDS_H_
#define TIMED_DAEMON_COMMANDS_H_

#include <functional>

#include "timed/control/control_server.h"
#include "timed/control/protocol.h"
#include "timed/daemon/clock_orders.h"
#include "timed/daemon/time_smoothing.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"
#include "timed/nts/ke_server.h"
#include "timed/server/server.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

// What a command may look at, and what carries orders out.
struct CommandContext {
  const sources::SourceSet& sources;
  const discipline::Selector& selector;
  discipline::Reference& reference;
  discipline::LocalClock& clock;
  ClockOrders& orders;
  const TimeSmoothing& smoothing;
  server::Server& server;
  const nts::KeServer& ke_server;
  const control::ControlServer& control;
  std::function<void()> cycle_logs;
  std::function<void()> shut_down;  // after the reply
};

control::Reply execute(const control::Request& request, const CommandContext& context);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_COMMANDS_H_
