// Who else than this machine may send commands over the network, and how often ("cmdallow", "cmdratelimit").
#ifndef TIMED_DAEMON_COMMAND_GATE_H_
#define TIMED_DAEMON_COMMAND_GATE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "timed/base/random.h"
#include "timed/control/control_server.h"
#include "timed/daemon/access_names.h"
#include "timed/env/host.h"
#include "timed/env/timers.h"
#include "timed/server/acl.h"
#include "timed/server/client_table.h"
#include "timed/server/options.h"

namespace timed::daemon {

class CommandGate {
 public:
  // Clients whose rate is known at a time; the one that was silent longest is forgotten first.
  static constexpr std::size_t kClients = 1024;

  // The seams outlive the gate.  `on_table` is told whom it admits, now and each time that this changes.
  using OnTable = std::function<void(const server::AccessTable&)>;
  CommandGate(std::vector<server::AccessRule> rules, const server::RateLimitOptions& limit, Family family,
              env::Host& host, env::Timers& timers, OnTable on_table = {});

  // The rules; names in them are looked up from start() to stop().
  AccessNames& rules() { return names_; }
  bool admits(const IpAddress& from) const { return table_.allows(from); }
  // Counts a request.
  bool is_not_too_fast(const IpAddress& from);
  // The two as the command sockets ask them, and whom they tell of each request and of those that come too often; the
  // gate outlives what it gives.
  using Told = std::function<void(const IpAddress&)>;
  control::Gate gate(Told note = {}, Told note_drop = {});

 private:
  void compile();

  env::Timers& timers_;
  EntropyPool entropy_;
  AccessNames names_;
  OnTable on_table_;
  server::AccessTable table_;
  std::optional<server::ClientTable> clients_;  // with a limit
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_COMMAND_GATE_H_
