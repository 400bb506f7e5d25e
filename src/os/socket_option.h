// Options of sockets that are whole numbers.
#ifndef TIMED_SRC_OS_SOCKET_OPTION_H_
#define TIMED_SRC_OS_SOCKET_OPTION_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include "timed/os/descriptor.h"

// Older headers lack what the kernel has.
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

namespace timed::os {

// False, and errno, where the kernel refuses.
inline bool set_option(const Descriptor& descriptor, int level, int option, int value) {
  return ::setsockopt(descriptor.get(), level, option, &value, sizeof value) == 0;
}

}  // namespace timed::os

#endif  // TIMED_SRC_OS_SOCKET_OPTION_H_
