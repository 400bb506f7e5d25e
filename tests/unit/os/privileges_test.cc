#include "timed/os/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include "tests/unit/os/child.h"
#include "tests/unit/os/refused_call.h"
#include "tests/unit/os/temporary_directory.h"

namespace timed::os {
namespace {

const Account kNobody{"somebody", 54321, 54322};

// A set of capabilities of this process, as the kernel shows it.
std::uint64_t capabilities(const std::string& set) {
  std::ifstream status("/proc/self/status");
  std::string name;
  while (status >> name) {
    if (name != set + ":") continue;
    std::uint64_t bits = 0;
    status >> std::hex >> bits;
    return bits;
  }
  return ~std::uint64_t{0};
}

constexpr std::uint64_t bit(int capability) {
  return std::uint64_t{1} << capability;
}

int complain(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 1;
}

// In a child that was root; 0 where all is as it must be.
int drop_and_look(const KeptPrivileges& kept, std::uint64_t wanted) {
  const std::uint64_t had = capabilities("CapPrm");
  const auto dropped = drop_root(kNobody, kept);
  if (!dropped.ok()) return complain(dropped.error().message.c_str());
  if (::getuid() != kNobody.uid || ::geteuid() != kNobody.uid || ::getegid() != kNobody.gid) return complain("ids");
  if (::getgroups(0, nullptr) != 0) return complain("groups");
  if (capabilities("CapEff") != (wanted & had)) return complain("effective");
  if (capabilities("CapPrm") != (wanted & had)) return complain("permitted");
  if (capabilities("CapInh") != 0) return complain("inheritable");
  if (capabilities("CapAmb") != 0) return complain("ambient");
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1) return complain("no_new_privs");
  if (::prctl(PR_GET_KEEPCAPS, 0L, 0L, 0L, 0L) != 0) return complain("keepcaps");
  if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setgid(0) == 0) return complain("a way back");
  return 0;
}

TEST(DropRoot, KeepsOnlyWhatWasAskedFor) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  struct Case {
    KeptPrivileges kept;
    std::uint64_t wanted;
  };
  for (const Case& c : {Case{{true, false}, bit(CAP_SYS_TIME)}, Case{{false, true}, bit(CAP_NET_BIND_SERVICE)},
                        Case{{true, true}, bit(CAP_SYS_TIME) | bit(CAP_NET_BIND_SERVICE)},
                        Case{{false, false, true}, bit(CAP_NET_RAW)}, Case{{false, false}, 0}}) {
    const auto result = run_child([&] { return drop_and_look(c.kept, c.wanted); });
    EXPECT_EQ(result.status, 0) << result.errors;
  }
}

TEST(DropRoot, OldKernelsWantACapabilityForDevices) {
  for (const char* release : {"4.18.0-553.el8_10.x86_64", "5.4.0-150-generic", "5.6.19", "3.10"}) {
    EXPECT_TRUE(wants_capability_for_devices(release)) << release;
  }
  for (const char* release : {"5.7", "5.10.0-28-amd64", "6.1.0", "10.0", "", "x", "5", "5.x"}) {
    EXPECT_FALSE(wants_capability_for_devices(release)) << release;
  }
}

