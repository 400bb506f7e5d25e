// The tree is judged by the rules, and each rule by a sample that it must refuse: a rule that cannot fail is none.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/lint/rules.h"
#include "tests/lint/scanner.h"
#include "timed/config/directives.h"

namespace timed::lint {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

const std::filesystem::path kRoot = TIMED_SOURCE_DIR;

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> kFiles = [] {
    std::vector<SourceFile> files;
    for (const char* top : {"include", "src"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / top)) {
        const auto extension = entry.path().extension();
        if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
        files.push_back({std::filesystem::relative(entry.path(), kRoot).generic_string(), read_file(entry.path())});
      }
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return files;
  }();
  return kFiles;
}

void expect_clean(const std::function<Findings(const SourceFile&)>& rule) {
  ASSERT_GT(tree().size(), 30u) << "the source tree was not found under " << kRoot;
  for (const SourceFile& file : tree()) {
    for (const Finding& finding : rule(file)) ADD_FAILURE() << finding.to_string();
  }
}

SourceFile sample(std::string path, std::string text) {
  return {std::move(path), std::move(text)};
}

std::string lines_of(std::size_t count, const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line + "\n";
  return text;
}

// ---- the tree ----

TEST(LintTree, IncludesPointDown) {
  const RoomTable rooms = read_room_table(read_file(kRoot / "CMakeLists.txt"));
  ASSERT_GE(rooms.size(), 14u);
  expect_clean([&](const SourceFile& file) { return check_include_direction(file, rooms); });
}
TEST(LintTree, WallsStand) {
  expect_clean(check_walls);
}
TEST(LintTree, SystemHeadersStayBehindTheSeams) {
  expect_clean(check_system_headers);
}
TEST(LintTree, NoBannedWords) {
  expect_clean(check_banned_words);
}
TEST(LintTree, FunctionsAreShort) {
  expect_clean(check_function_length);
}
TEST(LintTree, FilesAreShort) {
  expect_clean(check_file_length);
  for (const SourceFile& file : tree()) {
    const std::size_t lines = split_lines(file.text).size();
    if (lines > kSoftFileLines) std::printf("above the soft limit: %s has %zu lines\n", file.path.c_str(), lines);
  }
}
TEST(LintTree, Form) {
  expect_clean(check_form);
}
TEST(LintTree, NothingUnfinished) {
  expect_clean(check_unfinished_marks);
}
TEST(LintTree, IncludeGuards) {
  expect_clean(check_include_guard);
}
TEST(LintTree, EachSourceHasItsHeader) {
  std::set<std::string> paths;
  for (const SourceFile& file : tree()) paths.insert(file.path);
  expect_clean([&](const SourceFile& file) { return check_header_exists(file, paths); });
}

TEST(LintTree, EachDirectiveIsDocumented) {
  const auto page = kRoot / "docs" / "timed.conf.5";
  ASSERT_TRUE(std::filesystem::exists(page)) << page;
  std::vector<std::string> words;
  for (const std::string_view word : config::directive_words()) words.emplace_back(word);
  ASSERT_GE(words.size(), 100u);
  for (const std::string& word : find_undocumented(read_file(page), words)) {
    ADD_FAILURE() << page << " does not mention " << word;
  }
}

// ---- the scanner ----

