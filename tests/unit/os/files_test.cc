#include "timed/os/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "src/os/file_io.h"
#include "tests/unit/os/child.h"
#include "tests/unit/os/refused_call.h"
#include "tests/unit/os/temporary_directory.h"
#include "tests/unit/os/turns.h"
#include "timed/os/process.h"

namespace timed::os {
namespace {

class Files : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  LinuxFiles files_;
};

TEST_F(Files, ReadsWhatItReplaced) {
  const std::string path = directory_ / "drift";
  const std::string big(100'000, 'x');
  for (const std::string& text : {std::string("1.5 0.1\n"), std::string(), big}) {
    ASSERT_TRUE(files_.replace(path, text, 0644).ok());
    const auto read = files_.read(path);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, text);
  }
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  const auto info = files_.info(path);
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info->is_regular);
  EXPECT_FALSE(info->is_directory);
  EXPECT_EQ(info->mode & ~0644u, 0u);
  EXPECT_EQ(info->uid, static_cast<std::int64_t>(::getuid()));
  EXPECT_GT(info->modified, RawTime::from_seconds(1'600'000'000));
}

TEST_F(Files, SaysWhatCouldNotBeRead) {
  const auto missing = files_.read(directory_ / "missing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(missing.error().message, "Could not open " + directory_ / "missing" + " : No such file or directory");
  const auto directory = files_.read(directory_.path());
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.error().kind, ErrorKind::Invalid);
  EXPECT_EQ(directory.error().message, "Could not open " + directory_.path() + " : Is a directory");
  EXPECT_FALSE(files_.info(directory_ / "missing").ok());
  EXPECT_TRUE(files_.info(directory_.path())->is_directory);
}

TEST_F(Files, LimitsHowMuchIsRead) {
  write_file(directory_ / "file", "12345");
  EXPECT_EQ(*files_.read(directory_ / "file", 5), "12345");
  const auto cut = files_.read(directory_ / "file", 4);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().kind, ErrorKind::Invalid);
  const auto endless = files_.read("/dev/zero", 100'000);
  EXPECT_FALSE(endless.ok());
}

TEST_F(Files, DoesNotWaitForEverForAPipe) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  const auto silent = files_.read(directory_ / "pipe");
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().message, "Could not read " + directory_ / "pipe" + " : Connection timed out");
}

TEST_F(Files, ReadsAPipeWhoseWriterIsLate) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream pipe(directory_ / "pipe");
    pipe << "port 0\n" << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    pipe << "deny\n";
  });
  const auto read = files_.read(directory_ / "pipe");
  writer.join();
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, "port 0\ndeny\n");
}

TEST_F(Files, ReadsAPipeThatWasFilledBefore) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "port 0\n", 7), 7);
  ::close(ends[1]);
  const auto read = files_.read("/dev/fd/" + std::to_string(ends[0]));
  ::close(ends[0]);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, "port 0\n");
}

TEST_F(Files, FollowsNoLinkInPlaceOfTheTemporaryFile) {
  write_file(directory_ / "victim", "precious");
  std::filesystem::create_symlink(directory_ / "victim", directory_ / "drift.tmp");
  ASSERT_TRUE(files_.replace(directory_ / "drift", "new", 0644).ok());
  EXPECT_EQ(contents_of(directory_ / "victim"), "precious");
  EXPECT_EQ(contents_of(directory_ / "drift"), "new");
}

TEST_F(Files, ReplacesALinkInsteadOfItsTarget) {
  write_file(directory_ / "victim", "precious");
  std::filesystem::create_symlink(directory_ / "victim", directory_ / "drift");
  ASSERT_TRUE(files_.replace(directory_ / "drift", "new", 0644).ok());
  EXPECT_EQ(contents_of(directory_ / "victim"), "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(directory_ / "drift"));
}

// In a directory of the test: root could replace the one that everybody needs.
TEST_F(Files, ReplacesNoDevice) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string path = directory_ / "null";
  if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) GTEST_SKIP() << "no devices can be made here";
  const Status replaced = files_.replace(path, "text", 0644);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().message, "Could not replace " + path + " : Is a device");
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISCHR(found.st_mode));
  EXPECT_FALSE(PidFile::create(path, "timed").ok());
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISCHR(found.st_mode));
}

