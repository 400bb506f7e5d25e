// A further loop of a machine, where the real daemon has a thread.
#ifndef TIMED_TESTS_SIM_SIM_WORKER_H_
#define TIMED_TESTS_SIM_SIM_WORKER_H_

#include <functional>
#include <memory>

#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_host.h"
#include "tests/sim/sim_loop.h"
#include "tests/sim/sim_network.h"
#include "tests/sim/world.h"
#include "timed/env/host.h"

namespace timed::sim {

class SimWorker : public env::Worker {
 public:
  SimWorker(World& world, NameTable& names, SimClock& clock, Log& log, SimSockets& sockets, Duration wake_latency);
  ~SimWorker() override;

  const env::Env& env() override { return env_; }
  void post(std::function<void()> fn) override { loop_.post_at(world_.now(), std::move(fn)); }
  // There is one thread: nothing of the worker runs meanwhile.
  void call(const std::function<void()>& fn) override { fn(); }
  void give_way() override {}  // nothing takes time

 private:
  // Nothing happens in its turns but what its sockets do.
  class Listener : public env::TurnTaker {
   public:
    void begin_turn(Duration) override {}
    void end_turn() override {}
    void on_hangup() override {}
    bool wants_exit() const override { return false; }
  };
  // Sockets of the machine, on this loop.
  class Network : public env::Network {
   public:
    Network(SimSockets& sockets, SimLoop& loop) : sockets_(sockets), loop_(loop) {}
    Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override;
    Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions& options) override;
    Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string& path) override {
      return sockets_.connect_unix(path);
    }
    Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions& options) override;
    Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions& options) override {
      return sockets_.connect_tcp(options, loop_);
    }
    std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket) override;
    std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override {
      return SimSockets::adopt(std::move(stream), loop_);
    }

   private:
    SimSockets& sockets_;
    SimLoop& loop_;
  };

  World& world_;
  Listener listener_;
  SimLoop loop_;
  Network network_;
  SimHost host_;
  env::Env env_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SIM_WORKER_H_
