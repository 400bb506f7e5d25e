// A port of ours is opened with SO_REUSEADDR, or the connections of the last daemon, which the kernel remembers for a
// minute, would keep the next one from it; unlike with UDP that lets nobody else listen there.
//
// A connection that is refused a descriptor stays in the queue, and poll would report it in every turn.  So one
// descriptor is kept for such times: it makes room for the connection, which is closed at once.  Where that one is
// lost, to another thread that took it meanwhile, nobody is heard for a moment.
#include "tcp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "socket_address.h"
#include "socket_option.h"
#include "stream.h"
#include "system_error.h"

namespace timed::os {
namespace {

constexpr Duration kPause = Duration::millis(100);

bool bind_to_device(const Descriptor& descriptor, const std::string& device) {
  return device.empty() || ::setsockopt(descriptor.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                        static_cast<socklen_t>(device.size() + 1)) == 0;
}

bool set_flags(const Descriptor& descriptor) {
  return descriptor.set_close_on_exec() && descriptor.set_nonblocking();
}

// Messages are written whole; nothing is gained by waiting for more.
void send_at_once(const Descriptor& descriptor) {
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
}

std::string described(const char* what, const Endpoint& endpoint, const std::string& device) {
  return what + endpoint.to_string() + (device.empty() ? "" : " (" + device + ")");
}

// The address may be configured later than we start.
void allow_foreign_address(const Descriptor& descriptor, const IpAddress& address) {
  if (address.is_any()) return;
  const bool v6 = address.is_v6();
  set_option(descriptor, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1);
}

Result<Descriptor> open_listener(const env::ListenOptions& options) {
  const std::string what = described("TCP socket on ", options.local, options.device);
  const bool v6 = options.local.address.is_v6();
  Descriptor descriptor(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
  if (!descriptor.is_open()) return path_error("open", what, errno);
  if (v6 && !set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return path_error("restrict to IPv6", what, errno);
  allow_foreign_address(descriptor, options.local.address);
  if (!set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)) return path_error("set options of", what, errno);
  if (!bind_to_device(descriptor, options.device)) return path_error("bind to device", what, errno);
  SocketAddress address{};
  const socklen_t length = to_socket_address(options.local, address);
  if (length == 0) return path_error("bind", what, EAFNOSUPPORT);
  if (::bind(descriptor.get(), &address.any, length) != 0) return path_error("bind", what, errno);
  return descriptor;
}

}  // namespace

Result<Descriptor> begin_tcp_connection(const env::ConnectOptions& options) {
  const std::string what = described("", options.remote, options.device);
  SocketAddress address{};
  const socklen_t length = to_socket_address(options.remote, address);
  if (length == 0) return path_error("connect to", what, EAFNOSUPPORT);
  Descriptor descriptor(::socket(options.remote.address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
  if (!descriptor.is_open() || !set_flags(descriptor) || !bind_to_device(descriptor, options.device)) {
    return path_error("connect to", what, errno);
  }
  send_at_once(descriptor);
  if (options.local.is_set() && !options.local.is_any()) {
    allow_foreign_address(descriptor, options.local);
    SocketAddress local{};
    const socklen_t local_length = to_socket_address({options.local, 0, options.remote.scope}, local);
    if (::bind(descriptor.get(), &local.any, local_length) != 0) return path_error("connect to", what, errno);
  }
  if (::connect(descriptor.get(), &address.any, length) != 0 && errno != EINPROGRESS) {
    return path_error("connect to", what, errno);
  }
  return descriptor;
}

void acknowledge_now(const Descriptor& descriptor) {
  set_option(descriptor, IPPROTO_TCP, TCP_QUICKACK, 1);
}

Result<std::unique_ptr<env::StreamListener>> LinuxListener::open(Loop& loop, const env::ListenOptions& options,
                                                                 Descriptor inherited) {
  if (!inherited.is_open()) {
    auto opened = open_listener(options);
    if (!opened) return opened.error();
    inherited = opened.take();
  }
  // Of one that listens already it changes the length of the queue.
  if (!set_flags(inherited) || ::listen(inherited.get(), options.backlog) != 0) {
    return path_error("listen on", described("TCP socket on ", options.local, options.device), errno);
  }
  return std::unique_ptr<env::StreamListener>(new LinuxListener(loop, std::move(inherited)));
}

LinuxListener::LinuxListener(Loop& loop, Descriptor descriptor) : loop_(loop), descriptor_(std::move(descriptor)) {
  keep_spare();
}

LinuxListener::~LinuxListener() {
  if (watch_ != 0) loop_.unwatch(watch_);
  if (pause_ != 0) loop_.cancel(pause_);
}

std::optional<env::StreamListener::Accepted> LinuxListener::accept() {
  for (;;) {
    SocketAddress address{};
    socklen_t length = sizeof address;
    Descriptor accepted(::accept(descriptor_.get(), &address.any, &length));
    if (accepted.is_open()) {
      if (!set_flags(accepted)) continue;
      send_at_once(accepted);
      return Accepted{std::unique_ptr<env::StreamSocket>(new LinuxStream(loop_, std::move(accepted))),
                      to_endpoint(address, length)};
    }
    if (errno == EMFILE || errno == ENFILE) {
      if (!close_one()) pause();
      return std::nullopt;
    }
    // Of one connection that has gone meanwhile; the next may be there.
    if (errno != ECONNABORTED && errno != EINTR) return std::nullopt;
  }
}

bool LinuxListener::close_one() {
  spare_.close();
  Descriptor surplus(::accept(descriptor_.get(), nullptr, nullptr));
  const bool closed = surplus.is_open();
  if (closed) ++no_room_;
  surplus.close();
  keep_spare();
  return closed;
}

void LinuxListener::keep_spare() {
  spare_ = Descriptor(::fcntl(descriptor_.get(), F_DUPFD_CLOEXEC, 0));
}

void LinuxListener::on_connection(std::function<void()> fn) {
  if (watch_ != 0) loop_.unwatch(watch_);
  // The end of a pause would set a second watch, which nobody takes back.
  if (pause_ != 0) loop_.cancel(std::exchange(pause_, 0));
  fn_ = std::move(fn);
  watch();
}

void LinuxListener::watch() {
  watch_ = loop_.watch(descriptor_.get(), env::SocketPriority::KeyEstablishment, [fn = fn_](short) { fn(); });
}

void LinuxListener::pause() {
  if (watch_ == 0) return;
  loop_.unwatch(std::exchange(watch_, 0));
  pause_ = loop_.call_at(loop_.now() + kPause, [this] {
    pause_ = 0;
    keep_spare();
    watch();
  });
}

Endpoint LinuxListener::local_endpoint() const {
  SocketAddress address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor_.get(), &address.any, &length) != 0) return {};
  return to_endpoint(address, length);
}

}  // namespace timed::os
