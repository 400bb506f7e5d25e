#include "thread.h"

#include <csignal>
#include <semaphore>

#include "system_error.h"

namespace timed::os {
namespace {

// Lives until the thread has said whether it is filtered.
struct FilteredStart {
  const SyscallFilter& filter;
  void* (*function)(void*);
  void* argument;
  Status loaded{};
  std::binary_semaphore said{0};
};

void* run_filtered(void* argument) {
  auto* const start = static_cast<FilteredStart*>(argument);
  const auto function = start->function;
  void* const functions_own = start->argument;
  start->loaded = start->filter.load();
  const bool loaded = start->loaded.ok();
  start->said.release();
  return loaded ? function(functions_own) : nullptr;
}

Result<pthread_t> start_unfiltered(const std::string& name, void* (*function)(void*), void* argument) {
  sigset_t all;
  sigset_t former;
  ::sigfillset(&all);
  // By which a filter says that it has refused something: a signal that cannot be taken would end the process.
  ::sigdelset(&all, SIGSYS);
  ::pthread_sigmask(SIG_SETMASK, &all, &former);
  pthread_t thread{};
  const int failure = ::pthread_create(&thread, nullptr, function, argument);
  ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
  if (failure != 0) return system_error("Could not start " + name + " thread", failure);
  ::pthread_setname_np(thread, name.substr(0, 15).c_str());
  return thread;
}

}  // namespace

Result<pthread_t> start_thread(const std::string& name, const SyscallFilter& filter, void* (*function)(void*),
                               void* argument) {
  if (filter.empty()) return start_unfiltered(name, function, argument);
  FilteredStart start{filter, function, argument};
  auto thread = start_unfiltered(name, run_filtered, &start);
  if (!thread) return thread.error();
  start.said.acquire();
  if (start.loaded.ok()) return thread;
  ::pthread_join(*thread, nullptr);
  return start.loaded.error();
}

}  // namespace timed::os
