#include "timed/config/manual.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "memory_files.h"
#include "src/config/directive_examples.h"
#include "timed/config/directives.h"
#include "timed/config/parser.h"
#include "timed/sources/options.h"

namespace timed::config {
namespace {

constexpr const char* kSaysDefault[] = {"efault",         "Without",           "ithout a line", "ithout this line",
                                        "more than once", "Not available yet", "Accepted"};

std::string read_source(const std::string& path) {
  std::ifstream in(TIMED_SOURCE_DIR "/" + path);
  EXPECT_TRUE(in.good()) << path;
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

TEST(Manual, HoldsTheDirectivesOfTheTable) {
  const std::string page = read_source("docs/timed.conf.5");
  const std::string section = std::string(kManualBegin) + manual_section() + std::string(kManualEnd);
  EXPECT_NE(page.find(section), std::string::npos)
      << "docs/timed.conf.5 is behind the table: build docs_directives and run it over that file";
}

TEST(Manual, NamesEveryDirective) {
  const std::string section = manual_section();
  for (const std::string_view word : directive_words()) {
    EXPECT_NE(section.find("\n\\fB" + std::string(word) + "\\fR"), std::string::npos) << word;
  }
}

// What a reader asks of each word: what it does, what holds without it, how a line looks.
TEST(Manual, TellsOfEveryDirectiveItsDefaultAndAnExample) {
  const std::string section = manual_section();
  for (const std::string_view word : directive_words()) {
    const std::size_t begin = section.find("\n\\fB" + std::string(word) + "\\fR");
    ASSERT_NE(begin, std::string::npos) << word;
    const std::string text = section.substr(begin, section.find(".TP\n", begin) - begin);
    const bool says_default = std::any_of(std::begin(kSaysDefault), std::end(kSaysDefault),
                                          [&](const char* words) { return text.find(words) != std::string::npos; });
    EXPECT_TRUE(says_default) << word << ": say in its help or in directive_examples.cc what holds without a line";
    const auto without = text.find("Without this line ");
    EXPECT_EQ(text.find("Without this line ", without == std::string::npos ? without : without + 1), std::string::npos)
        << word << " says twice what holds without a line";
    EXPECT_NE(text.find("Example: "), std::string::npos) << word << ": give it a row in directive_examples.cc";
  }
}

TEST(Manual, TheExamplesAreRight) {
  for (const std::string_view word : directive_words()) {
    const DirectiveExample* example = find_example(word);
    ASSERT_NE(example, nullptr) << word;
    EXPECT_TRUE(example->line == word || example->line.starts_with(std::string(word) + " ")) << word;
    MemoryFiles files;
    std::string text = std::string(example->line) + "\n";
    // A certificate is nothing without its key.
    if (word == "ntsservercert") text += "ntsserverkey /a\n";
    if (word == "ntsserverkey") text += "ntsservercert /a\n";
    const ParseOutcome outcome = parse_text(files, text, "x");
    EXPECT_TRUE(outcome.ok()) << example->line;
  }
}

TEST(Manual, NamesEveryOptionOfAServer) {
  const std::string page = read_source("docs/timed.conf.5");
  const std::string options = page.substr(page.find(".SH OPTIONS OF SERVERS"));
  for (const std::string_view word : sources::source_option_words()) {
    const std::string text(word);
    EXPECT_TRUE(options.find("\\fB" + text + "\\fR") != std::string::npos ||
                options.find(".BR " + text + " ") != std::string::npos ||
                options.find(".B " + text + "\n") != std::string::npos)
        << word;
  }
}

TEST(Manual, LinesAreNeitherRequestsByAccidentNorEmpty) {
  const std::string section = manual_section();
  for (std::size_t at = 0; at < section.size(); at = section.find('\n', at) + 1) {
    const std::string line = section.substr(at, section.find('\n', at) - at);
    ASSERT_FALSE(line.empty());
    EXPECT_TRUE(line[0] != '.' || line == ".TP" || line.starts_with(".SS ")) << line;
  }
}

TEST(ShippedConfiguration, IsRightAndUsesOnlyWhatWorks) {
  MemoryFiles files;
  std::string text = read_source("conf/timed.conf");
  const ParseOutcome as_shipped = parse_text(files, text, "timed.conf");
  EXPECT_EQ(check_report(as_shipped, "timed.conf"), std::vector<std::string>{"Configuration ok: timed.conf"});
  EXPECT_FALSE(as_shipped.config.sources.empty());
  // The examples too: a # directly before a letter.
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    if (at + 2 < text.size() && text[at + 2] != ' ') text.erase(at + 1, 1);
  }
  const ParseOutcome with_examples = parse_text(files, text, "timed.conf");
  EXPECT_EQ(check_report(with_examples, "timed.conf"), std::vector<std::string>{"Configuration ok: timed.conf"});
  EXPECT_TRUE(with_examples.config.reference.local.enabled);
  EXPECT_EQ(with_examples.config.access.size(), 2u);
}

TEST(FuzzDictionary, HoldsEveryWord) {
  const std::string dictionary = read_source("tests/fuzz/config.dict");
  for (const auto words : {directive_words(), sources::source_option_words()}) {
    for (const std::string_view word : words) {
      EXPECT_NE(dictionary.find("\"" + std::string(word) + "\"\n"), std::string::npos) << word;
    }
  }
}

}  // namespace
}  // namespace timed::config
