#include "timed/daemon/guarded_files.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "one_file.h"
#include "timed/config/parser.h"

namespace timed::daemon {
namespace {

using Texts = std::vector<std::string>;

constexpr FileOwner kAccount{990, 991};

// What a disk knows of its files, but nothing that is in them.
class Disk : public OneFile {
 public:
  Disk() : OneFile("") {}

  std::map<std::string, env::FileInfo> found;
  std::map<std::string, std::string> links;

  void file(const std::string& path, std::uint32_t bits, std::int64_t uid = 0, std::int64_t gid = 0) {
    found[path] = {.is_regular = true, .mode = bits, .uid = uid, .gid = gid, .modified = {}};
  }
  void directory_at(const std::string& path, std::uint32_t bits, std::int64_t uid = 0, std::int64_t gid = 0) {
    found[path] = {.is_directory = true, .mode = bits, .uid = uid, .gid = gid, .modified = {}};
  }
  Result<env::FileInfo> info(const std::string& path) override {
    const auto at = found.find(path);
    if (at == found.end()) return Error{"Could not access " + path + " : not there", ErrorKind::NotFound};
    return at->second;
  }
};

class GuardedFilesTest : public testing::Test {
 protected:
  GuardedFilesTest() {
    disk_.directory_at("/", 0755);
    disk_.directory_at("/etc", 0755);
  }
  GuardedFiles of(const std::string& text) {
    auto outcome = config::parse_text(disk_, text, "t.conf");
    EXPECT_TRUE(outcome.ok());
    return GuardedFiles(outcome.config);
  }
  Texts exposures(const std::string& text) {
    return of(text).exposures(disk_, kAccount, [this](const std::string& path) {
      const auto at = disk_.links.find(path);
      return at == disk_.links.end() ? path : at->second;
    });
  }
  Texts access(const std::string& text) {
    const auto answer = [](const std::map<std::string, Error>& errors, const std::string& path) {
      const auto at = errors.find(path);
      return at == errors.end() ? Status() : Status(at->second);
    };
    return of(text).wrong_access({[&](const std::string& path) { return answer(unreadable_, path); },
                                  [&](const std::string& path) { return answer(unwritable_, path); }});
  }
  static Error denied(const std::string& path) {
    return Error{"Could not read " + path + " : Permission denied", ErrorKind::Permission};
  }

