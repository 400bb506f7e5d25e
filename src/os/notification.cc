// libsystemd's sd_notify always waits for the manager: a daemon whose signs of life were not taken at once would stop
// serving, and be killed for it.
#include "notification.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "system_error.h"
#include "timed/os/descriptor.h"

namespace timed::os {
namespace {

Error failure(int number) {
  return system_error("Could not send notification to $NOTIFY_SOCKET", number);
}

// A path, or a name without file, which begins with @.
bool read_address(std::string_view text, sockaddr_un& address, socklen_t& length) {
  if (text.size() < 2 || (text[0] != '/' && text[0] != '@') || text.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, text.data(), text.size());
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  if (text[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++length;  // the zero behind a path
  }
  return true;
}

}  // namespace

Status notify_service_manager(const std::string& state) {
  const char* const place = std::getenv("NOTIFY_SOCKET");
  if (place == nullptr || *place == '\0') return {};
  sockaddr_un address{};
  socklen_t length = 0;
  if (!read_address(place, address, length)) return failure(EINVAL);
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return failure(errno);
  const int flags = MSG_NOSIGNAL | (state.starts_with("READY=") ? 0 : MSG_DONTWAIT);
  while (::sendto(socket.get(), state.data(), state.size(), flags, reinterpret_cast<sockaddr*>(&address), length) < 0) {
    if (errno == EAGAIN) return {};
    if (errno != EINTR) return failure(errno);
  }
  return {};
}

}  // namespace timed::os
