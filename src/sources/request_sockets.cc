#include "timed/sources/request_sockets.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"

namespace timed::sources {

SocketUse socket_use(const SourceLine& line, const AcquisitionOptions& options) {
  if (line.kind == SourceKind::Peer || options.from_server_socket) return SocketUse::Server;
  return options.port ? SocketUse::Shared : SocketUse::OwnOfRequest;
}

bool need_server_socket(const std::vector<SourceLine>& lines, const AcquisitionOptions& options, Family family) {
  if (options.from_server_socket) return true;
  return std::any_of(lines.begin(), lines.end(), [&](const SourceLine& line) {
    if (socket_use(line, options) != SocketUse::Server) return false;
    const auto literal = IpAddress::parse(line.name);
    return !literal || literal->family() == family;
  });
}

RequestSockets::RequestSockets(env::Network& network, AcquisitionOptions options, int dscp,
                               std::function<void(env::UdpSocket&)> on_readable)
    : network_(network), options_(std::move(options)), dscp_(dscp), on_readable_(std::move(on_readable)) {}

void RequestSockets::open_shared() {
  if (!options_.port || options_.from_server_socket) return;
  for (const Family family : {Family::Inet4, Family::Inet6}) {
    const auto opened = shared(family);
    if (opened) continue;
    // A kernel without IPv6 is no fault while the other family works.
    const bool missing = opened.error().kind == ErrorKind::Unsupported;
    log::message(missing ? log::Severity::Info : log::Severity::Error,
                 "Could not open acquisition socket : " + opened.error().reason());
  }
}

void RequestSockets::close_shared() {
  shared_v4_.reset();
  shared_v6_.reset();
}

env::UdpOptions RequestSockets::local_options(Family family) const {
  env::UdpOptions options;
  options.local.address = family == Family::Inet6 ? options_.bind_v6 : options_.bind_v4;
  options.device = options_.device;
  options.dscp = dscp_;
  options.transmit_stamps = true;
  options.priority = env::SocketPriority::Sources;
  return options;
}

Result<std::unique_ptr<env::UdpSocket>> RequestSockets::connect(const Endpoint& remote) {
  env::UdpOptions options = local_options(remote.address.family());
  options.remote = remote;
  return network_.open_udp(options);
}

Result<env::UdpSocket*> RequestSockets::shared(Family family) {
  auto& socket = family == Family::Inet6 ? shared_v6_ : shared_v4_;
  if (socket == nullptr) {
    env::UdpOptions options = local_options(family);
    options.local.port = options_.port.value_or(0);
    auto opened = network_.open_udp(options);
    if (!opened) return opened.error();
    socket = opened.take();
    socket->on_readable([this, raw = socket.get()] { on_readable_(*raw); });
  }
  return socket.get();
}

}  // namespace timed::sources
