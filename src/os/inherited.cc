#include "timed/os/inherited.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "socket_address.h"
#include "timed/base/log.h"
#include "unix_address.h"

namespace timed::os {
namespace {

constexpr int kMost = 1024;  // as many as a process has descriptors, usually

int option_of(int descriptor, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1;
}

bool is_bound_to(int descriptor, const Endpoint& local) {
  SocketAddress address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, &address.any, &length) != 0) return false;
  const Endpoint bound = to_endpoint(address, length);
  return bound.address == local.address && bound.port == local.port;
}

bool is_bound_to(int descriptor, const sockaddr_un& path, socklen_t path_length) {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return false;
  // The zero at the end of a path may have been counted or not.
  return address.sun_family == AF_UNIX && length <= path_length && length + 1 >= path_length &&
         std::memcmp(address.sun_path, path.sun_path, sizeof address.sun_path) == 0;
}

}  // namespace

InheritedSockets InheritedSockets::from_environment() {
  InheritedSockets sockets;
  const char* const text = ::getenv("LISTEN_FDS");
  const std::string_view digits = text != nullptr ? text : "";
  int count = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (parsed.ec == std::errc() && count > 0 && count <= kMost) sockets.count_ = count;
  return sockets;
}

void InheritedSockets::keep_from_children() const {
  for (int number = kFirst; number < end(); ++number) ::fcntl(number, F_SETFD, FD_CLOEXEC);
}

Descriptor InheritedSockets::find(int type, const Endpoint& local) const {
  if (local.port == 0) return {};
  for (int number = kFirst; number < end(); ++number) {
    if (option_of(number, SOL_SOCKET, SO_TYPE) != type || !is_bound_to(number, local)) continue;
    if (type == SOCK_STREAM && option_of(number, SOL_SOCKET, SO_ACCEPTCONN) != 1) continue;
    if (local.address.is_v6() && option_of(number, IPPROTO_IPV6, IPV6_V6ONLY) != 1) {
      log::warning("Reusable IPv6 socket missing IPV6_V6ONLY option");
    }
    return Descriptor(::fcntl(number, F_DUPFD_CLOEXEC, end()));
  }
  return {};
}

Descriptor InheritedSockets::find_unix(const std::string& path) const {
  sockaddr_un wanted;
  const socklen_t length = to_unix_address(path, wanted);
  if (length == 0) return {};
  for (int number = kFirst; number < end(); ++number) {
    if (option_of(number, SOL_SOCKET, SO_TYPE) != SOCK_DGRAM || !is_bound_to(number, wanted, length)) continue;
    return Descriptor(::fcntl(number, F_DUPFD_CLOEXEC, end()));
  }
  return {};
}

}  // namespace timed::os
