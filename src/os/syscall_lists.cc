// The lists were found by running every feature under the filter (tests/system/works_under_filter.py), and then by
// thinking of the other names under which a libc of another age or a machine of another kind makes the same call
// (openat and open, clock_gettime64 of 32-bit machines, statx).
#include "syscall_lists.h"

#include <cstdlib>

namespace timed::os {
namespace {

using enum ArgumentRule;

// Time, memory, other threads, the end, and descriptors that are open.
constexpr AllowedCall kOfAll[] = {
    {"brk"},
    {"clock_getres"},
    {"clock_getres_time64"},
    {"clock_gettime"},
    {"clock_gettime64"},
    {"clock_nanosleep"},
    {"clock_nanosleep_time64"},
    {"close"},
    {"exit"},
    {"exit_group"},
    {"fcntl"},
    {"fcntl64"},
    {"futex"},
    {"futex_time64"},
    {"futex_waitv"},
    {"getpid"},
    {"getrandom"},
    {"getrusage"},
    {"gettid"},
    {"gettimeofday"},
    {"madvise"},
    {"membarrier"},
    {"mmap", NotExecutable},
    {"mmap2", NotExecutable},
    {"mprotect", NotExecutable},
    {"mremap"},
    {"munmap"},
    {"nanosleep"},
    {"poll"},
    {"ppoll"},
    {"ppoll_time64"},
    {"read"},
    {"restart_syscall"},
    {"rseq"},
    {"rt_sigprocmask"},
    {"rt_sigreturn"},
    {"sched_getaffinity"},
    {"sched_yield"},
    {"set_robust_list"},
    {"setpriority"},
    {"sigaltstack"},
    {"sigreturn"},
    {"tgkill", OwnProcess},
    {"time"},
    {"timerfd_settime"},
    {"timerfd_settime64"},
    {"write"},
    {"writev"},
};

// Of sockets that are open.
constexpr AllowedCall kTraffic[] = {
    {"getpeername"}, {"getsockname"}, {"getsockopt"}, {"recv"},    {"recvfrom"}, {"recvmmsg"},   {"recvmmsg_time64"},
    {"recvmsg"},     {"send"},        {"sendmmsg"},   {"sendmsg"}, {"sendto"},   {"setsockopt"}, {"shutdown"},
};

constexpr AllowedCall kNewSockets[] = {
    {"bind"},
    {"connect"},
    {"socket", InternetOrUnix},
};

constexpr AllowedCall kStreams[] = {
    {"accept"},
    {"accept4"},
    {"listen"},
};

constexpr AllowedCall kFiles[] = {
    {"_llseek"},   {"access"},     {"chmod"},      {"faccessat"}, {"faccessat2"}, {"fchmod"},
    {"fchmodat"},  {"fchmodat2"},  {"fstat"},      {"fstat64"},   {"fstatat64"},  {"fsync"},
    {"ftruncate"}, {"getdents"},   {"getdents64"}, {"lseek"},     {"lstat"},      {"lstat64"},
    {"mkdir"},     {"mkdirat"},    {"newfstatat"}, {"open"},      {"openat"},     {"pread64"},
    {"readlink"},  {"readlinkat"}, {"rename"},     {"renameat"},  {"renameat2"},  {"rmdir"},
    {"stat"},      {"stat64"},     {"statx"},      {"umask"},     {"unlink"},     {"unlinkat"},
};

// Who and where we are, threads, signals and wake-ups.
constexpr AllowedCall kOfMain[] = {
    {"clone", NewThread},
    {"eventfd2"},
    {"getegid"},
    {"getegid32"},
    {"geteuid"},
    {"geteuid32"},
    {"getgid"},
    {"getgid32"},
    {"getuid"},
    {"getuid32"},
    {"pipe"},
    {"pipe2"},
    {"prctl", OnlyStricter},
    {"rt_sigaction"},
    {"sysinfo"},
    {"timerfd_create"},
    {"uname"},
};

constexpr AllowedCall kSteering[] = {
    {"adjtimex"}, {"clock_adjtime"}, {"clock_adjtime64"}, {"clock_settime"}, {"clock_settime64"}, {"settimeofday"},
};

constexpr std::string_view kNewProgram[] = {"execve", "execveat"};
constexpr std::string_view kNewProcess[] = {"fork", "vfork"};
constexpr std::string_view kClock[] = {
    "adjtimex", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64", "settimeofday", "stime"};

// The programs that send mail may have to become somebody; they cannot become root.
constexpr std::string_view kNewIdentity[] = {
    "setfsgid",  "setfsgid32",  "setfsuid", "setfsuid32", "setgid",    "setgid32",
    "setgroups", "setgroups32", "setregid", "setregid32", "setresgid", "setresgid32",
    "setresuid", "setresuid32", "setreuid", "setreuid32", "setuid",    "setuid32",
};

// Other processes, the kernel itself, file systems, namespaces and keys.
constexpr std::string_view kDangerous[] = {
    "_sysctl",
    "acct",
    "add_key",
    "bpf",
    "capset",
    "chroot",
    "create_module",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "get_kernel_syms",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "migrate_pages",
    "mknod",
    "mknodat",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "query_module",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "swapoff",
    "swapon",
    "sysfs",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "uselib",
    "userfaultfd",
    "ustat",
    "vhangup",
    "vmsplice",
};

template <typename To, std::size_t n, typename From>
void append(std::vector<To>& to, const From (&from)[n]) {
  to.insert(to.end(), std::begin(from), std::end(from));
}

}  // namespace

bool is_strict(ThreadRole role, const FilterOptions& options) {
  return std::abs(options.level) == 1 && (role == ThreadRole::Main || role == ThreadRole::Worker);
}

std::vector<AllowedCall> allowed_calls(ThreadRole role, const FilterOptions& options) {
  std::vector<AllowedCall> calls;
  append(calls, kOfAll);
  append(calls, kTraffic);
  if (options.accept_streams) append(calls, kStreams);
  if (role != ThreadRole::Main) return calls;
  append(calls, kNewSockets);
  append(calls, kFiles);
  append(calls, kOfMain);
  if (options.steer_clock) append(calls, kSteering);
  return calls;
}

std::vector<std::string_view> denied_calls(ThreadRole role, const FilterOptions& options) {
  std::vector<std::string_view> calls;
  append(calls, kDangerous);
  if (role != ThreadRole::Main || !options.steer_clock) append(calls, kClock);
  if (role == ThreadRole::Mailer) return calls;
  append(calls, kNewProgram);
  append(calls, kNewProcess);
  append(calls, kNewIdentity);
  return calls;
}

}  // namespace timed::os
