#include "timed/daemon/key_file.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/daemon/one_file.h"

namespace timed::daemon {
namespace {

TEST(KeyFile, tells_how_many_keys_it_has_and_what_is_wrong_with_lines) {
  CapturedLog log;
  OneFile files("/k");
  files.contents = "1 abcdefghij\n2 MD5 HEX:0\n";
  KeyFile file("/k", files);
  ASSERT_TRUE(file.load());
  EXPECT_EQ(file.keys().size(), 1u);
  EXPECT_EQ(log.lines, (std::vector<std::string>{"warning: Could not decode key 2 at line 2 in file /k",
                                                 "info: Loaded 1 symmetric keys"}));
}

TEST(KeyFile, that_cannot_be_read_is_an_error_and_the_keys_stay) {
  CapturedLog log;
  OneFile files("/k");
  files.contents = "1 abcdefghij\n";
  KeyFile file("/k", files);
  ASSERT_TRUE(file.load());
  files.contents.reset();
  const Status again = file.load();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "Could not open keyfile /k : not there");
  EXPECT_NE(file.keys().find(1), nullptr);
}

TEST(KeyFile, is_not_looked_for_where_none_was_named) {
  CapturedLog log;
  OneFile files("/k");
  KeyFile file("", files);
  EXPECT_TRUE(file.load());
  EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace timed::daemon
