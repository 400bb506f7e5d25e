#include "denied_calls.h"

#include <seccomp.h>
#include <sys/eventfd.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "system_error.h"
#include "timed/base/check.h"
#include "timed/base/log.h"

namespace timed::os {
namespace {

constexpr int kNumbers = 1024;  // of system calls; more than any machine has
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

// A signal handler can reach nothing else.
struct Noted {
  std::array<std::atomic<std::uint64_t>, kNumbers / 64> refused{};
  std::atomic<int> wake{-1};
};
Noted noted;

// The result of the call, where the kernel will look for it when the handler has returned.
#if defined(__x86_64__)
void let_fail(ucontext_t& at) {
  at.uc_mcontext.gregs[REG_RAX] = -ENOSYS;
}
constexpr bool kCanTrap = true;
#elif defined(__i386__)
void let_fail(ucontext_t& at) {
  at.uc_mcontext.gregs[REG_EAX] = -ENOSYS;
}
constexpr bool kCanTrap = true;
#elif defined(__aarch64__)
void let_fail(ucontext_t& at) {
  at.uc_mcontext.regs[0] = static_cast<unsigned long long>(-ENOSYS);
}
constexpr bool kCanTrap = true;
#elif defined(__arm__)
void let_fail(ucontext_t& at) {
  at.uc_mcontext.arm_r0 = static_cast<unsigned long>(-ENOSYS);
}
constexpr bool kCanTrap = true;
#else
void let_fail(ucontext_t&) {}
constexpr bool kCanTrap = false;
#endif

void on_refusal(int, siginfo_t* info, void* context) {
  const int saved = errno;
  let_fail(*static_cast<ucontext_t*>(context));
  const int number = info->si_syscall;
  if (number >= 0 && number < kNumbers) {
    const std::uint64_t bit = std::uint64_t{1} << (number % 64);
    const std::uint64_t before = noted.refused[static_cast<std::size_t>(number / 64)].fetch_or(bit);
    const std::uint64_t one = 1;
    // No filter refuses this one, or there would be no end of it.
    if ((before & bit) == 0) [[maybe_unused]]
      const auto written = ::write(noted.wake, &one, sizeof one);
  }
  errno = saved;
}

std::string name_of(int number) {
  char* const found = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
  if (found == nullptr) return std::to_string(number);
  std::string name = found;
  std::free(found);
  return name;
}

}  // namespace

bool DeniedCalls::can_trap() {
  return kCanTrap;
}

Result<std::unique_ptr<DeniedCalls>> DeniedCalls::watch(Loop& loop) {
  Descriptor wake(::eventfd(0, 0));
  if (!wake.is_open()) return system_error("Could not create eventfd", errno);
  wake.set_close_on_exec();
  wake.set_nonblocking();
  struct sigaction action {};
  action.sa_sigaction = on_refusal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigfillset(&action.sa_mask);
  // One inside the handler must end the process, not wait for the end of the handler.
  ::sigdelset(&action.sa_mask, SIGSYS);
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return system_error("Could not set signal action", errno);
  return std::unique_ptr<DeniedCalls>(new DeniedCalls(loop, std::move(wake)));
}

DeniedCalls::DeniedCalls(Loop& loop, Descriptor wake) : loop_(loop), wake_(std::move(wake)) {
  TIMED_ASSERT(noted.wake.exchange(wake_.get()) < 0);
  watch_ = loop_.watch(wake_.get(), env::SocketPriority::Control, [this](short) { tell(); });
}

DeniedCalls::~DeniedCalls() {
  loop_.unwatch(watch_);
  noted.wake = -1;
}

// The bits stay: each call is told once.
void DeniedCalls::tell() {
  static std::array<std::uint64_t, kNumbers / 64> told{};
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  for (int number = 0; number < kNumbers; ++number) {
    const auto word = static_cast<std::size_t>(number / 64);
    const std::uint64_t bit = std::uint64_t{1} << (number % 64);
    if ((noted.refused[word] & bit) == 0 || (told[word] & bit) != 0) continue;
    told[word] |= bit;
    log::warning("System call filter refused %s", name_of(number).c_str());
  }
}

}  // namespace timed::os
