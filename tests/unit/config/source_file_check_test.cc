#include "timed/config/source_file_check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "timed/sources/source_files.h"

namespace timed::config {
namespace {

std::vector<Diagnostic> check(const std::string& text) {
  std::vector<Diagnostic> warnings;
  check_source_lines(
      text, "a.sources", [](const auto&) { return std::vector<SourceLack>(); }, warnings);
  return warnings;
}

TEST(SourceFileCheck, SaysWhereAndWhatWasProbablyMeant) {
  const auto warnings = check("# of the site\nserver 192.0.2.1 ibrust\n\nserver 192.0.2.2 iburst");
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(to_lines(warnings[0]),
            (std::vector<std::string>{"Passed over : Invalid option in server directive at line 2 in file a.sources",
                                      "  column 18:", "    server 192.0.2.1 ibrust", "                     ^~~~~~",
                                      "  expected: an option of a source, as iburst", "  did you mean `iburst`?"}));
  EXPECT_EQ(warnings[1].summary, "Passed over : Unfinished last line at line 4 in file a.sources");
  EXPECT_EQ(warnings[1].position, "column 24");
}

TEST(SourceFileCheck, OnlySourcesBelongThere) {
  const auto warnings = check("allow 192.0.2.0/24\nsevrer a\n");
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0].summary, "Passed over : Invalid directive allow at line 1 in file a.sources");
  EXPECT_EQ(warnings[0].expected, "a line that begins with server, pool or peer");
  EXPECT_EQ(warnings[1].suggestion, "server");
}

TEST(SourceFileCheck, WhatIsOddInALineThatIsTakenIsToldAsInAConfiguration) {
  const auto warnings = check("server a minsamples 9 maxsamples 3\n");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].summary, "Unusual value 9 in server directive at line 1 in file a.sources");
}

// Whoever mends what is told has mended all, and nothing is told of a line that a daemon takes.
TEST(SourceFileCheck, TellsOfExactlyTheLinesThatADaemonPassesOver) {
  const std::string long_line = "server a" + std::string(2047 - 8, ' ');
  for (const std::string& text :
       {std::string("server a\n"), std::string("SERVER a\n"), std::string("server\n"), std::string("pool p ipv4\n"),
        std::string("peer p key\n"), std::string("server a nonsense\n"), std::string("server a # b\n"),
        std::string("\n"), std::string("  ! x\n"), std::string("server a"), std::string("# a"), std::string("  "),
        long_line + "\n", long_line.substr(1) + "\n", std::string(3000, ' ') + "\n", std::string("allow\n"),
        std::string("server a\0 nonsense\n", 19), std::string("\0server\n", 8), std::string("#server a x\n")}) {
    sources::FoundSources found;
    sources::read_source_lines(text, "a.sources", found);
    EXPECT_EQ(check(text).size(), found.passed_over.size()) << text;
  }
}

TEST(SourceFileCheck, IsBounded) {
  std::string text;
  for (int line = 0; line < 3000; ++line) text += "servr\n";
  EXPECT_EQ(check(text).size(), kMaxDiagnostics + 1);
}

}  // namespace
}  // namespace timed::config
