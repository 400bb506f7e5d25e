#include "timed/base/statement_words.h"

#include <gtest/gtest.h>

#include <string>

namespace timed {
namespace {

std::string joined(std::string_view line) {
  std::string text;
  for (const Word& word : statement_words(line)) text += std::string(word.text) + "|";
  return text;
}

TEST(StatementWords, EndAtACommentAndAtANul) {
  EXPECT_EQ(joined("  server a\tiburst "), "server|a|iburst|");
  EXPECT_EQ(joined("server a # iburst"), "server|a|");
  EXPECT_EQ(joined("server a#b !c"), "server|a#b|!c|") << "only at the begin of a word, and only #";
  EXPECT_EQ(joined(std::string_view("server a\0 iburst", 16)), "server|a|");
}

TEST(StatementWords, AreNoneInALineThatIsAComment) {
  for (const char* line : {"", "  ", "# server", " !server", ";", "%a b"}) EXPECT_EQ(joined(line), "") << line;
}

}  // namespace
}  // namespace timed
