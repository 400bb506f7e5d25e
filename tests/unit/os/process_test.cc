#include "timed/os/process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/unit/os/child.h"
#include "tests/unit/os/temporary_directory.h"

namespace timed::os {
namespace {

// Written by a grandchild, which nobody waits for.
std::string eventually(const std::string& path) {
  for (int i = 0; i < 2000 && !std::filesystem::exists(path); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return contents_of(path);
}

void publish(const std::string& path, const std::string& text) {
  write_file(path + ".part", text);
  std::filesystem::rename(path + ".part", path);
}

// The limit in microseconds, 0 for none; "own" stands for the number of the process.
long watchdog_us(const char* limit, const char* process) {
  const auto result = run_child([&] {
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    const std::string own = std::to_string(::getpid());
    if (limit != nullptr) ::setenv("WATCHDOG_USEC", limit, 1);
    if (process != nullptr) ::setenv("WATCHDOG_PID", process == std::string("own") ? own.c_str() : process, 1);
    const auto answer = watchdog_limit();
    std::fprintf(stderr, "%.0f", answer ? answer->to_seconds() * 1e6 : 0.0);
    return 0;
  });
  return std::stol(result.errors);
}

TEST(Watchdog, LimitIsTheManagersIfItIsForThisProcess) {
  EXPECT_EQ(watchdog_us("180000000", nullptr), 180000000);
  EXPECT_EQ(watchdog_us("180000000", "own"), 180000000);
  EXPECT_EQ(watchdog_us("180000000", "1"), 0);
  EXPECT_EQ(watchdog_us("180000000", "x"), 0);
  EXPECT_EQ(watchdog_us(nullptr, "own"), 0);
  for (const char* none : {"", "0", "-5", "3min", "18446744073709551615"})
    EXPECT_EQ(watchdog_us(none, nullptr), 0) << none;
}

TEST(Daemonize, TheParentWaitsUntilTheDaemonIsReady) {
  TemporaryDirectory directory;
  const pid_t session = ::getsid(0);
  const auto result = run_child([&] {
    auto report = daemonize();
    if (!report.ok()) return 9;
    std::string about = std::filesystem::current_path().string();
    about += ::getsid(0) != session && ::getsid(0) != ::getpid() ? " own session" : " same session";
    about += std::filesystem::read_symlink("/proc/self/fd/2") == "/dev/null" ? " quiet" : " loud";
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    publish(directory / "about", about);
    report->ready();
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "");
  // There at once: the parent has waited.
  EXPECT_EQ(contents_of(directory / "about"), "/ own session quiet");
}

TEST(Daemonize, TheParentPrintsWhatWentWrong) {
  const auto result = run_child([] {
    auto report = daemonize();
    if (!report.ok()) return 9;
    report->failed("Could not open NTP port");
    return 1;
  });
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors, "Could not open NTP port\n");
}

TEST(Daemonize, TheParentNoticesASilentEnd) {
  const auto result = run_child([] {
    auto report = daemonize();
    return report.ok() ? 3 : 9;
  });
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors, "");
}

TEST(Daemonize, ClosesWhatItInherited) {
  TemporaryDirectory directory;
  const auto result = run_child([&] {
    const int inherited = ::dup(STDIN_FILENO);
    auto report = daemonize();
    if (!report.ok()) return 9;
    publish(directory / "open", ::fcntl(inherited, F_GETFD) == -1 ? "closed" : "open");
    report->ready();
    report->ready();
    report->failed("too late");
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(eventually(directory / "open"), "closed");
}

TEST(StandardDescriptors, AreFilledWhereTheyAreMissing) {
  const auto result = run_child([] {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    if (!fill_standard_descriptors().ok()) return 9;
    const bool quiet = std::filesystem::read_symlink("/proc/self/fd/0") == "/dev/null" &&
                       std::filesystem::read_symlink("/proc/self/fd/1") == "/dev/null" &&
                       std::filesystem::read_symlink("/proc/self/fd/2") != "/dev/null";
    const int next = ::dup(STDIN_FILENO);
    return quiet && next > STDERR_FILENO && fill_standard_descriptors().ok() && ::dup(STDIN_FILENO) == next + 1 ? 0 : 1;
  });
  EXPECT_EQ(result.status, 0);
}

// A pipe with the number of a standard descriptor would be taken for one.
TEST(StandardDescriptors, MayBeMissingBeforeTheForks) {
  TemporaryDirectory directory;
  const auto result = run_child([&] {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    if (!fill_standard_descriptors().ok()) return 9;
    auto report = daemonize();
    if (!report.ok()) return 9;
    publish(directory / "works", "yes");
    report->ready();
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(contents_of(directory / "works"), "yes");
}

TEST(StartReport, DoesNothingInTheForeground) {
  StartReport report;
  EXPECT_FALSE(report.awaited());
  report.ready();
  report.failed("unheard");
}

class PidFileTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "timed.pid";
};

TEST_F(PidFileTest, IsThereAsLongAsTheProcessWantsIt) {
  {
    const auto file = PidFile::create(path_, "timed");
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ(contents_of(path_), std::to_string(::getpid()) + "\n");
    struct stat found {};
    ASSERT_EQ(::stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777 & ~0644u, 0u);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(PidFileTest, NamesALivingProcess) {
  write_file(path_, std::to_string(::getppid()) + "\n");
  const auto check = PidFile::check(path_, "timed");
  ASSERT_FALSE(check.ok());
  EXPECT_EQ(check.error().message,
            "Another timed may already be running (pid=" + std::to_string(::getppid()) + "), check " + path_);
}

TEST_F(PidFileTest, IgnoresWhatNamesNobodyElse) {
  EXPECT_TRUE(PidFile::check(path_, "timed").ok());
  for (const char* text : {"", "garbage", "-1", "0", "99999999999999999999", "2147483647\n"}) {
    write_file(path_, text);
    EXPECT_TRUE(PidFile::check(path_, "timed").ok()) << text;
  }
  write_file(path_, std::to_string(::getpid()));
  EXPECT_TRUE(PidFile::check(path_, "timed").ok()) << "our own number, left by a former life in a container";
  EXPECT_TRUE(PidFile::check(directory_.path(), "timed").ok());
}

TEST_F(PidFileTest, FollowsNoLink) {
  write_file(directory_ / "victim", "precious");
  std::filesystem::create_symlink(directory_ / "victim", path_);
  {
    const auto file = PidFile::create(path_, "timed");
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(contents_of(directory_ / "victim"), "precious");
    EXPECT_FALSE(std::filesystem::is_symlink(path_));
  }
  write_file(directory_ / "victim", std::to_string(::getppid()));
  std::filesystem::create_symlink(directory_ / "victim", path_);
  EXPECT_TRUE(PidFile::check(path_, "timed").ok());
}

TEST_F(PidFileTest, LeavesTheFileOfASuccessor) {
  const std::string successor = std::to_string(::getppid()) + "\n";
  {
    const auto old = PidFile::create(path_, "timed");
    ASSERT_TRUE(old.ok());
    write_file(path_, successor);
  }
  EXPECT_EQ(contents_of(path_), successor);
}

// All see the same stale file and go at the same time; who has won lives until the others have tried.
TEST_F(PidFileTest, IsOneOfSeveralThatStartTogether) {
  for (int round = 0; round < 10; ++round) {
    write_file(path_, "2147483647\n");
    constexpr int kStarts = 8;
    int go[2], done[2];
    ASSERT_TRUE(::pipe(go) == 0 && ::pipe(done) == 0);
    for (int i = 0; i < kStarts; ++i) {
      if (::fork() != 0) continue;
      char byte = 0;
      ::close(go[1]);
      [[maybe_unused]] auto count = ::read(go[0], &byte, 1);
      const auto file = PidFile::create(path_, "timed");
      const char won = file.ok() ? 1 : 0;
      count = ::write(done[1], &won, 1);
      ::close(done[1]);
      while (file.ok() && ::access((path_ + ".over").c_str(), F_OK) != 0) ::usleep(1000);
      ::_exit(0);
    }
    ::close(go[0]);
    ::close(go[1]);
    int winners = 0;
    for (int i = 0; i < kStarts; ++i) {
      char won = 0;
      ASSERT_EQ(::read(done[0], &won, 1), 1);
      winners += won;
    }
    write_file(path_ + ".over", "");
    ::close(done[0]);
    ::close(done[1]);
    while (::wait(nullptr) > 0) continue;
    ::unlink((path_ + ".over").c_str());
    EXPECT_EQ(winners, 1) << round;
  }
}

TEST_F(PidFileTest, SaysWhyItCouldNotBeWritten) {
  const auto file = PidFile::create(directory_ / "missing/timed.pid", "timed");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().message,
            "Could not open " + directory_ / "missing/timed.pid" + " : No such file or directory");
}

TEST(ReadyDescriptor, GetsANewlineAndIsClosed) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor read_end(ends[0]);
  ReadyDescriptor ready(ends[1]);
  EXPECT_TRUE(ready.notify().ok());
  char text[8] = {};
  EXPECT_EQ(::read(read_end.get(), text, sizeof text), 1);
  EXPECT_EQ(text[0], '\n');
  EXPECT_EQ(::read(read_end.get(), text, sizeof text), 0) << "still open";
  EXPECT_FALSE(ready.notify().ok());
}

TEST(ReadyDescriptor, OneThatWasNotOpenIsNotUsedLater) {
  const int number = ::fcntl(0, F_DUPFD, 200);
  ASSERT_GE(number, 0);
  ::close(number);
  ReadyDescriptor ready(number);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor read_end(ends[0]), write_end(ends[1]), taken(::fcntl(ends[1], F_DUPFD_CLOEXEC, number));
  EXPECT_EQ(taken.get(), number);
  const Status told = ready.notify();
  ASSERT_FALSE(told.ok());
  EXPECT_EQ(told.error().message, "Could not send notification requested by -N option");
}

TEST(ReadyDescriptor, StandardErrorStaysOpen) {
  const auto result = run_child([] {
    ReadyDescriptor ready(STDERR_FILENO);
    if (!ready.notify().ok()) return 1;
    return ::write(STDERR_FILENO, "open", 4) == 4 ? 0 : 2;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "\nopen");
}

TEST(RealTimePriority, IsSetOrSaidWhyNot) {
  const auto result = run_child([] {
    const Status set = set_real_time_priority(1);
    if (!set.ok()) return set.error().message.starts_with("Could not set real-time priority : ") ? 10 : 1;
    return (::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_FIFO ? 0 : 2;
  });
  EXPECT_TRUE(result.status == 0 || result.status == 10) << result.status;
}

TEST(LockMemory, IsDoneOrSaidWhyNot) {
  const auto result = run_child([] {
    const Status locked = lock_memory();
    if (!locked.ok()) return locked.error().message.starts_with("Could not lock memory : ") ? 10 : 1;
    return contents_of("/proc/self/status").find("VmLck:\t       0 kB") == std::string::npos ? 0 : 2;
  });
  EXPECT_TRUE(result.status == 0 || result.status == 10) << result.status;
}

}  // namespace
}  // namespace timed::os
