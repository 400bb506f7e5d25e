// What documents say is looked up, and each rule refuses a sample.
#include "tests/lint/documents.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "timed/config/directives.h"

namespace timed::lint {
namespace {

const std::filesystem::path kRoot = TIMED_SOURCE_DIR;

SourceFile read_document(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return {std::filesystem::relative(path, kRoot).generic_string(), text.str()};
}

// What the fuzzers have found is no code.
bool is_code(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return path.string().find("/corpus/") == std::string::npos && extension != ".pcap" && extension != ".gz";
}

Names read_names() {
  Names names;
  for (const char* top : {"include", "src", "tests", "scripts", "packaging", "systemd", "conf", "cmake", "docs"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / top)) {
      if (!entry.is_regular_file() || !is_code(entry.path())) continue;
      SourceFile file = read_document(entry.path());
      if (file.path.ends_with(".md")) file.text.clear();
      names.add(file);
    }
  }
  for (const char* name : {"CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md", "SECURITY.md",
                           "CHANGELOG.md", ".clang-tidy", ".clang-format"}) {
    SourceFile file = read_document(kRoot / name);
    if (file.path.ends_with(".md")) file.text.clear();
    names.add(file);
  }
  return names;
}

const Names& names_of_tree() {
  static const Names kNames = read_names();
  return kNames;
}

// Decisions may name what was refused, and changes what is gone.
TEST(LintTree, DocumentsNameWhatThereIs) {
  const Names& names = names_of_tree();
  std::vector<std::filesystem::path> documents = {kRoot / "README.md", kRoot / "CONTRIBUTING.md",
                                                  kRoot / "SECURITY.md"};
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md" && entry.path().stem() != "decisions") documents.push_back(entry.path());
  }
  ASSERT_GE(documents.size(), 10u);
  for (const auto& path : documents) {
    for (const Finding& finding : check_names_in_document(read_document(path), names)) {
      ADD_FAILURE() << finding.to_string();
    }
  }
}

TEST(LintTree, CommentsCiteWhatAReaderFinds) {
  const Names& names = names_of_tree();
  std::size_t files = 0;
  for (const char* top : {"include", "src", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / top)) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      // Its samples are wrong on purpose.
      if (entry.path().parent_path().filename() == "lint") continue;
      ++files;
      for (const Finding& finding : check_citations(read_document(entry.path()), names)) {
        ADD_FAILURE() << finding.to_string();
      }
    }
  }
  EXPECT_GT(files, 500u);
}

TEST(LintTree, TheManualTellsTheDifferencesThatWereDecided) {
  std::set<std::string, std::less<>> directives;
  for (const std::string_view word : config::directive_words()) directives.emplace(word);
  const std::string decisions = read_document(kRoot / "docs" / "decisions.md").text;
  ASSERT_NE(decisions.find("\n### 59. `bindaddress`"), std::string::npos);
  for (const std::string& title :
       find_untold_differences(decisions, read_document(kRoot / "docs" / "timed.conf.5").text, directives)) {
    ADD_FAILURE() << "not under DIFFERENCES FROM CHRONY: " << title;
  }
}

TEST(LintRules, NamesInDocuments) {
  Names names;
  names.add({"src/base/log.cc", "namespace a { class Clock { void step(); }; void set_sink() {} }  // Log::write"});
  names.add({"tests/system/keeps_its_files.py", "def test(): pass"});
  const auto unknown = [&](const std::string& text) {
    std::string all;
    for (const Finding& finding : check_names_in_document({"d.md", text}, names)) {
      all += finding.message.substr(finding.message.rfind(' ') + 1) + "@" + std::to_string(finding.line) + " ";
    }
    return all;
  };
  EXPECT_EQ(unknown("`set_sink` and `Clock::step`, `Log::write(x)`\n`src/base/log.cc`, `log.cc` `std::set` `nice`"),
            "");
  EXPECT_EQ(unknown("`system_keeps_its_files`, `keeps_its_files`"), "");
  EXPECT_EQ(unknown("\n`set_sinks`"), "set_sinks@2 ");
  EXPECT_EQ(unknown("`Clock::slew` `Watch::step`"), "Clock::slew@1 Watch::step@1 ");
  EXPECT_EQ(unknown("`base/lock.cc` `og.cc` `/etc/x.md`"), "base/lock.cc@1 og.cc@1 ");
  EXPECT_EQ(unknown("`aClass`\n```\n`bClass`\n```\n`cClass`"), "aClass@1 cClass@5 ");
  EXPECT_EQ(unknown("`snake_case` no_code `open"), "");
}

TEST(LintRules, Citations) {
  Names names;
  names.add({"docs/decisions.md", ""});
  names.add({"include/timed/base/log.h", ""});
  const auto cited = [&](const std::string& text) { return check_citations({"a.cc", text}, names).size(); };
  EXPECT_EQ(cited("// As the rest (docs/decisions.md, 8; RFC 5905 section 7.3, \"decisions.md\").  See log.h.\n"), 0u);
  EXPECT_EQ(cited("int x;  // (spec D.1)\n"), 1u);
  EXPECT_EQ(cited("// Spec wire.md 1.9.\n"), 2u);
  EXPECT_EQ(cited("// As in (config.md, 2) and base/lock.h\n"), 2u);
  EXPECT_EQ(cited("f(\"// spec\"); timespec spec; // timespec, specific\n"), 0u);
}

TEST(LintRules, UntoldDifferences) {
  const std::string decisions =
      "# D\n\n### 1. One\n**Instead of** chrony's way. **Because** `port 0` is.\n\n### 2. Two\n**Instead of** x. "
      "**Because** chrony `pool`.\n\n### 3. `makestep`\n**Instead of** what\nchrony does. **Because** it is.\n";
  const std::string manual = ".SH A\nport\n.SH DIFFERENCES FROM CHRONY\n.B makestep\n.SH B\nport\n";
  EXPECT_EQ(find_untold_differences(decisions, manual, {"port", "pool", "makestep"}),
            (std::vector<std::string>{"1. One"}));
  EXPECT_EQ(find_untold_differences(decisions, "", {"makestep"}), (std::vector<std::string>{"3. `makestep`"}));
}

}  // namespace
}  // namespace timed::lint