TEST(LintScanner, BlanksCommentsAndLiterals) {
  EXPECT_EQ(blank_comments_and_literals("a // {\nb /* {\n */ c"), "a     \nb     \n    c");
  EXPECT_EQ(blank_comments_and_literals(R"x(f("{\"}", '{', '\'', 1'000, u8'a');)x"),
            R"x(f("    ", ' ', '  ', 1'000, u8' ');)x");
  EXPECT_EQ(blank_comments_and_literals("x = R\"q({)\"}\n\" )q\"; }"), "x = R\"      \n    \"; }");
  EXPECT_EQ(blank_comments_and_literals("// one \\\n two {\n}"), "        \n      \n}");
  EXPECT_EQ(blank_comments_and_literals("\"open"), "\"    ");
}

TEST(LintScanner, FindsFunctionBodies) {
  const auto found = find_functions(R"x(
#define MACRO(x) void x() { \
  }
namespace a {
inline namespace b {
struct S : Base<int> {
  S(int v) : v_{v}, w_(1) {
    go("}");
  }
  bool operator==(const S&) const { return '{' == '}'; }
  enum class E : int { A, B };
  int v_ = {};
  std::array<int, 2> w_{{1, 2}};
};
template <class T>
auto f(T t) -> std::vector<T> {
  const auto g = [](int) {
    return 1;
  };
  if (t) {
  } else {
  }
}
constexpr Row kTable[] = {
  {"a", [](Config& c) {
    c.x = 1;
  }},
};
const std::map<int, int> kMap = make({{1, 2}}, sizeof(int));
}
}
extern "C" {
int main() { return 0; }
}
)x");
  std::vector<std::string> names;
  for (const auto& body : found) {
    if (body.name != "S" && body.name != "w_" && body.name != "(unnamed)") {
      names.push_back(body.name + " " + std::to_string(body.lines()));
    }
  }
  // The constructor counts as what begins its body; what stands before are initialisers of one line.
  const auto longest =
      std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.lines() < b.lines(); });
  EXPECT_EQ(longest->name, "f");
  EXPECT_EQ(longest->lines(), 8u);
  EXPECT_NE(std::find(names.begin(), names.end(), "main 1"), names.end());
  const auto with_lines = [&](std::size_t first, std::size_t last) {
    return std::any_of(found.begin(), found.end(),
                       [&](const auto& body) { return body.first_line == first && body.last_line == last; });
  };
  EXPECT_TRUE(with_lines(7, 9)) << "constructor behind an initialiser list with braces";
  EXPECT_TRUE(with_lines(10, 10)) << "operator";
  EXPECT_TRUE(with_lines(25, 27)) << "lambda in a table";
  EXPECT_FALSE(with_lines(24, 28)) << "a table is not a function";
  EXPECT_FALSE(with_lines(6, 14)) << "a class is not a function";
}

// ---- each rule refuses its sample ----

const RoomTable kRooms = read_room_table(R"(
timed_room(base)
timed_room(ntp        USES base)
timed_room(os         USES base   LIBS PkgConfig::CAP)
timed_room(client     USES os)
timed_program(timed  SOURCES src/main.cc             USES ntp os)
)");

TEST(LintRules, RoomTable) {
  EXPECT_EQ(kRooms.at("ntp"), (std::set<std::string>{"base"}));
  EXPECT_EQ(kRooms.at("os"), (std::set<std::string>{"base"}));
  EXPECT_EQ(kRooms.at("client"), (std::set<std::string>{"base", "os"}));
  EXPECT_EQ(kRooms.at("main"), (std::set<std::string>{"base", "ntp", "os"}));
}

TEST(LintRules, IncludeDirection) {
  EXPECT_EQ(check_include_direction(sample("src/base/a.cc", "#include \"timed/ntp/packet.h\"\n"), kRooms).size(), 1u);
  EXPECT_EQ(check_include_direction(sample("src/ntp/a.cc", "#include \"../base/b.h\"\n"), kRooms).size(), 1u);
  EXPECT_EQ(check_include_direction(sample("src/attic/a.cc", ""), kRooms).size(), 1u);
  EXPECT_TRUE(check_include_direction(sample("src/ntp/a.cc", "#include \"timed/base/b.h\"\n#include \"a.h\"\n"), kRooms)
                  .empty());
  EXPECT_TRUE(check_include_direction(sample("src/base/a.cc", "// #include \"timed/ntp/packet.h\"\n"), kRooms).empty());
}