// By a limit of the process (RLIMIT_FSIZE), which raises a signal as well.
TEST_F(Files, LeavesTheOldFileWhereANewOneMayNotBeSoLarge) {
  const std::string path = directory_ / "state";
  write_file(path, "old");
  const auto result = run_child([&] {
    auto loop = make_loop();
    if (!loop->catch_signals().ok()) return 1;
    const rlimit limit{1000, RLIM_INFINITY}, no_limit{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const Status replaced = files_.replace(path, std::string(5000, 'x'), 0644);
    if (::setrlimit(RLIMIT_FSIZE, &no_limit) != 0) return 4;
    if (replaced.ok()) return 3;
    std::fprintf(stderr, "%s", replaced.error().reason().c_str());
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "File too large");
  EXPECT_EQ(contents_of(path), "old");
}

TEST_F(Files, LeavesTheOldFileWhereItCannotReplace) {
  std::filesystem::create_directories(directory_ / "drift/full");
  const auto refused = files_.replace(directory_ / "drift", "new", 0644);
  ASSERT_FALSE(refused.ok());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "drift.tmp"));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "drift/full"));
  EXPECT_FALSE(files_.replace(directory_ / "missing/drift", "new", 0644).ok());
}

TEST_F(Files, Removes) {
  write_file(directory_ / "file", "x");
  EXPECT_TRUE(files_.remove(directory_ / "file").ok());
  const auto again = files_.remove(directory_ / "file");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::NotFound);
}

TEST_F(Files, ListsAndGlobsBytewise) {
  for (const char* name : {"b.conf", "a.conf", "B.conf", "c.other", ".hidden"}) write_file(directory_ / name, "");
  EXPECT_EQ(*files_.list(directory_.path()),
            (std::vector<std::string>{".hidden", "B.conf", "a.conf", "b.conf", "c.other"}));
  EXPECT_FALSE(files_.list(directory_ / "missing").ok());
  EXPECT_EQ(*files_.glob(directory_ / "*.conf"),
            (std::vector<std::string>{directory_ / "B.conf", directory_ / "a.conf", directory_ / "b.conf"}));
  EXPECT_TRUE(files_.glob(directory_ / "*.none")->empty());
  EXPECT_TRUE(files_.glob(directory_ / "*/*.conf")->empty()) << "no directory, nothing to look into";
  const auto nowhere = files_.glob(directory_ / "missing/*.conf");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().message, "Could not read " + directory_ / "missing/*.conf" + " : No such file or directory");
  EXPECT_EQ(*files_.glob(directory_ / "literal"), std::vector<std::string>{directory_ / "literal"});
}

TEST_F(Files, MakesDirectoriesAndTheirParents) {
  const std::string path = directory_ / "a/b/c";
  ASSERT_TRUE(files_.make_directory(path, 0750, -1, -1).ok());
  EXPECT_EQ(files_.info(path)->mode & ~0750u, 0u);
  EXPECT_TRUE(files_.make_directory(path, 0700, -1, -1).ok());
  write_file(directory_ / "file", "");
  EXPECT_FALSE(files_.make_directory(directory_ / "file", 0700, -1, -1).ok());
  EXPECT_FALSE(files_.make_directory(directory_ / "file/below", 0700, -1, -1).ok());
}

TEST_F(Files, GivesNewDirectoriesAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  ASSERT_TRUE(files_.make_directory(directory_ / "p/d", 0750, 12345, 54321).ok());
  EXPECT_EQ(files_.info(directory_ / "p/d")->uid, 12345);
  EXPECT_EQ(files_.info(directory_ / "p/d")->gid, 54321);
  EXPECT_EQ(files_.info(directory_ / "p")->uid, 0);
}

TEST_F(Files, AppendsToALogAndRefusesALink) {
  const std::string path = directory_ / "tracking.log";
  {
    auto log = files_.open_log(path, 0644);
    ASSERT_TRUE(log.ok());
    EXPECT_TRUE((*log)->append("one\n").ok());
    EXPECT_EQ(contents_of(path), "one\n");
  }
  auto log = files_.open_log(path, 0644);
  ASSERT_TRUE(log.ok());
  EXPECT_TRUE((*log)->append("two\n").ok());
  EXPECT_EQ(contents_of(path), "one\ntwo\n");
  std::filesystem::create_symlink(path, directory_ / "link");
  EXPECT_FALSE(files_.open_log(directory_ / "link", 0644).ok());
}

// Root as a service manager starts it: it may not pass by the permissions of files.
bool give_up_passing_by_permissions() {
  const cap_t now = ::cap_get_proc();
  const cap_value_t given_up[] = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER};
  const bool done = now != nullptr && ::cap_set_flag(now, CAP_EFFECTIVE, 3, given_up, CAP_CLEAR) == 0 &&
                    ::cap_set_flag(now, CAP_PERMITTED, 3, given_up, CAP_CLEAR) == 0 && ::cap_set_proc(now) == 0;
  ::cap_free(now);
  return done;
}

