// Sockets that the service manager has opened for us and keeps over a restart (LISTEN_FDS, sd_listen_fds(3)).  What
// comes in while no daemon runs waits in them for the next one.
#ifndef TIMED_OS_INHERITED_H_
#define TIMED_OS_INHERITED_H_

#include <string>

#include "timed/base/address.h"
#include "timed/os/descriptor.h"

namespace timed::os {

class InheritedSockets {
 public:
  InheritedSockets() = default;
  // Of the environment, as chronyd reads it: LISTEN_PID is not looked at.  None where there is no number.
  static InheritedSockets from_environment();

  int count() const { return count_; }
  // The first number that is none of them.
  int end() const { return kFirst + count_; }
  // Children do not get them.
  void keep_from_children() const;
  // A further descriptor of the socket of this type (SOCK_DGRAM, SOCK_STREAM) that is bound to exactly this address and
  // port, and that listens where it is for connections; closed where there is none, or for port 0.
  Descriptor find(int type, const Endpoint& local) const;
  // The same for the Unix datagram socket that is bound to exactly this path.
  Descriptor find_unix(const std::string& path) const;

 private:
  static constexpr int kFirst = 3;
  int count_ = 0;
};

}  // namespace timed::os

#endif  // TIMED_OS_INHERITED_H_