TEST(LintRules, Walls) {
  const auto refused = [](const char* path, const std::string& include) {
    return check_walls(sample(path, "#include \"" + include + "\"\n")).size();
  };
  EXPECT_EQ(refused("src/daemon/engine.cc", "timed/os/loop.h"), 1u);
  EXPECT_EQ(refused("src/main.cc", "timed/os/loop.h"), 0u);
  EXPECT_EQ(refused("src/client/session.cc", "timed/os/loop.h"), 1u);
  EXPECT_EQ(refused("include/timed/server/server.h", "timed/config/config.h"), 1u);
  EXPECT_EQ(refused("src/discipline/reference.cc", "timed/env/clock.h"), 1u);
  EXPECT_EQ(refused("src/discipline/local_clock.cc", "timed/env/clock.h"), 0u);
  EXPECT_EQ(refused("src/discipline/selection.cc", "timed/base/log.h"), 1u);
  EXPECT_EQ(refused("src/sources/source_set.cc", "timed/base/log.h"), 0u);
  EXPECT_EQ(refused("src/discipline/selection.cc", "timed/sources/options.h"), 1u);
  EXPECT_EQ(refused("src/server/server.cc", "timed/sources/source_set.h"), 1u);
  EXPECT_EQ(refused("src/sources/source_set.cc", "timed/server/acl.h"), 1u);
  EXPECT_EQ(refused("src/control/control_server.cc", "timed/server/acl.h"), 1u);
  EXPECT_EQ(refused("src/nts/ke_record.cc", "timed/config/config.h"), 1u);
  EXPECT_EQ(refused("src/nts/ke_record.cc", "timed/server/acl.h"), 1u);
  EXPECT_EQ(refused("src/nts/ke_record.cc", "timed/base/log.h"), 1u);
  EXPECT_EQ(refused("src/nts/ke_record.cc", "timed/auth/aead.h"), 0u);
  EXPECT_EQ(refused("src/client/session.cc", "timed/sources/source_set.h"), 1u);
  EXPECT_EQ(refused("src/client/session.cc", "timed/sources/options.h"), 0u);
  EXPECT_EQ(refused("src/base/log.cc", "tests/sim/world.h"), 1u);
  EXPECT_EQ(check_walls(sample("src/server/acl.cc", "#include <string>\n#include <functional>\n")).size(), 2u);
  EXPECT_TRUE(check_walls(sample("src/server/acl.cc", "#include <string_view>\n")).empty());
}

TEST(LintRules, SystemHeaders) {
  EXPECT_EQ(check_system_headers(sample("src/server/server.cc", "#include <sys/socket.h>\n#include <poll.h>\n")).size(),
            2u);
  EXPECT_TRUE(check_system_headers(sample("src/os/udp.cc", "#include <sys/socket.h>\n")).empty());
  EXPECT_EQ(check_system_headers(sample("src/os/udp.cc", "#include <openssl/evp.h>\n")).size(), 1u);
  EXPECT_TRUE(check_system_headers(sample("src/os/random.cc", "#include <openssl/rand.h>\n")).empty());
  EXPECT_EQ(check_system_headers(sample("src/os/random.cc", "#include <openssl/evp.h>\n")).size(), 1u);
  EXPECT_EQ(check_system_headers(sample("include/timed/nts/x.h", "#include <openssl/ssl.h>\n")).size(), 1u);
  EXPECT_TRUE(check_system_headers(sample("src/nts/x.cc", "#include <openssl/ssl.h>\n")).empty());
  EXPECT_EQ(check_system_headers(sample("src/daemon/x.cc", "#include <nlohmann/json.hpp>\n")).size(), 1u);
  EXPECT_EQ(check_system_headers(sample("src/client/json.cc", "#include <nlohmann/json.hpp>\n")).size(), 0u);
}

TEST(LintRules, BannedWords) {
  for (const char* bad : {"clock_gettime(0, &t);", "x = ::time(nullptr);", "std::time(0);", "return rand();",
                          "std::random_device d;", "std::chrono::seconds s;", "int fd = socket(AF_INET, 0, 0);",
                          "adjtimex(&tx);", "std::ifstream in;", "std::thread t;", "volatile int x;", "assert(x);",
                          "strcpy(a, b);", "std::sprintf(a, b);", "getrandom(a, 1, 0);", "std::exit(1);",
                          "std::printf(\"x\");", "std::strtoull(s, 0, 10);"}) {
    const auto findings = check_banned_words(sample("src/daemon/engine.cc", std::string("void f() { ") + bad + " }\n"));
    EXPECT_EQ(findings.size(), 1u) << bad;
  }
  for (const char* good :
       {"stamp.time();", "RawTime time() const;", "static_assert(true);", "p->socket(1);", "// assert(x)\n",
        "log(\"rand()\");", "a.thread; my::thread t;", "asm volatile(\"\");", "Udp::socket(1);"}) {
    EXPECT_TRUE(check_banned_words(sample("src/daemon/engine.cc", good)).empty()) << good;
  }
  EXPECT_TRUE(
      check_banned_words(sample("src/os/clock.cc", "adjtimex(&tx); clock_gettime(0, &t); std::thread x;")).empty());
  EXPECT_EQ(check_banned_words(sample("src/client/a.cc", "socket(1, 2, 3); std::thread x;")).size(), 1u);
}