TEST_F(Files, AreThoseOfTheOwnerOfTheDirectoryWhereRootMayNotPassByPermissions) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_TRUE(files_.make_directory(directory_ / "state", 0700, 12345, 54321).ok());
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0711), 0);
  write_file(directory_ / "state/pid", "left by a crash");
  const auto result = run_child([this] {
    const std::string path = directory_ / "state/pid";
    if (!give_up_passing_by_permissions()) return 1;
    {
      const auto made = create_exclusively(path, 0600);
      if (!made.ok()) return 2;
      if (!write_all(*made, "new")) return 3;
    }
    const auto read = files_.read(path);
    if (!read.ok() || *read != "new") return 3;
    const auto log = files_.open_log(directory_ / "state/log", 0600);
    if (!log.ok() || !(*log)->append("line\n").ok()) return 4;
    // And root again, elsewhere.
    return files_.replace(directory_ / "of_root", "x", 0600).ok() ? 0 : 5;
  });
  EXPECT_EQ(result.status, 0) << result.errors;
  for (const char* name : {"state/pid", "state/log"}) {
    const auto info = files_.info(directory_ / name);
    ASSERT_TRUE(info.ok()) << name;
    EXPECT_EQ(info->uid, 12345) << name;
    EXPECT_EQ(info->gid, 54321) << name;
  }
  EXPECT_EQ(files_.info(directory_ / "of_root")->uid, 0);
}

// A directory of root in which root may do nothing is meant so.
TEST_F(Files, AreNotReachedInADirectoryThatRootHasLocked) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  std::filesystem::create_directory(directory_ / "locked");
  write_file(directory_ / "locked/drift", "old");
  ASSERT_EQ(::chmod((directory_ / "locked").c_str(), 0500), 0);
  const auto result = run_child([this] {
    if (!give_up_passing_by_permissions()) return 1;
    const Status replaced = files_.replace(directory_ / "locked/drift", "new", 0600);
    std::fprintf(stderr, "%s", replaced.ok() ? "replaced" : replaced.error().reason().c_str());
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "Permission denied");
  EXPECT_EQ(contents_of(directory_ / "locked/drift"), "old");
}

TEST_F(Files, SayWhatIsInTheWayOfANewOne) {
  std::filesystem::create_directory(directory_ / "drift.tmp");
  const Status replaced = files_.replace(directory_ / "drift", "new", 0644);
  ASSERT_FALSE(replaced.ok());
  EXPECT_EQ(replaced.error().message, "Could not remove " + directory_ / "drift.tmp" + " : Is a directory");
  const Status nowhere = files_.replace(directory_ / "missing/drift", "new", 0644);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().message,
            "Could not open " + directory_ / "missing/drift.tmp" + " : No such file or directory");
}

std::atomic<int> interruptions{0};
int full_pipe = -1;

// By the third time the writer has waited: now there is room.
void interrupt(int) {
  if (++interruptions != 3) return;
  const int error = errno;  // of the call that was interrupted
  char piece[4096];
  while (::read(full_pipe, piece, sizeof piece) > 0) continue;
  errno = error;
}

TEST(WriteAll, GoesOnAfterASignal) {
  const auto result = run_child([] {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return 1;
    const Descriptor read_end(ends[0]), write_end(ends[1]);
    full_pipe = read_end.get();
    read_end.set_nonblocking();
    const int flags = ::fcntl(ends[1], F_GETFL);
    write_end.set_nonblocking();
    const std::string piece(4096, 'x');
    while (::write(ends[1], piece.data(), piece.size()) > 0) continue;
    ::fcntl(ends[1], F_SETFL, flags);
    struct sigaction action {};
    action.sa_handler = interrupt;  // without SA_RESTART
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval soon_and_again{{0, 10'000}, {0, 10'000}};
    ::setitimer(ITIMER_REAL, &soon_and_again, nullptr);
    const bool written = write_all(write_end, "and this");
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    char last[16] = {};
    if (!written || ::read(ends[0], last, sizeof last) != 8) return 2;
    return std::string(last) == "and this" ? 0 : 3;
  });
  EXPECT_EQ(result.status, 0);
}

TEST(WriteAll, SaysThatItHasFailed) {
  const Descriptor nowhere;
  EXPECT_FALSE(write_all(nowhere, "x"));
  EXPECT_EQ(errno, EBADF);
  EXPECT_TRUE(write_all(nowhere, ""));
}

}  // namespace
}  // namespace timed::os
