#include "timed/os/linux_env.h"

#include <utility>

#include "clock.h"
#include "denied_calls.h"
#include "host.h"
#include "network.h"

namespace timed::os {

struct LinuxEnv::Parts {
  Parts(std::unique_ptr<Loop> made, const LinuxEnvOptions& options, ThreadFilters made_filters,
        std::unique_ptr<DeniedCalls> watched)
      : loop(std::move(made)),
        denied(std::move(watched)),
        filter(options.filter),
        filters(std::move(made_filters)),
        clock({options.rtc_sync}),
        network(*loop, options.family, options.inherited),
        host(*loop, options.family, filters) {}

  std::unique_ptr<Loop> loop;
  std::unique_ptr<DeniedCalls> denied;  // where a filter lets calls fail
  FilterOptions filter;
  ThreadFilters filters;
  LinuxClock clock;
  LinuxNetwork network;
  LinuxHost host;
};

Result<std::unique_ptr<LinuxEnv>> LinuxEnv::create(const LinuxEnvOptions& options) {
  auto loop = Loop::create();
  if (!loop) return loop.error();
  std::unique_ptr<DeniedCalls> denied;
  if (options.filter.level > 0) {
    auto watched = DeniedCalls::watch(**loop);
    if (!watched) return watched.error();
    denied = watched.take();
  }
  auto filters = ThreadFilters::make(options.filter);
  if (!filters) return filters.error();
  return std::unique_ptr<LinuxEnv>(
      new LinuxEnv(std::make_unique<Parts>(loop.take(), options, filters.take(), std::move(denied))));
}

LinuxEnv::LinuxEnv(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

LinuxEnv::~LinuxEnv() = default;

Status LinuxEnv::confine() {
  if (parts_->filters.main.empty()) return {};
  if (Status s = parts_->host.start_helpers(parts_->filter.send_mail); !s) return s;
  return parts_->filters.main.load();
}

env::Env LinuxEnv::view() {
  return {parts_->clock, *parts_->loop, parts_->network, parts_->host};
}

Loop& LinuxEnv::loop() {
  return *parts_->loop;
}

}  // namespace timed::os