TEST(DropRoot, LeavesRootAloneWhereThatIsTheAccount) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto result = run_child([] {
    const std::uint64_t before = capabilities("CapEff");
    if (!drop_root({"root", 0, 0}, {}).ok()) return 1;
    return ::geteuid() == 0 && capabilities("CapEff") == before ? 0 : 2;
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

TEST(DropRoot, LeavesOthersWhoTheyAre) {
  const auto result = run_child([] {
    if (::geteuid() == 0 && ::setuid(kNobody.uid) != 0) return 3;
    const uid_t before = ::getuid();
    if (!drop_root({"another", 12345, 12345}, {}).ok()) return 1;
    if (::getuid() != before) return 2;
    return ::prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 ? 0 : 4;
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

// As a service manager starts them, with capabilities that stay over exec.
TEST(DropRoot, TakesFromOthersWhatTheyDoNotNeed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto result = run_child([] {
    const std::uint64_t had = capabilities("CapPrm");
    if (::prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) != 0 || ::setuid(kNobody.uid) != 0) return complain("setuid");
    if ((capabilities("CapPrm") & had) != had) return complain("not kept");
    if (!drop_root({"another", 12345, 12345}, {true, false}).ok()) return complain("drop");
    if (capabilities("CapPrm") != (bit(CAP_SYS_TIME) & had)) return complain("permitted");
    return capabilities("CapEff") == (bit(CAP_SYS_TIME) & had) ? 0 : complain("effective");
  });
  EXPECT_EQ(result.status, 0) << result.errors;
}

// What drop_root says in a child in which `prepare` has seen to it that something fails.
std::string failure_to_drop(const std::function<bool()>& prepare) {
  const auto result = run_child([&] {
    if (!prepare()) return complain("not prepared");
    const auto dropped = drop_root(kNobody, {});
    return dropped.ok() ? 0 : complain(dropped.error().message.c_str());
  });
  return result.errors;
}

TEST(DropRoot, SaysWhatWasRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto refused = [](int number, int error, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    return failure_to_drop([&] { return refuse_call(number, error, arguments); });
  };
  const std::string hint = " (becoming somebody takes CAP_SETGID and CAP_SETUID; -u root stays what it is)\n";
  EXPECT_EQ(refused(SCMP_SYS(setgroups), EPERM),
            "Could not drop supplementary groups : Operation not permitted" + hint);
  EXPECT_EQ(refused(SCMP_SYS(setresgid), EPERM), "Could not change group : Operation not permitted" + hint);
  EXPECT_EQ(refused(SCMP_SYS(setresuid), EPERM), "Could not change user : Operation not permitted" + hint);
  // Of too many processes, where no capability helps.
  EXPECT_EQ(refused(SCMP_SYS(setresuid), EAGAIN), "Could not change user : Resource temporarily unavailable\n");
  EXPECT_EQ(refused(SCMP_SYS(capget), EPERM), "Could not get capabilities : Operation not permitted\n");
  EXPECT_EQ(refused(SCMP_SYS(capset), EPERM), "Could not set capabilities : Operation not permitted\n");
  EXPECT_EQ(refused(SCMP_SYS(prctl), EPERM, {argument_is(0, PR_SET_KEEPCAPS), argument_is(1, 1)}),
            "Could not keep capabilities : Operation not permitted\n");
  EXPECT_EQ(refused(SCMP_SYS(prctl), EINVAL, {argument_is(0, PR_SET_NO_NEW_PRIVS)}),
            "Could not forbid new privileges : Invalid argument\n");
}

// A filter of a container may let calls succeed that have done nothing.
TEST(DropRoot, BelievesNoCallThatSaysItHasDroppedThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string still = "Could not drop root privileges for good\n";
  for (const int number : {SCMP_SYS(setresuid), SCMP_SYS(setresgid)}) {
    EXPECT_EQ(failure_to_drop([&] { return refuse_call(number, 0); }), still) << number;
  }
  EXPECT_EQ(failure_to_drop([] {
              const gid_t group = 54323;
              return ::setgroups(1, &group) == 0 && refuse_call(SCMP_SYS(setgroups), 0);
            }),
            still);
  // Each of the ways back: setuid, seteuid and setresuid.
  EXPECT_EQ(failure_to_drop([] { return refuse_call(SCMP_SYS(setuid), 0); }), still);
  EXPECT_EQ(failure_to_drop([] {
              return refuse_call(SCMP_SYS(setresuid), 0, {argument_is_int(0, -1), argument_is_int(1, 0)});
            }),
            still);
  EXPECT_EQ(failure_to_drop([] {
              return refuse_call(SCMP_SYS(setresuid), 0, {argument_is_int(0, 0), argument_is_int(1, 0)});
            }),
            still);
}

// Nothing to become, but capabilities to give up: that must not fail unseen either.
TEST(DropRoot, OfOthersFailsWhereTheyKeepTooMuch) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(failure_to_drop([] {
              return ::setresuid(kNobody.uid, kNobody.uid, kNobody.uid) == 0 && refuse_call(SCMP_SYS(capset), EPERM);
            }),
            "Could not set capabilities : Operation not permitted\n");
}

TEST(FindAccount, KnowsRootAndNobodyElseByAccident) {
  const auto root = find_account("root");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->uid, 0u);
  EXPECT_EQ(root->gid, 0u);
  const auto missing = find_account("no-such-account");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, "Could not get user/group ID of no-such-account");
}

class SocketDirectory : public testing::Test {
 protected:
  static Account self() { return {"self", ::getuid(), ::getgid()}; }
  void make(mode_t mode) {
    ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string error_for(const Account& account) {
    const auto status = prepare_socket_directory(path_, account);
    return status.ok() ? "" : status.error().message;
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "run";
};

TEST_F(SocketDirectory, IsMadeForTheAccount) {
  EXPECT_EQ(error_for(self()), "");
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777u & ~0770u, 0u);
  EXPECT_EQ(error_for(self()), "") << "as it was made";
}

TEST_F(SocketDirectory, IsMadeForAnotherAccountByRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(error_for(kNobody), "");
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, kNobody.uid);
  EXPECT_EQ(found.st_gid, kNobody.gid);
}

TEST_F(SocketDirectory, MustNotBeOpenToOthers) {
  make(0771);
  EXPECT_EQ(error_for(self()), "Wrong permissions on " + path_);
}

TEST_F(SocketDirectory, MustBelongToTheAccount) {
  make(0770);
  Account other = self();
  other.uid += 1;
  EXPECT_EQ(error_for(other), "Wrong owner of " + path_ + " (UID != " + std::to_string(other.uid) + ")");
  other = self();
  other.gid += 1;
  EXPECT_EQ(error_for(other), "Wrong owner of " + path_ + " (GID != " + std::to_string(other.gid) + ")");
}

TEST_F(SocketDirectory, MustBeADirectoryAndNoLinkToOne) {
  ASSERT_EQ(::symlink(directory_.path().c_str(), path_.c_str()), 0);
  EXPECT_NE(error_for(self()), "");
}

TEST_F(SocketDirectory, MustBeThereToBeLookedAt) {
  const auto result = run_child([this] {
    const bool prepared = refuse_call(SCMP_SYS(lstat), EACCES) &&
                          refuse_call(SCMP_SYS(newfstatat), EACCES, {argument_is_int(3, AT_SYMLINK_NOFOLLOW)});
    return complain(prepared ? error_for(self()).c_str() : "not prepared");
  });
  EXPECT_EQ(result.errors, "Could not access " + path_ + " : Permission denied\n");
}

TEST(LogDirectory, IsMadeWhereItIsMissing) {
  TemporaryDirectory directory;
  const Account self{"self", ::getuid(), ::getgid()};
  EXPECT_TRUE(prepare_log_directory(directory / "log", self).ok());
  struct stat found {};
  ASSERT_EQ(::stat((directory / "log").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777u & ~0750u, 0u);
  write_file(directory / "file", "");
  EXPECT_FALSE(prepare_log_directory(directory / "file", self).ok());
}

}  // namespace
}  // namespace timed::os
