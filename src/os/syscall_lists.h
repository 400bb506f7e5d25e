// The system calls that filters know, by what they are for.
#ifndef TIMED_SRC_OS_SYSCALL_LISTS_H_
#define TIMED_SRC_OS_SYSCALL_LISTS_H_

#include <span>
#include <string_view>
#include <vector>

#include "timed/os/syscall_filter.h"

namespace timed::os {

// What the arguments of a call must be for it to be allowed.
enum class ArgumentRule {
  Any,
  NotExecutable,   // memory that cannot be executed
  OwnProcess,      // a signal to this process
  OnlyStricter,    // another filter on top
  NewThread,       // a thread and not a process
  InternetOrUnix,  // a socket of these families
};

struct AllowedCall {
  std::string_view name;
  ArgumentRule rule = ArgumentRule::Any;
};

// What a thread of that role may do at level 1; names that this machine does not have are in it too.
std::vector<AllowedCall> allowed_calls(ThreadRole role, const FilterOptions& options);
// What is refused at level 2, and to the resolver at any.
std::vector<std::string_view> denied_calls(ThreadRole role, const FilterOptions& options);
// Whether a thread of that role has a list of what it may do, or of what it may not.
bool is_strict(ThreadRole role, const FilterOptions& options);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_SYSCALL_LISTS_H_
