#include "timed/os/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

namespace timed::os {

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

bool Descriptor::set_close_on_exec() const {
  return ::fcntl(number_, F_SETFD, FD_CLOEXEC) == 0;
}

bool Descriptor::set_nonblocking() const {
  const int flags = ::fcntl(number_, F_GETFL);
  return flags >= 0 && ::fcntl(number_, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace timed::os
