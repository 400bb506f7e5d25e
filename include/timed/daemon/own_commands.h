// The requests of our own (docs/control-protocol.md): how the daemon itself is doing, and what became of packets.
#ifndef TIMED_DAEMON_OWN_COMMANDS_H_
#define TIMED_DAEMON_OWN_COMMANDS_H_

#include <optional>

#include "timed/control/control_server.h"
#include "timed/control/protocol.h"
#include "timed/daemon/jumps.h"
#include "timed/discipline/local_clock.h"
#include "timed/nts/ke_server.h"
#include "timed/nts/server_keys.h"
#include "timed/server/server.h"
#include "timed/sources/source_files.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

// What they look at.
struct OwnReports {
  const std::string& config_file;
  MonoTime started;
  const Incidents& incidents;
  discipline::LocalClock& clock;
  const sources::SourceSet& sources;
  const sources::SourceFiles* files;  // null while there are none
  const server::Server& server;
  const nts::ServerKeys& server_keys;
  const nts::KeServer& ke_server;
  const control::ControlServer& control;
};

// Empty for requests of chrony.
std::optional<control::Reply> answer_own(const control::Request& request, const OwnReports& reports);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_OWN_COMMANDS_H_
