// Each case in a child: a filter cannot be taken off again.
#include "timed/os/syscall_filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "src/os/denied_calls.h"
#include "src/os/syscall_lists.h"
#include "src/os/thread.h"
#include "tests/unit/os/child.h"
#include "tests/unit/os/refused_call.h"
#include "tests/unit/os/turns.h"
#include "timed/base/log.h"

namespace timed::os {
namespace {

int complain(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return 1;
}

// As a daemon is before it loads its filter.
struct Watched {
  std::unique_ptr<Loop> loop = make_loop();
  std::unique_ptr<DeniedCalls> denied;
  Watched() {
    auto watched = DeniedCalls::watch(*loop);
    if (watched) denied = watched.take();
  }
};

// What a thread of that role meets; 0 where all is as it must be.
ChildResult under(ThreadRole role, const FilterOptions& options, const std::function<int()>& body) {
  return run_child([&] {
    const Watched watched;
    auto filter = SyscallFilter::make(role, options);
    if (!filter) return complain(filter.error().message);
    if (const Status loaded = filter->load(); !loaded) return complain(loaded.error().message);
    return body();
  });
}

bool is_refused(long outcome) {
  return outcome == -1 && errno == ENOSYS;
}

bool can_fork() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return child > 0;
}

bool can_start_thread() {
  pthread_t thread{};
  if (::pthread_create(
          &thread, nullptr, [](void* argument) { return argument; }, nullptr) != 0)
    return false;
  return ::pthread_join(thread, nullptr) == 0;
}

bool can_make_executable_memory() {
  return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

bool can_execute() {
  char* const arguments[] = {nullptr};
  ::execve("/does/not/exist", arguments, arguments);
  return errno == ENOENT;
}

TEST(SyscallFilter, IsNoneAtLevelZero) {
  const auto filter = SyscallFilter::make(ThreadRole::Main, {});
  ASSERT_TRUE(filter.ok());
  EXPECT_TRUE(filter->empty());
  EXPECT_TRUE(filter->load().ok());
  // 0 where the leader of the session is outside of the namespace of processes.
  EXPECT_GE(::syscall(SYS_getsid, 0), 0);
}

TEST(SyscallFilter, LetsTheMainThreadDoWhatIsListed) {
  const auto result = under(ThreadRole::Main, {.level = 1}, [] {
    if (!is_refused(::syscall(SYS_getsid, 0))) return complain("getsid");
    if (can_fork()) return complain("fork");
    if (can_execute()) return complain("execve");
    if (can_make_executable_memory()) return complain("executable memory");
    if (::kill(::getpid(), 0) == 0) return complain("kill");
    if (::socket(AF_NETLINK, SOCK_RAW, 0) >= 0) return complain("netlink");
    if (::socket(AF_INET, SOCK_DGRAM, 0) < 0) return complain("no socket");
    if (::socket(AF_UNIX, SOCK_DGRAM, 0) < 0) return complain("no Unix socket");
    if (!is_refused(::listen(::socket(AF_INET, SOCK_STREAM, 0), 1))) return complain("listen");
    if (::open("/etc/passwd", O_RDONLY) < 0) return complain("no file");
    if (!can_start_thread()) return complain("no thread");
    timex reading{};
    return ::adjtimex(&reading) >= 0 ? 0 : complain("no adjtimex");
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST(SyscallFilter, HasACallOnlyForAFeatureThatIsOn) {
  const auto without_clock = under(ThreadRole::Main, {.level = 1, .steer_clock = false}, [] {
    timex reading{};
    return is_refused(::adjtimex(&reading)) ? 0 : complain("adjtimex");
  });
  EXPECT_EQ(without_clock.status, 0) << without_clock.errors;
  const auto with_streams = under(ThreadRole::Worker, {.level = 1, .accept_streams = true}, [] {
    return ::accept(-1, nullptr, nullptr) < 0 && errno == EBADF ? 0 : complain("accept");
  });
  EXPECT_EQ(with_streams.status, 0) << with_streams.errors;
}

// Asked for what no clock can be set to: an answer of the kernel's is one that the filter has let through.
TEST(SyscallFilter, LetsTheMainThreadStepTheClock) {
  const auto result = under(ThreadRole::Main, {.level = 1}, [] {
    const auto is_answered = [](long outcome) { return outcome == -1 && (errno == EINVAL || errno == EPERM); };
    timex step{};
    step.modes = ADJ_SETOFFSET | ADJ_NANO;
    step.time.tv_usec = -1;
    if (!is_answered(::adjtimex(&step))) return complain("adjtimex");
    if (!is_answered(::clock_adjtime(CLOCK_REALTIME, &step))) return complain("clock_adjtime");
    // Nobody sets that one.
    const timespec never{};
    return is_answered(::clock_settime(CLOCK_MONOTONIC, &never)) ? 0 : complain("clock_settime");
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST(SyscallFilter, LeavesAWorkerItsSockets) {
  const auto result = under(ThreadRole::Worker, {.level = 1}, [] {
    if (!is_refused(::socket(AF_INET, SOCK_DGRAM, 0))) return complain("socket");
    if (!is_refused(::open("/etc/passwd", O_RDONLY))) return complain("open");
    if (!is_refused(::unlink("/does/not/exist"))) return complain("unlink");
    if (can_start_thread()) return complain("thread");
    if (!is_refused(::accept(-1, nullptr, nullptr))) return complain("accept");
    timex reading{};
    if (!is_refused(::adjtimex(&reading))) return complain("adjtimex");
    return ::recvmmsg(-1, nullptr, 0, 0, nullptr) < 0 && errno == EBADF ? 0 : complain("no recvmmsg");
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST(SyscallFilter, RefusesWhatIsDangerousToTheResolverAndAtLevelTwo) {
  const auto wide = [](bool may_steer) {
    if (can_fork()) return complain("fork");
    if (can_execute()) return complain("execve");
    if (!is_refused(::syscall(SYS_ptrace, 0, 0, 0, 0))) return complain("ptrace");
    // Not by the function of libc, which may have other threads do the same and blocks all signals meanwhile.
    if (!is_refused(::syscall(SYS_setuid, ::getuid()))) return complain("setuid");
    if (!is_refused(::syscall(SYS_mount, "", "", "", 0, ""))) return complain("mount");
    timex reading{};
    const bool steers = ::adjtimex(&reading) >= 0;
    if (steers != may_steer) return complain("adjtimex");
    // Modules are loaded, and have threads.
    if (!can_make_executable_memory()) return complain("no executable memory");
    if (!can_start_thread()) return complain("no thread");
    return ::getsid(0) >= 0 ? 0 : complain("no getsid");
  };
  const auto resolver = under(ThreadRole::Resolver, {.level = 1}, [&] { return wide(false); });
  EXPECT_EQ(resolver.status, 0) << resolver.errors;
  const auto main = under(ThreadRole::Main, {.level = 2}, [&] { return wide(true); });
  EXPECT_EQ(main.status, 0) << main.errors;
}

TEST(SyscallFilter, LetsTheMailerStartPrograms) {
  const auto result = under(ThreadRole::Mailer, {.level = 1}, [] {
    // A program does not know what to do with our signal.
    const int status = std::system("/bin/true; exec /bin/sh -c 'exit 3'");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 3) return complain("no program");
    return ::syscall(SYS_mount, "", "", "", 0, "") == -1 && errno == EPERM ? 0 : complain("mount");
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST(SyscallFilter, KillsAtANegativeLevel) {
  for (const int level : {-1, -2}) {
    int status = 0;
    const pid_t child = ::fork();
    if (child == 0) {
      const auto filter = SyscallFilter::make(ThreadRole::Main, {.level = level});
      if (!filter.ok() || !filter->load().ok()) ::_exit(1);
      ::syscall(SYS_ptrace, 0, 0, 0, 0);
      ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << level << ' ' << status;
  }
}

// Also of a thread that leaves all other signals to the loop.
TEST(DeniedCalls, AreToldOnceEach) {
  const auto result = run_child([] {
    Watched watched;
    log::set_sink([](log::Severity, std::string_view message) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    });
    const auto worker = SyscallFilter::make(ThreadRole::Worker, {.level = 1});
    const auto main = SyscallFilter::make(ThreadRole::Main, {.level = 1});
    if (!worker.ok() || !main.ok()) return complain("filter");
    const auto thread = start_thread(
        "test", *worker,
        [](void* argument) -> void* {
          ::unlink("/does/not/exist");
          ::unlink("/does/not/exist");
          return argument;
        },
        nullptr);
    if (!thread.ok() || !main->load().ok()) return complain("not loaded");
    ::pthread_join(*thread, nullptr);
    for (int i = 0; i < 3; ++i) ::syscall(SYS_getsid, 0);
    Turns turns;
    turns.until = [&] { return turns.ended >= 1; };
    watched.loop->run(turns);
    for (int i = 0; i < 3; ++i) ::syscall(SYS_getsid, 0);
    turns.until = [&] { return turns.ended >= 2; };
    watched.loop->call_at(watched.loop->now(), [] {});
    watched.loop->run(turns);
    log::set_sink(nullptr);
    return 0;
  });
  EXPECT_EQ(result.status, 0) << result.errors;
  std::string lines = result.errors;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  EXPECT_NE(lines.find("System call filter refused unlink\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("System call filter refused getsid\n"), std::string::npos) << lines;
}

// One that libseccomp has no name for is told by its number; numbers that no machine has are not worth a line.
TEST(DeniedCalls, WithoutANameAreToldByNumber) {
  const auto result = run_child([] {
    Watched watched;
    log::set_sink([](log::Severity, std::string_view message) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    });
    const auto filter = SyscallFilter::make(ThreadRole::Main, {.level = 1});
    if (!filter.ok() || !filter->load().ok()) return complain("not loaded");
    for (const long number : {1000L, 100'000L}) {
      if (!is_refused(::syscall(number))) return complain("not refused");
    }
    Turns turns;
    turns.until = [&] { return turns.ended >= 1; };
    watched.loop->run(turns);
    log::set_sink(nullptr);
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "System call filter refused 1000\n");
}

TEST(DeniedCalls, CannotBeWatchedWithoutWhatThatTakes) {
  const auto failure_to_watch = [](int number, int error) {
    return run_child([&] {
             const auto loop = make_loop();
             if (!refuse_call(number, error)) return complain("not prepared");
             const auto watched = DeniedCalls::watch(*loop);
             return watched.ok() ? 0 : complain(watched.error().message);
           })
        .errors;
  };
  EXPECT_EQ(failure_to_watch(SCMP_SYS(eventfd2), EMFILE), "Could not create eventfd : Too many open files\n");
  EXPECT_EQ(failure_to_watch(SCMP_SYS(rt_sigaction), EINVAL), "Could not set signal action : Invalid argument\n");
}

TEST(SyscallFilter, SaysWhatTheKernelRefuses) {
  const auto failure = [](int number, int error, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    return run_child([&] {
             if (!refuse_call(number, error, arguments)) return complain("not prepared");
             const auto filter = SyscallFilter::make(ThreadRole::Worker, {.level = 1});
             if (!filter.ok()) return complain(filter.error().message);
             const Status loaded = filter->load();
             return loaded.ok() ? 0 : complain(loaded.error().message);
           })
        .errors;
  };
  EXPECT_EQ(failure(SCMP_SYS(memfd_create), EMFILE), "Could not make system call filter : Too many open files\n");
  EXPECT_EQ(failure(SCMP_SYS(lseek), ESPIPE), "Could not make system call filter : Invalid argument\n");
  EXPECT_EQ(failure(SCMP_SYS(pread64), EIO), "Could not make system call filter : Input/output error\n");
  EXPECT_EQ(failure(SCMP_SYS(prctl), EINVAL, {argument_is(0, PR_SET_NO_NEW_PRIVS)}),
            "Could not forbid new privileges : Invalid argument\n");
  EXPECT_EQ(failure(SCMP_SYS(prctl), EINVAL, {argument_is(0, PR_SET_SECCOMP)}),
            "Could not load system call filter : Invalid argument\n");
}

// A thread runs under its filter or not at all.
TEST(SyscallFilter, WithoutItNoThreadIsStarted) {
  const auto result = run_child([] {
    const auto filter = SyscallFilter::make(ThreadRole::Worker, {.level = 1});
    if (!filter.ok() || !refuse_call(SCMP_SYS(prctl), EINVAL, {argument_is(0, PR_SET_SECCOMP)})) return 1;
    const auto thread = start_thread(
        "test", *filter,
        [](void* argument) -> void* {
          std::fprintf(stderr, "runs\n");
          return argument;
        },
        nullptr);
    return thread.ok() ? 2 : complain(thread.error().message);
  });
  EXPECT_EQ(result.errors, "Could not load system call filter : Invalid argument\n");
}

TEST(SyscallLists, HaveNoNameThatNobodyKnows) {
  const FilterOptions all{.level = 1, .steer_clock = true, .accept_streams = true, .send_mail = true};
  // Younger than the oldest libseccomp that we build with.
  const std::vector<std::string_view> young{"fchmodat2", "futex_waitv", "clock_getres_time64"};
  std::vector<std::string_view> names = denied_calls(ThreadRole::Resolver, all);
  for (const AllowedCall& call : allowed_calls(ThreadRole::Main, all)) names.push_back(call.name);
  for (const std::string_view name : names) {
    if (std::find(young.begin(), young.end(), name) != young.end()) continue;
    EXPECT_NE(::seccomp_syscall_resolve_name(std::string(name).c_str()), __NR_SCMP_ERROR) << name;
  }
}

TEST(SyscallLists, AllowNothingThatIsDangerous) {
  const FilterOptions all{.level = 1, .steer_clock = false, .accept_streams = true, .send_mail = true};
  const auto denied = denied_calls(ThreadRole::Main, all);
  for (const AllowedCall& call : allowed_calls(ThreadRole::Main, all)) {
    EXPECT_EQ(std::find(denied.begin(), denied.end(), call.name), denied.end()) << call.name;
  }
}

}  // namespace
}  // namespace timed::os
