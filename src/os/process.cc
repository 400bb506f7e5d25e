#include "timed/os/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>

#include "file_io.h"
#include "system_error.h"
#include "timed/base/text.h"

namespace timed::os {
namespace {

// Sent instead of a text when all is well; no text begins with it.
constexpr char kReady = '\0';
constexpr std::uint32_t kPidFileMode = 0644;
constexpr int kLockTries = 100;
constexpr long kLockPause_ns = 10'000'000;

[[noreturn]] void wait_for_report(const Descriptor& pipe) {
  std::string text;
  std::array<char, 1024> piece;
  while (true) {
    const auto got = ::read(pipe.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (!text.empty() && text.front() == kReady) ::_exit(0);
  if (!text.empty()) {
    text += '\n';
    write_all(Descriptor(::dup(STDERR_FILENO)), text);
  }
  ::_exit(1);
}

// From terminal, session, directory and descriptors, but for the one that is kept and those that were inherited.
Status detach(int kept, const InheritedSockets& inherited) {
  ::setsid();
  // Not the leader of the session, so that no terminal can become its own.
  const pid_t second = ::fork();
  if (second < 0) return system_error("Could not fork", errno);
  if (second > 0) ::_exit(0);
  if (::chdir("/") != 0) return system_error("Could not change directory", errno);
  for (int number = std::max(kFirstDescriptor, inherited.end()); number < kDescriptorsClosed; ++number) {
    if (number != kept) ::close(number);
  }
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.is_open()) return path_error("open", "/dev/null", errno);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::dup2(null.get(), number) < 0) return system_error("Could not redirect standard descriptors", errno);
  }
  return Status::success();
}

std::optional<pid_t> read_pid(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) return std::nullopt;
  std::array<char, 32> text{};
  const auto got = ::read(file.get(), text.data(), text.size());
  if (got <= 0) return std::nullopt;
  pid_t pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + got, pid);
  if (parsed.ec != std::errc() || pid <= 0) return std::nullopt;
  return pid;
}

// Between the look at a pid file and the new one in its place no other daemon may do the same.  Not for ever: anybody
// who may read the directory can hold such a lock.
Descriptor lock_directory(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1) + ".";
  Descriptor opened = open_file(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < kLockTries && opened.is_open() && ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    const timespec pause{0, kLockPause_ns};
    ::nanosleep(&pause, nullptr);
  }
  return opened;
}

}  // namespace

void StartReport::ready() {
  if (awaited()) write_all(pipe_, std::string_view(&kReady, 1));
  pipe_.close();
}

void StartReport::failed(std::string_view text) {
  if (awaited()) write_all(pipe_, text);
  pipe_.close();
}

Status fill_standard_descriptors() {
  while (true) {
    // The lowest number that is free is given.
    const int number = ::open("/dev/null", O_RDWR);
    if (number < 0) return path_error("open", "/dev/null", errno);
    if (number < kFirstDescriptor) continue;
    ::close(number);
    return Status::success();
  }
}

Result<StartReport> daemonize(const InheritedSockets& inherited) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("Could not create pipe", errno);
  Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t first = ::fork();
  if (first < 0) return system_error("Could not fork", errno);
  if (first > 0) {
    write_end.close();
    wait_for_report(read_end);
  }
  read_end.close();
  StartReport report(std::move(write_end));
  if (auto done = detach(ends[1], inherited); !done) {
    report.failed(done.error().message);
    return done.error();
  }
  return report;
}

ReadyDescriptor::ReadyDescriptor(int number) {
  if (number <= 0 || ::fcntl(number, F_GETFD) < 0) return;
  const bool standard = number < kFirstDescriptor;
  descriptor_ = Descriptor(standard ? ::fcntl(number, F_DUPFD_CLOEXEC, kFirstDescriptor) : number);
  if (!standard) descriptor_.set_close_on_exec();
}

Status ReadyDescriptor::notify() {
  const bool told = descriptor_.is_open() && write_all(descriptor_, "\n");
  descriptor_.close();
  return told ? Status::success() : Error{"Could not send notification requested by -N option"};
}

// As sd_watchdog_enabled(3) has it: with a number of a process the limit is for that one only.
std::optional<Duration> watchdog_limit() {
  const char* const limit = std::getenv("WATCHDOG_USEC");
  const char* const process = std::getenv("WATCHDOG_PID");
  const auto limit_us = limit != nullptr ? parse_integer(limit) : std::nullopt;
  if (!limit_us || *limit_us <= 0) return std::nullopt;
  if (process != nullptr && parse_integer(process) != std::optional<std::int64_t>(::getpid())) return std::nullopt;
  return Duration::seconds(static_cast<double>(*limit_us) / 1e6);
}

Status set_real_time_priority(int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0) return Status::success();
  return system_error("Could not set real-time priority", errno);
}

Status lock_memory() {
  // Without root the limit would later refuse what is allocated, not lock it.
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0) return system_error("Could not lock memory", errno);
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return Status::success();
  return system_error("Could not lock memory", errno);
}

Status PidFile::check(const std::string& path, const std::string& program) {
  const auto pid = read_pid(path);
  // In a container the file of a former run often holds the number that we have now.
  if (!pid || *pid == ::getpid()) return Status::success();
  if (::kill(*pid, 0) != 0 && errno == ESRCH) return Status::success();
  return Error{"Another " + program + " may already be running (pid=" + std::to_string(*pid) + "), check " + path};
}

Result<std::unique_ptr<PidFile>> PidFile::create(const std::string& path, const std::string& program) {
  const Descriptor lock = lock_directory(path);
  if (Status s = check(path, program); !s) return s.error();
  auto created = create_exclusively(path, kPidFileMode);
  if (!created) return created.error();
  if (!write_all(*created, std::to_string(::getpid()) + "\n")) return path_error("write", path, errno);
  return std::unique_ptr<PidFile>(new PidFile(path));
}

PidFile::PidFile(std::string path) : path_(std::move(path)) {}

PidFile::~PidFile() {
  if (read_pid(path_) == ::getpid()) static_cast<void>(::unlink(path_.c_str()));
}

}  // namespace timed::os
