// Which system calls a thread may still make (-F).  A call that is refused fails with ENOSYS and is told once in the
// log; with a negative level it ends the process by SIGSYS.
//
// The program of the filter is made once, by libseccomp, before threads exist; each thread loads its own, which it
// can never take off again.
#ifndef TIMED_OS_SYSCALL_FILTER_H_
#define TIMED_OS_SYSCALL_FILTER_H_

#include <linux/filter.h>

#include <vector>

#include "timed/base/result.h"

namespace timed::os {

struct FilterOptions {
  int level = 0;                // 0 none; 1 allows what is listed, 2 all but that; negative: what is refused kills
  bool steer_clock = true;      // not -x
  bool accept_streams = false;  // key establishment of NTS
  bool send_mail = false;       // mailonchange: a thread that may start programs
};

// A filter belongs to a thread, and so does what it is for.
enum class ThreadRole {
  Main,      // the loop of the daemon
  Worker,    // a loop beside it: sockets that it was given
  Resolver,  // names: modules of NSS do what they like, so what is dangerous is refused and the rest allowed
  Mailer,    // as Resolver, but it starts programs, which inherit its filter
};

class SyscallFilter {
 public:
  // No filter at all: load() does nothing.
  SyscallFilter() = default;
  static Result<SyscallFilter> make(ThreadRole role, const FilterOptions& options);

  bool empty() const { return program_.empty(); }
  // For the calling thread and those it starts, which may add their own.  Forbids new privileges.
  Status load() const;

 private:
  explicit SyscallFilter(std::vector<sock_filter> program) : program_(std::move(program)) {}
  std::vector<sock_filter> program_;
};

// One of each, for a process.
struct ThreadFilters {
  SyscallFilter main, worker, resolver, mailer;
  static Result<ThreadFilters> make(const FilterOptions& options);
};

}  // namespace timed::os

#endif  // TIMED_OS_SYSCALL_FILTER_H_
