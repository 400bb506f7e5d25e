// Puts the machine's clock back as it was, whatever becomes of a test.
#ifndef TIMED_TESTS_SYSTEM_KERNEL_STEERING_RESTORE_H_
#define TIMED_TESTS_SYSTEM_KERNEL_STEERING_RESTORE_H_

#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>

namespace timed::system_test {

inline timex read_kernel() {
  timex state{};
  ::adjtimex(&state);
  return state;
}

// Frequency, tick, status, error bounds and TAI offset as they were when this was made.  The time itself and the time
// constant are left alone: the tests never step, and the driver does not set the constant.
class KernelStateGuard {
 public:
  KernelStateGuard() : before_(read_kernel()) {}
  ~KernelStateGuard() { restore(); }
  KernelStateGuard(const KernelStateGuard&) = delete;
  KernelStateGuard& operator=(const KernelStateGuard&) = delete;

  const timex& before() const { return before_; }
  void restore() const {
    timex request = before_;
    request.modes = ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS | ADJ_ESTERROR | ADJ_MAXERROR;
    if (::adjtimex(&request) < 0) std::perror("could not restore the kernel clock");
    request = before_;
    request.modes = ADJ_TAI;
    request.constant = before_.tai;
    if (::adjtimex(&request) < 0) std::perror("could not restore the TAI offset");
  }

 private:
  timex before_;
};

// Runs body in a child and restores when it has ended, in whatever way.  What would end this process before goes to
// the child only.  Answers the child's exit status, 1 where a signal ended it.
inline int run_restoring(const std::function<int()>& body) {
  const KernelStateGuard guard;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(number, SIG_IGN);
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(number, SIG_DFL);
    // A child that hangs must not keep the clock as it is.
    ::alarm(60);
    const int status = body();
    std::fflush(nullptr);
    ::_exit(status);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 1;
  return WEXITSTATUS(status);
}

}  // namespace timed::system_test

#endif  // TIMED_TESTS_SYSTEM_KERNEL_STEERING_RESTORE_H_
