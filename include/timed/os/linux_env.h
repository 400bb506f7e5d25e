// A Linux machine behind the four seams.
#ifndef TIMED_OS_LINUX_ENV_H_
#define TIMED_OS_LINUX_ENV_H_

#include <memory>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/env/host.h"
#include "timed/os/inherited.h"
#include "timed/os/loop.h"
#include "timed/os/syscall_filter.h"

namespace timed::os {

struct LinuxEnvOptions {
  bool rtc_sync = false;                // directive rtcsync: tell the kernel when it is synchronised
  Family family = Family::Unspecified;  // -4, -6: sockets and names of this family only
  InheritedSockets inherited{};
  FilterOptions filter{};  // -F: of system calls, for this thread from confine() on
};

// Made after the process has forked (daemonize closes what was open).  Starts no thread before the first name is
// looked up, or confine(), so privileges are dropped before that.
class LinuxEnv {
 public:
  static Result<std::unique_ptr<LinuxEnv>> create(const LinuxEnvOptions& options);
  ~LinuxEnv();

  // Loads the filter, where one was asked for; before that the threads are started that need more than it allows.
  // To be called when all is open that needs more, and before anything is read that a stranger has sent.
  Status confine();
  // Refers to this object.
  env::Env view();
  Loop& loop();

 private:
  struct Parts;
  explicit LinuxEnv(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace timed::os

#endif  // TIMED_OS_LINUX_ENV_H_
