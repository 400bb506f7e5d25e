// Paths as the kernel's socket addresses.
#ifndef TIMED_SRC_OS_UNIX_ADDRESS_H_
#define TIMED_SRC_OS_UNIX_ADDRESS_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace timed::os {

// 0 where the path is empty or too long.
inline socklen_t to_unix_address(const std::string& path, sockaddr_un& out) {
  std::memset(&out, 0, sizeof out);
  if (path.empty() || path.size() >= sizeof out.sun_path) return 0;
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, path.data(), path.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

}  // namespace timed::os

#endif  // TIMED_SRC_OS_UNIX_ADDRESS_H_
