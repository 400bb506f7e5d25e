// An assertion for our own mistakes, always compiled in.  Never on input from outside (CONTRIBUTING.md).
#ifndef TIMED_BASE_CHECK_H_
#define TIMED_BASE_CHECK_H_

namespace timed {

// Prints the place and the condition, and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace timed

#define TIMED_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::timed::check_failed(__FILE__, __LINE__, #condition))

#endif  // TIMED_BASE_CHECK_H_
