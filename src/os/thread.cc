#include "thread.h"

#include <csignal>

#include "system_error.h"

namespace timed::os {

Result<pthread_t> start_thread(const std::string& name, void* (*function)(void*), void* argument) {
  sigset_t all;
  sigset_t former;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &former);
  pthread_t thread{};
  const int failure = ::pthread_create(&thread, nullptr, function, argument);
  ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
  if (failure != 0) return system_error("Could not start " + name + " thread", failure);
  ::pthread_setname_np(thread, name.substr(0, 15).c_str());
  return thread;
}

}  // namespace timed::os
