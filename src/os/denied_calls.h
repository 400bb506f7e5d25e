// What a filter has refused, from the signal that says so to the line in the log.
#ifndef TIMED_SRC_OS_DENIED_CALLS_H_
#define TIMED_SRC_OS_DENIED_CALLS_H_

#include <memory>

#include "timed/base/result.h"
#include "timed/os/descriptor.h"
#include "timed/os/loop.h"

namespace timed::os {

// While it lives, a call that a filter traps fails with ENOSYS, in whichever thread, and the loop tells each once.  At
// most one in a process.  The action of the signal outlives it: a thread that is never joined may still be refused.
class DeniedCalls {
 public:
  // False where this kind of machine cannot let a trapped call fail: there filters have to do that themselves, and
  // nothing is told.
  static bool can_trap();
  static Result<std::unique_ptr<DeniedCalls>> watch(Loop& loop);
  ~DeniedCalls();
  DeniedCalls(const DeniedCalls&) = delete;
  DeniedCalls& operator=(const DeniedCalls&) = delete;

 private:
  DeniedCalls(Loop& loop, Descriptor wake);
  void tell();

  Loop& loop_;
  Descriptor wake_;
  Loop::WatchId watch_ = 0;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_DENIED_CALLS_H_
