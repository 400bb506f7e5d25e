#include "tests/sim/sim_worker.h"

#include <utility>

namespace timed::sim {

SimWorker::SimWorker(World& world, NameTable& names, SimClock& clock, Log& log, SimSockets& sockets,
                     Duration wake_latency)
    : world_(world),
      loop_(world, clock, log, wake_latency),
      network_(sockets, loop_),
      host_(world, names, clock, loop_),
      env_{clock, loop_.timers(), network_, host_} {
  loop_.run_daemon(&listener_);
}

SimWorker::~SimWorker() {
  loop_.run_daemon(nullptr);
}

Result<std::unique_ptr<env::UdpSocket>> SimWorker::Network::open_udp(const env::UdpOptions& options) {
  auto opened = sockets_.open_udp(options);
  if (!opened) return opened.error();
  return adopt(opened.take());
}

Result<std::unique_ptr<env::UnixSocket>> SimWorker::Network::open_unix(const env::UnixOptions&) {
  return Error{"Unix sockets are the main loop's", ErrorKind::Unsupported};
}

Result<std::unique_ptr<env::StreamListener>> SimWorker::Network::listen_tcp(const env::ListenOptions&) {
  return Error{"ports are the main loop's", ErrorKind::Unsupported};
}

std::unique_ptr<env::UdpSocket> SimWorker::Network::adopt(std::unique_ptr<env::UdpSocket> socket) {
  return SimSockets::adopt(std::move(socket), loop_);
}

}  // namespace timed::sim
