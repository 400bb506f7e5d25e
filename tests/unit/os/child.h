// Runs what a process can do only once in a child.
#ifndef TIMED_TESTS_UNIT_OS_CHILD_H_
#define TIMED_TESTS_UNIT_OS_CHILD_H_

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#ifdef TIMED_COVERAGE
extern "C" void __gcov_dump();
#endif

namespace timed::os {

// Ends a child without what the parent has registered for its own end.  Which lines it ran is noted all the same.
[[noreturn]] inline void end_child(int status) {
#ifdef TIMED_COVERAGE
  ::__gcov_dump();
#endif
  ::_exit(status);
}

struct ChildResult {
  int status = -1;     // of exit; -1 where a signal ended it
  std::string errors;  // what it and its children wrote to standard error until all had closed it
};

inline ChildResult run_child(const std::function<int()>& body) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    end_child(body());
  }
  ::close(ends[1]);
  ChildResult result;
  char piece[256];
  while (true) {
    const auto got = ::read(ends[0], piece, sizeof piece);
    if (got <= 0) break;
    result.errors.append(piece, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

}  // namespace timed::os

#endif  // TIMED_TESTS_UNIT_OS_CHILD_H_
