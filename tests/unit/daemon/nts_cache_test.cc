#include "timed/daemon/nts_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/daemon/one_file.h"

namespace timed::daemon {
namespace {

const std::string kPath = "/var/nts/192.0.2.1.nts";

class Cache : public testing::Test {
 protected:
  static sources::KeyServer server(const std::string& name = "ntp.example.net") {
    return {Endpoint{IpAddress::v4(0xc0000201), 4460, 0}, name, 0};
  }
  static sources::SavedKeys keys() {
    sources::SavedKeys keys;
    keys.server = server();
    keys.fetched.ntp = Endpoint{IpAddress::v4(0xc0000202), 4123, 0};
    keys.fetched.session.established = LocalTime::from_seconds(1'700'000'000);
    keys.fetched.session.number = 4;
    keys.fetched.session.cookies.assign(3, std::vector<std::byte>(100, std::byte{0x55}));
    return keys;
  }

  CapturedLog log;
  OneFile files{kPath};
  NtsCache cache{"/var/nts", files};
};

TEST_F(Cache, what_is_saved_is_taken_once) {
  cache.save(keys());
  EXPECT_EQ(files.mode, 0600u);
  const auto taken = cache.take(server());
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->ntp, keys().fetched.ntp);
  EXPECT_EQ(taken->session.number, 4u);
  EXPECT_EQ(taken->session.cookies.size(), 3u);
  EXPECT_FALSE(files.contents.has_value());
  EXPECT_FALSE(cache.take(server()).has_value());
  for (const std::string& line : log.lines) EXPECT_TRUE(line.starts_with("debug")) << line;
}

TEST_F(Cache, what_is_of_another_name_is_not_taken) {
  cache.save(keys());
  EXPECT_FALSE(cache.take(server("other.example.net")).has_value());
}

TEST_F(Cache, a_damaged_file_is_told_of_and_gone) {
  files.contents = "NNC0\nntp.example.net\nyesterday\n";
  EXPECT_FALSE(cache.take(server()).has_value());
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_EQ(log.lines[0], "warning: Could not load NTS keys from " + kPath + " : Invalid time in line 3");
  EXPECT_FALSE(files.contents.has_value());
}

TEST_F(Cache, cookies_that_would_be_there_again_are_not_used) {
  cache.save(keys());
  files.unremovable = Error{"Could not remove " + kPath + " : Read-only file system"};
  EXPECT_FALSE(cache.take(server()).has_value());
  EXPECT_EQ(log.lines.size(), 1u);
}

TEST_F(Cache, is_emptied_by_keys_that_were_established) {
  cache.save(keys());
  cache.remove(server());
  EXPECT_FALSE(files.contents.has_value());
  cache.remove(server());
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(Cache, nothing_is_kept_without_a_directory) {
  NtsCache none{"", files};
  none.save(keys());
  none.remove(server());
  EXPECT_FALSE(none.take(server()).has_value());
  EXPECT_EQ(files.writes, 0u);
  EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace timed::daemon
