// Threads that leave signals to the loop of the process.
#ifndef TIMED_SRC_OS_THREAD_H_
#define TIMED_SRC_OS_THREAD_H_

#include <pthread.h>

#include <string>

#include "timed/base/result.h"
#include "timed/os/syscall_filter.h"

namespace timed::os {

// The name is for people (at most 15 characters of it), and in the message where it cannot be started.  With a filter
// the thread is one only when that is loaded.
Result<pthread_t> start_thread(const std::string& name, const SyscallFilter& filter, void* (*function)(void*),
                               void* argument);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_THREAD_H_
