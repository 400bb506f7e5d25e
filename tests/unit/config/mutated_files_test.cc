// Ten thousand configurations of which something was damaged: the fuzz target's examples, the shipped file and its
// dictionary, cut, doubled, swapped and overwritten.  The same ones each time; TIMED_SEED takes others.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "memory_files.h"
#include "timed/base/random.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

std::string read_source(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

// Named by its content: hardly one of those is right, damaged or not.
bool was_found_by_a_fuzzer(const std::filesystem::path& path) {
  constexpr std::size_t kHashDigits = 40;
  const std::string name = path.filename().string();
  return name.size() == kHashDigits && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<std::string> examples() {
  const std::filesystem::path root = TIMED_SOURCE_DIR;
  std::vector<std::filesystem::path> paths = {root / "conf/timed.conf"};
  for (const auto& entry : std::filesystem::directory_iterator(root / "tests/fuzz/corpus/config")) {
    if (!was_found_by_a_fuzzer(entry.path())) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const auto& path : paths) texts.push_back(read_source(path));
  return texts;
}

class Mutations {
 public:
  explicit Mutations(std::uint64_t seed) : random_(seed), examples_(examples()) {}

  std::string next() {
    std::string text = examples_[below(examples_.size())];
    for (std::size_t count = 1 + below(6); count > 0; --count) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_.next() % limit); }

  void change(std::string& text) {
    static const std::vector<std::string> kNumbers = {
        "nan", "-inf", "1e999", "-1", "0x1p-1074", "4294967296", "99999999999999999999", "-2147483649", "0", "1e-400"};
    const std::size_t at = below(text.size());
    const std::size_t length = std::min(below(40), text.size() - at);
    const auto words = directive_words();
    switch (below(9)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(below(text.size() + 1), 1 + below(200)));
        break;
      case 2:
        if (!text.empty()) text[at] = static_cast<char>(random_.next());
        break;
      case 3:
        text.insert(at, 1, static_cast<char>(random_.next()));
        break;
      case 4:
        text.insert(at, " " + kNumbers[below(kNumbers.size())] + " ");
        break;
      case 5:
        text.insert(at, "\n" + std::string(words[below(words.size())]) + " ");
        break;
      case 6:
        replace_number(text, at, kNumbers[below(kNumbers.size())]);
        break;
      case 7: {
        const std::string& other = examples_[below(examples_.size())];
        text.insert(at, other.substr(below(other.size() + 1), below(300)));
        break;
      }
      default:
        text.resize(at);
    }
  }

  static void replace_number(std::string& text, std::size_t at, const std::string& number) {
    const char* digits = "0123456789";
    const std::size_t begin = text.find_first_of(digits, at);
    if (begin == std::string::npos) return;
    const std::size_t end = std::min(text.find_first_not_of(digits, begin), text.size());
    text.replace(begin, end - begin, number);
  }

  SeededRandom random_;
  std::vector<std::string> examples_;
};

void expect_printable(const ParseOutcome& outcome) {
  for (const std::string& line : check_report(outcome, "/main.conf")) {
    const bool good = std::all_of(line.begin(), line.end(),
                                  [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
    EXPECT_TRUE(good) << line;
  }
}

TEST(MutatedFiles, TenThousandNeitherCrashNorHangTheParser) {
  const char* chosen = std::getenv("TIMED_SEED");
  const std::uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 20240229;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Mutations mutations(seed);
  std::size_t good = 0, bad = 0;
  for (int i = 0; i < 10'000 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", file " + std::to_string(i));
    MemoryFiles files;
    const std::string text = mutations.next();
    files.files["/main.conf"] = text;
    files.files["/d/a.conf"] = "port 1\ninclude /main.conf\n";
    files.files["/d/b.conf"] = text.substr(text.size() / 2);
    const auto begin = std::chrono::steady_clock::now();
    const ParseOutcome outcome = parse_file(files, "/main.conf");
    // All of them take a few seconds: that would be a hang.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    expect_printable(outcome);
    (outcome.ok() ? good : bad) += 1;
    if (!outcome.ok()) continue;
    const ParseOutcome again = parse_directives(files, outcome.effective_lines);
    EXPECT_TRUE(again.ok()) << text;
    EXPECT_EQ(again.effective_lines, outcome.effective_lines);
  }
  // Damage that always or never makes an error would try only half of the parser.
  EXPECT_GT(good, 500u);
  EXPECT_GT(bad, 500u);
}

}  // namespace
}  // namespace timed::config
