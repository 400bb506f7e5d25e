#include "timed/os/linux_env.h"

#include <utility>

#include "clock.h"
#include "host.h"
#include "network.h"

namespace timed::os {

struct LinuxEnv::Parts {
  Parts(std::unique_ptr<Loop> made, const LinuxEnvOptions& options)
      : loop(std::move(made)),
        clock({options.rtc_sync}),
        network(*loop, options.family, options.inherited),
        host(*loop, options.family) {}

  std::unique_ptr<Loop> loop;
  LinuxClock clock;
  LinuxNetwork network;
  LinuxHost host;
};

Result<std::unique_ptr<LinuxEnv>> LinuxEnv::create(const LinuxEnvOptions& options) {
  auto loop = Loop::create();
  if (!loop) return loop.error();
  return std::unique_ptr<LinuxEnv>(new LinuxEnv(std::make_unique<Parts>(loop.take(), options)));
}

LinuxEnv::LinuxEnv(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

LinuxEnv::~LinuxEnv() = default;

env::Env LinuxEnv::view() {
  return {parts_->clock, *parts_->loop, parts_->network, parts_->host};
}

Loop& LinuxEnv::loop() {
  return *parts_->loop;
}

}  // namespace timed::os
