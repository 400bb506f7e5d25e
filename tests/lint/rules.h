// The rules: layers and walls of docs/architecture.md, banned calls, lengths, form.  Each takes what it judges as
// arguments, so that the tests can show it a bad sample.
#ifndef TIMED_TESTS_LINT_RULES_H_
#define TIMED_TESTS_LINT_RULES_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace timed::lint {

inline constexpr std::size_t kMaxFunctionLines = 60;
inline constexpr std::size_t kMaxFileLines = 700;
inline constexpr std::size_t kSoftFileLines = 400;
inline constexpr std::size_t kMaxColumns = 120;

struct Finding {
  std::string file;
  std::size_t line = 0;
  std::string message;
  std::string to_string() const;
};
using Findings = std::vector<Finding>;

// A file of the tree: its path below the source directory ("src/base/log.cc") and its text.
struct SourceFile {
  std::string path;
  std::string text;
};

// Which rooms a room may include, itself not named.
using RoomTable = std::map<std::string, std::set<std::string>>;

// The table from the timed_room() and timed_program() lines of the top CMakeLists.txt.  A room gets exactly what its
// line names; the programs ("main", "timedc") and their common room "client" also what that brings with it.
RoomTable read_room_table(std::string_view cmake);

// "src/base/log.cc" and "include/timed/base/log.h" -> "base"; "src/main.cc" -> "main"; empty for anything else.
std::string room_of(std::string_view path);

Findings check_include_direction(const SourceFile& file, const RoomTable& rooms);
// What must never depend on what, whatever the table says.
Findings check_walls(const SourceFile& file);
Findings check_system_headers(const SourceFile& file);
Findings check_banned_words(const SourceFile& file);
Findings check_function_length(const SourceFile& file);
Findings check_file_length(const SourceFile& file);
// Columns, tabs, blanks at the end of a line, the last line break.
Findings check_form(const SourceFile& file);
Findings check_unfinished_marks(const SourceFile& file);
Findings check_include_guard(const SourceFile& file);
// Each src/ROOM/x.cc has its header, public or private.
Findings check_header_exists(const SourceFile& file, const std::set<std::string>& all_paths);
// Words that the text of a manual page does not mention.
std::vector<std::string> find_undocumented(std::string_view manual_page, const std::vector<std::string>& words);

}  // namespace timed::lint

#endif  // TIMED_TESTS_LINT_RULES_H_
