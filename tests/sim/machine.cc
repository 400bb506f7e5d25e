#include "tests/sim/machine.h"

#include <memory>
#include <utility>

#include "tests/sim/sim_worker.h"

namespace timed::sim {

std::vector<IpAddress> addresses(const std::vector<std::string>& texts) {
  std::vector<IpAddress> all;
  for (const std::string& text : texts) {
    const auto address = IpAddress::parse(text);
    TIMED_ASSERT(address.has_value());
    all.push_back(*address);
  }
  return all;
}

Machine::Machine(Shared& shared, MachineModel model)
    : world_(shared.world),
      name_(model.name),
      clock_(shared.world, model.clock),
      loop_(shared.world, clock_, log_, model.wake_latency),
      sockets_(shared.world, shared.network, clock_, loop_, model.name, std::move(model.sockets)),
      host_(shared.world, shared.names, clock_, loop_) {
  host_.allow_workers([this, &names = shared.names, wake_latency = model.wake_latency](const std::string&) {
    return Result<std::unique_ptr<env::Worker>>(
        std::make_unique<SimWorker>(world_, names, clock_, log_, sockets_, wake_latency));
  });
}

}  // namespace timed::sim