  Disk disk_;
  std::map<std::string, Error> unreadable_, unwritable_;
};

TEST_F(GuardedFilesTest, AreWellWhereTheyAreOfRootOrOfTheAccount) {
  disk_.file("/etc/a", 0640, 0, 991);
  disk_.file("/etc/b", 0600, 990, 991);
  disk_.file("/etc/c", 0644);
  EXPECT_EQ(exposures("keyfile /etc/a\nntskeysecret /etc/b\nntsservercert /etc/c\nntsserverkey /etc/missing"), Texts{});
}

TEST_F(GuardedFilesTest, AnotherOwnerMayChangeThem) {
  disk_.file("/etc/a", 0600, 1000, 991);
  EXPECT_EQ(exposures("keyfile /etc/a"),
            Texts{"Wrong owner of /etc/a (UID 1000, neither root nor the account of the daemon)"});
}

TEST_F(GuardedFilesTest, AnotherGroupMayReadButNotChangeThem) {
  disk_.file("/etc/a", 0640, 0, 50);
  EXPECT_EQ(exposures("keyfile /etc/a"), Texts{});
  disk_.file("/etc/a", 0660, 0, 50);
  EXPECT_EQ(exposures("keyfile /etc/a"), Texts{"Group-writable permissions on /etc/a (GID 50)"});
  disk_.file("/etc/a", 0660, 0, 991);
  EXPECT_EQ(exposures("keyfile /etc/a"), Texts{});
}

TEST_F(GuardedFilesTest, WhatEverybodyMayDoWithASecretIsToldByWhoLoadsIt) {
  disk_.file("/etc/a", 0646);
  EXPECT_EQ(exposures("keyfile /etc/a"), Texts{});
  EXPECT_EQ(of("keyfile /etc/a").open_secrets(disk_), Texts{"World-readable permissions on /etc/a"});
  disk_.file("/etc/a", 0642);
  EXPECT_EQ(of("keyfile /etc/a").open_secrets(disk_), Texts{"World-writable permissions on /etc/a"});
}

TEST_F(GuardedFilesTest, ACertificateMayBeReadByEverybodyButNotChanged) {
  const std::string text = "ntsservercert /etc/c\nntsserverkey /etc/k\nntstrustedcerts /etc/t";
  disk_.file("/etc/k", 0600);
  for (const char* path : {"/etc/c", "/etc/t"}) {
    disk_.file("/etc/c", 0644);
    disk_.file("/etc/t", 0644);
    EXPECT_EQ(exposures(text), Texts{});
    EXPECT_EQ(of(text).open_secrets(disk_), Texts{});
    disk_.file(path, 0646);
    EXPECT_EQ(exposures(text), Texts{std::string("World-writable permissions on ") + path});
  }
}

TEST_F(GuardedFilesTest, WhoMayRenameInADirectoryMayChangeItsFiles) {
  disk_.directory_at("/open", 0777);
  disk_.directory_at("/open/sub", 0755);
  for (const char* name : {"/open/sub/a", "/open/sub/b"}) disk_.file(name, 0600);
  EXPECT_EQ(exposures("keyfile /open/sub/a\nntskeysecret /open/sub/b"), Texts{"World-writable permissions on /open"})
      << "named once";
  disk_.directory_at("/open", 01777);
  EXPECT_EQ(exposures("keyfile /open/sub/a\nntskeysecret /open/sub/b"), Texts{});
  disk_.directory_at("/open", 0775, 0, 50);
  disk_.directory_at("/open/sub", 0755, 1000);
  EXPECT_EQ(exposures("keyfile /open/sub/a"),
            (Texts{"Wrong owner of /open/sub (UID 1000, neither root nor the account of the daemon)",
                   "Group-writable permissions on /open (GID 50)"}));
}

TEST_F(GuardedFilesTest, ALinkIsAsSafeAsBothWays) {
  disk_.directory_at("/open", 0777);
  disk_.file("/open/real", 0600);
  disk_.file("/etc/link", 0600);  // as stat() shows what it leads to
  disk_.links["/etc/link"] = "/open/real";
  EXPECT_EQ(exposures("keyfile /etc/link"), Texts{"World-writable permissions on /open"});
  disk_.file("/etc/real", 0600);
  disk_.file("/open/link", 0600);
  disk_.links["/open/link"] = "/etc/real";
  EXPECT_EQ(exposures("keyfile /open/link"), Texts{"World-writable permissions on /open"});
}

TEST_F(GuardedFilesTest, TheStickyBitDoesNotSaveWhatIsStillToBeMade) {
  disk_.directory_at("/state", 01777);
  EXPECT_EQ(exposures("ntsdumpdir /state"), Texts{"World-writable permissions on /state"});
  EXPECT_EQ(exposures("ntsdumpdir /state/"), Texts{"World-writable permissions on /state"});
  disk_.directory_at("/state", 0750, 990, 991);
  EXPECT_EQ(exposures("ntsdumpdir /state"), Texts{});
}

TEST_F(GuardedFilesTest, KeysThatOthersChangeAreOneFile) {
  disk_.directory_at("/state", 0755);
  disk_.file("/state/ntskeys", 0604, 1000);
  const std::string text = "ntsdumpdir /state\nntsrotate 0";
  EXPECT_EQ(exposures(text),
            Texts{"Wrong owner of /state/ntskeys (UID 1000, neither root nor the account of the daemon)"});
  EXPECT_EQ(of(text).open_secrets(disk_), Texts{"World-readable permissions on /state/ntskeys"});
  EXPECT_EQ(access(text), Texts{}) << "the account may be who copies it";
}

TEST_F(GuardedFilesTest, ReadersShouldReadAndNotWrite) {
  const std::string text = "keyfile /etc/a\nntsservercert /etc/c\nntsserverkey /etc/k\nntskeysecret /etc/s";
  for (const char* path : {"/etc/a", "/etc/c", "/etc/k", "/etc/s"}) unwritable_.insert({path, denied(path)});
  EXPECT_EQ(access(text), Texts{});
  unreadable_.insert({"/etc/k", denied("/etc/k")});
  EXPECT_EQ(access(text), Texts{"Missing read access to /etc/k : Permission denied"});
  unwritable_.clear();
  EXPECT_EQ(access(text), (Texts{"Having write access to /etc/a", "Missing read access to /etc/k : Permission denied",
                                 "Having write access to /etc/c", "Having write access to /etc/s"}));
}

TEST_F(GuardedFilesTest, WhatIsNotThereIsNotTheirs) {
  unreadable_.insert({"/etc/a", Error{"Could not read /etc/a : not there", ErrorKind::NotFound}});
  EXPECT_EQ(access("keyfile /etc/a"), Texts{});
}

TEST_F(GuardedFilesTest, StateMustBeWritten) {
  EXPECT_EQ(access("ntsdumpdir /state"), Texts{});
  unwritable_.insert({"/state", Error{"Could not write /state : Read-only file system"}});
  EXPECT_EQ(access("ntsdumpdir /state"), Texts{"Missing write access to /state : Read-only file system"});
}

TEST_F(GuardedFilesTest, StateNeedsItsDirectory) {
  unreadable_.insert({"/nodir", Error{"Could not read /nodir : No such file or directory", ErrorKind::NotFound}});
  EXPECT_EQ(access("driftfile /nodir/drift"), Texts{"Missing write access to /nodir : No such file or directory"});
}

TEST_F(GuardedFilesTest, StateIsAlsoTheRateOfTheClockAndWhatWasMeasured) {
  unwritable_.insert({"/state", denied("/state")});
  unwritable_.insert({"/dump", denied("/dump")});
  const std::string text = "driftfile /state/drift\ndumpdir /dump\nntsdumpdir /state";
  EXPECT_EQ(access(text), (Texts{"Missing write access to /state : Permission denied",
                                 "Missing write access to /dump : Permission denied"}));
  disk_.directory_at("/state", 0777);
  EXPECT_EQ(exposures(text), Texts{"World-writable permissions on /state"});
  auto outcome = config::parse_text(disk_, text + "\nport 0", "t.conf");
  outcome.config.run.purpose = config::RunOptions::Purpose::MeasureClock;
  outcome.config.nts.dump_directory.clear();
  EXPECT_EQ(GuardedFiles(outcome.config).exposures(disk_, kAccount, [](const std::string& path) { return path; }),
            Texts{})
      << "who only measures keeps nothing";
}

}  // namespace
}  // namespace timed::daemon
