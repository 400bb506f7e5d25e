// libseccomp is not asked by threads: it keeps what it has found out of the kernel in variables of its own, and it
// allocates.  It writes each program into a file of memory once, and a thread needs two calls to load it.
#include "timed/os/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "denied_calls.h"
#include "syscall_lists.h"
#include "system_error.h"
#include "timed/os/descriptor.h"

namespace timed::os {
namespace {

struct Release {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

// In one of libseccomp's errors, which are negative errors of the system.
Error filter_error(int outcome) {
  return system_error("Could not make system call filter", -outcome);
}

// The programs of the mailer do not know our signal handler.
std::uint32_t refusal(ThreadRole role, const FilterOptions& options) {
  if (role == ThreadRole::Mailer) return SCMP_ACT_ERRNO(EPERM);
  if (options.level < 0) return SCMP_ACT_KILL_PROCESS;
  return DeniedCalls::can_trap() ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(ENOSYS);
}

// Only names that this libseccomp does not know at all are left out: it translates those of other machines.
int number_of(std::string_view name) {
  return ::seccomp_syscall_resolve_name(std::string(name).c_str());
}

int add(scmp_filter_ctx context, std::uint32_t action, int number, std::initializer_list<scmp_arg_cmp> arguments = {}) {
  const auto count = static_cast<unsigned>(arguments.size());
  const int outcome = ::seccomp_rule_add_array(context, action, number, count, arguments.begin());
  // A call that this machine does not have needs no rule.
  return outcome == -EDOM ? 0 : outcome;
}

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}

scmp_arg_cmp has_bits(unsigned argument, std::uint64_t mask, std::uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, bits};
}

int allow(scmp_filter_ctx context, const AllowedCall& call) {
  const int number = number_of(call.name);
  if (number == __NR_SCMP_ERROR) return 0;
  switch (call.rule) {
    case ArgumentRule::Any:
      break;
    case ArgumentRule::NotExecutable:
      return add(context, SCMP_ACT_ALLOW, number, {has_bits(2, PROT_EXEC, 0)});
    case ArgumentRule::OwnProcess:
      return add(context, SCMP_ACT_ALLOW, number, {equals(0, static_cast<std::uint64_t>(::getpid()))});
    case ArgumentRule::OnlyStricter:
      for (const int what : {PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP}) {
        const int outcome = add(context, SCMP_ACT_ALLOW, number, {equals(0, static_cast<std::uint64_t>(what))});
        if (outcome != 0) return outcome;
      }
      return 0;
    case ArgumentRule::NewThread:
      return add(context, SCMP_ACT_ALLOW, number, {has_bits(0, CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD)});
    case ArgumentRule::InternetOrUnix:
      for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
        const int outcome = add(context, SCMP_ACT_ALLOW, number, {equals(0, static_cast<std::uint64_t>(family))});
        if (outcome != 0) return outcome;
      }
      return 0;
  }
  return add(context, SCMP_ACT_ALLOW, number);
}

// New processes, and threads unless they are allowed.  libc makes them while it blocks all signals, ours too, which
// would then end the process: these calls fail without a word.  The flags of clone3 are in memory, where a filter
// cannot look; where there is none libc takes clone.
int refuse_clone(scmp_filter_ctx context, const FilterOptions& options, bool allow_threads) {
  const std::uint32_t refused = options.level < 0 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
  const int clone = number_of("clone");
  const int outcome =
      allow_threads ? add(context, refused, clone, {has_bits(0, CLONE_THREAD, 0)}) : add(context, refused, clone);
  if (outcome != 0) return outcome;
  const int clone3 = number_of("clone3");
  return clone3 == __NR_SCMP_ERROR ? 0 : add(context, SCMP_ACT_ERRNO(ENOSYS), clone3);
}

int fill_strict(scmp_filter_ctx context, ThreadRole role, const FilterOptions& options) {
  for (const AllowedCall& call : allowed_calls(role, options)) {
    if (const int outcome = allow(context, call); outcome != 0) return outcome;
  }
  // What is refused anyway needs no rule, and libseccomp takes none.
  if (options.level < 0) return add(context, SCMP_ACT_ERRNO(ENOSYS), number_of("clone3"));
  return refuse_clone(context, options, role == ThreadRole::Main);
}

int fill_wide(scmp_filter_ctx context, ThreadRole role, const FilterOptions& options) {
  const std::uint32_t refused = refusal(role, options);
  for (const std::string_view name : denied_calls(role, options)) {
    const int number = number_of(name);
    if (number == __NR_SCMP_ERROR) continue;
    if (const int outcome = add(context, refused, number); outcome != 0) return outcome;
  }
  if (role == ThreadRole::Mailer) return 0;
  return refuse_clone(context, options, true);
}

Result<std::vector<sock_filter>> program_of(scmp_filter_ctx context) {
  const Descriptor file(::memfd_create("filter", MFD_CLOEXEC));
  if (!file.is_open()) return system_error("Could not make system call filter", errno);
  if (const int outcome = ::seccomp_export_bpf(context, file.get()); outcome != 0) return filter_error(outcome);
  const auto size = ::lseek(file.get(), 0, SEEK_END);
  if (size <= 0) return system_error("Could not make system call filter", EINVAL);
  std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) {
    return system_error("Could not make system call filter", errno);
  }
  return program;
}

}  // namespace

Result<SyscallFilter> SyscallFilter::make(ThreadRole role, const FilterOptions& options) {
  if (options.level == 0) return SyscallFilter();
  const bool strict = is_strict(role, options);
  const Context context(::seccomp_init(strict ? refusal(role, options) : SCMP_ACT_ALLOW));
  if (!context) return Error{"Could not make system call filter"};
  // A search tree: what serves makes three calls for a batch, and each passes the filter.
  static_cast<void>(::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  const int outcome = strict ? fill_strict(context.get(), role, options) : fill_wide(context.get(), role, options);
  if (outcome != 0) return filter_error(outcome);
  auto program = program_of(context.get());
  if (!program) return program.error();
  return SyscallFilter(program.take());
}

Result<ThreadFilters> ThreadFilters::make(const FilterOptions& options) {
  ThreadFilters filters;
  const std::pair<SyscallFilter*, ThreadRole> wanted[] = {{&filters.main, ThreadRole::Main},
                                                          {&filters.worker, ThreadRole::Worker},
                                                          {&filters.resolver, ThreadRole::Resolver},
                                                          {&filters.mailer, ThreadRole::Mailer}};
  for (const auto& [filter, role] : wanted) {
    auto made = SyscallFilter::make(role, options);
    if (!made) return made.error();
    *filter = made.take();
  }
  return filters;
}

Status SyscallFilter::load() const {
  if (empty()) return {};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return system_error("Could not forbid new privileges", errno);
  sock_fprog program{};
  program.len = static_cast<unsigned short>(program_.size());
  // The kernel only reads it.
  program.filter = const_cast<sock_filter*>(program_.data());
  if (::prctl(PR_SET_SECCOMP, 2L /* SECCOMP_MODE_FILTER */, &program) != 0) {
    return system_error("Could not load system call filter", errno);
  }
  return {};
}

}  // namespace timed::os
