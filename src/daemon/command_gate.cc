#include "timed/daemon/command_gate.h"

#include <utility>

namespace timed::daemon {
namespace {

server::ServiceLimits limits_of(const server::RateLimitOptions& commands) {
  server::ServiceLimits limits;
  limits.of[static_cast<std::size_t>(server::Service::Command)] = commands;
  return limits;
}

}  // namespace

CommandGate::CommandGate(std::vector<server::AccessRule> rules, const server::RateLimitOptions& limit, Family family,
                         env::Host& host, env::Timers& timers, OnTable on_table)
    : timers_(timers),
      entropy_([&host](std::span<std::byte> into) { host.random(into); }),
      names_(std::move(rules), family, host, timers, [this] { compile(); }),
      on_table_(std::move(on_table)) {
  compile();
  if (limit.enabled) clients_.emplace(kClients, limits_of(limit), entropy_);
}

void CommandGate::compile() {
  table_ = names_.list().compile();
  if (on_table_) on_table_(table_);
}

bool CommandGate::is_not_too_fast(const IpAddress& from) {
  if (!clients_) return true;
  const auto client = clients_->hit(from, server::Service::Command, clients_->ticks(timers_.now().nanos()));
  return clients_->admit(client, server::Service::Command) == server::Admission::Answer;
}

control::Gate CommandGate::gate(Told note, Told note_drop) {
  return {[this](const IpAddress& from) { return admits(from); },
          [this, note_drop = std::move(note_drop)](const IpAddress& from) {
            const bool admitted = is_not_too_fast(from);
            if (!admitted && note_drop) note_drop(from);
            return admitted;
          },
          std::move(note)};
}

}  // namespace timed::daemon