TEST(LintRules, FunctionLength) {
  const std::string head = "int f() {\n", body = "  call(\"{\");\n";
  const auto with_body = [&](std::size_t lines) { return head + lines_of(lines, "  call(\"{\");") + "}\n"; };
  EXPECT_TRUE(check_function_length(sample("src/a.cc", with_body(58))).empty());
  const auto findings = check_function_length(sample("src/a.cc", with_body(59)));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].message, "f has 61 lines, the limit is 60");
}

TEST(LintRules, FileLength) {
  EXPECT_TRUE(check_file_length(sample("src/a.cc", lines_of(700, "x"))).empty());
  EXPECT_EQ(check_file_length(sample("src/a.cc", lines_of(701, "x"))).size(), 1u);
}

TEST(LintRules, Form) {
  EXPECT_EQ(check_form(sample("a", std::string(121, 'x') + "\n")).size(), 1u);
  EXPECT_EQ(check_form(sample("a", "a\tb\n")).size(), 1u);
  EXPECT_EQ(check_form(sample("a", "a \n")).size(), 1u);
  EXPECT_EQ(check_form(sample("a", "a\r\n")).size(), 1u);
  EXPECT_EQ(check_form(sample("a", "a")).size(), 1u);
  std::string dots = "// ";
  for (int i = 0; i < 117; ++i) dots += "…";
  EXPECT_TRUE(check_form(sample("a", dots + "\n")).empty());
}

TEST(LintRules, UnfinishedMarks) {
  EXPECT_EQ(check_unfinished_marks(sample("a", "// TODO: later\nint x;  // FIXME\n// XXX\n")).size(), 3u);
  EXPECT_TRUE(check_unfinished_marks(sample("a", "XXXX todo\n")).empty());
}

TEST(LintRules, IncludeGuard) {
  const std::string good = "#ifndef TIMED_BASE_A_H_\n#define TIMED_BASE_A_H_\nint x;\n#endif  // TIMED_BASE_A_H_\n";
  EXPECT_TRUE(check_include_guard(sample("include/timed/base/a.h", "// Text.\n" + good)).empty());
  EXPECT_TRUE(check_include_guard(sample("src/base/a.h", good)).empty());
  EXPECT_TRUE(check_include_guard(
                  sample("src/base/a.h", "#ifndef TIMED_SRC_BASE_A_H_\n#define TIMED_SRC_BASE_A_H_\nint x;\n#endif\n"))
                  .empty());
  EXPECT_EQ(check_include_guard(sample("include/timed/base/b.h", good)).size(), 1u);
  EXPECT_EQ(check_include_guard(sample("include/timed/base/a.h", "#pragma once\nint x;\n")).size(), 1u);
}

TEST(LintRules, HeaderExists) {
  const std::set<std::string> paths = {"include/timed/base/a.h", "src/base/b.h"};
  EXPECT_TRUE(check_header_exists(sample("src/base/a.cc", ""), paths).empty());
  EXPECT_TRUE(check_header_exists(sample("src/base/b.cc", ""), paths).empty());
  EXPECT_EQ(check_header_exists(sample("src/base/c.cc", ""), paths).size(), 1u);
  EXPECT_EQ(check_header_exists(sample("src/config/scalars.cc", ""), paths).size(), 1u);
}

TEST(LintRules, Undocumented) {
  EXPECT_EQ(find_undocumented("\\fBserver\\fR and .B makestep\n", {"server", "makestep", "pool"}),
            (std::vector<std::string>{"pool"}));
}

}  // namespace
}  // namespace timed::lint
