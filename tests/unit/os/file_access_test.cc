#include "timed/os/file_access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/unit/os/child.h"
#include "tests/unit/os/temporary_directory.h"

namespace timed::os {
namespace {

constexpr uid_t kSomebody = 54321;

TEST(FileAccess, IsThatOfWhoTheProcessHasBecome) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  const std::string hidden = directory / "hidden", own = directory / "own", shown = directory / "shown";
  for (const std::string& path : {hidden, own, shown}) write_file(path, "text");
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755) | ::chmod(hidden.c_str(), 0600) | ::chmod(shown.c_str(), 0644) |
                ::chown(own.c_str(), kSomebody, kSomebody),
            0);
  const auto result = run_child([&] {
    if (::setresgid(kSomebody, kSomebody, kSomebody) != 0 || ::setresuid(kSomebody, kSomebody, kSomebody) != 0)
      return 1;
    const Status read_hidden = may_read(hidden), write_shown = may_write(shown);
    std::fprintf(stderr, "%s, %s\n", read_hidden ? "" : read_hidden.error().reason().c_str(),
                 write_shown ? "" : write_shown.error().reason().c_str());
    return may_read(own).ok() && may_write(own).ok() && may_read(shown).ok() ? 0 : 2;
  });
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(result.errors, "Permission denied, Permission denied\n");
}

TEST(FileAccess, OfADirectoryNeedsAWayIn) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0744), 0);
  const auto result = run_child([&] {
    if (::setresuid(kSomebody, kSomebody, kSomebody) != 0) return 1;
    return may_read(directory.path()).ok() ? 2 : 0;
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST(FileAccess, ThereIsNoneToWhatIsNotThere) {
  const TemporaryDirectory directory;
  const Status reads = may_read(directory / "none");
  ASSERT_FALSE(reads);
  EXPECT_EQ(reads.error().kind, ErrorKind::NotFound);
}

TEST(TruePath, FollowsLinks) {
  const TemporaryDirectory directory;
  write_file(directory / "file", "text");
  ASSERT_EQ(::symlink("file", (directory / "link").c_str()), 0);
  EXPECT_EQ(true_path(directory / "link"), std::filesystem::canonical(directory / "file").string());
  EXPECT_EQ(true_path(directory / "none"), directory / "none");
}

}  // namespace
}  // namespace timed::os
