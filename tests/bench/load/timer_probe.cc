// The daemon's own loop and server, without sources and reports, so that what is seen is only what serving does to
// timers.  Each timer is set for a moment, not for an interval after the last one: a late one shortens the next.
#include "tests/bench/load/timer_probe.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include "timed/os/linux_env.h"
#include "timed/server/server.h"

namespace timed::load {
namespace {

constexpr Duration kInterval = Duration::millis(2);

class UntilSignal : public env::TurnTaker {
 public:
  void begin_turn(Duration) override {}
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return false; }
};

class TimerProbe {
 public:
  explicit TimerProbe(env::Timers& timers) : timers_(timers), due_(timers.now() + kInterval) { arm(); }
  void report() {
    if (late_ms_.empty()) late_ms_.push_back(0);
    std::sort(late_ms_.begin(), late_ms_.end());
    const auto at = [this](double part) {
      return late_ms_[static_cast<std::size_t>(part * static_cast<double>(late_ms_.size() - 1))];
    };
    std::printf("{\"timers\": %zu, \"median_ms\": %.4f, \"p99_ms\": %.4f, \"worst_ms\": %.4f}\n", late_ms_.size(),
                at(0.5), at(0.99), at(1.0));
  }

 private:
  void arm() {
    timers_.call_at(due_, [this] {
      const MonoTime now = timers_.now();
      late_ms_.push_back((now - due_).to_seconds() * 1e3);
      while (due_ <= now) due_ += kInterval;
      arm();
    });
  }

  env::Timers& timers_;
  MonoTime due_;
  std::vector<double> late_ms_;
};

std::unique_ptr<server::Server> open_server(std::uint16_t port, const env::Env& env) {
  server::ServerOptions options;
  options.port = port;
  options.use_v6 = false;
  server::AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0)};
  auto made = std::make_unique<server::Server>(options, server::ServiceLimits{}, std::vector{rule}, env.network,
                                               env.clock, env.host);
  if (!made->open()) return nullptr;
  return made;
}

}  // namespace

int run_timer_probe(std::uint16_t port) {
  auto machine = os::LinuxEnv::create({});
  if (!machine) return 2;
  const env::Env env = (*machine)->view();
  if (auto caught = (*machine)->loop().catch_signals(); !caught) return 2;
  const auto server = port != 0 ? open_server(port, env) : nullptr;
  if (port != 0 && !server) return 2;
  TimerProbe probe(env.timers);
  UntilSignal taker;
  (*machine)->loop().run(taker);
  probe.report();
  return 0;
}

}  // namespace timed::load
