// Reads configuration files, or directives given on the command line, into a Config.  Reads files through env::Files
// and does nothing else; all errors of all files are collected.
#ifndef TIMED_CONFIG_PARSER_H_
#define TIMED_CONFIG_PARSER_H_

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timed/config/config.h"
#include "timed/config/diagnostic.h"
#include "timed/env/files.h"

namespace timed::config {

inline constexpr std::size_t kMaxIncludeLevel = 10;  // the main file is level 1
inline constexpr std::size_t kMaxFiles = 65536;      // read in all
inline constexpr std::size_t kMaxDirectories = 10;   // in one confdir line

// The line that said a directive last.
struct StatedLine {
  std::string file, text;
  std::size_t number = 0;
};

struct ParseOutcome {
  Config config;  // usable only without errors
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
  // What `timed -p` prints: every directive in the order it was read, its words as typed with one blank between them,
  // files that were included in place of the line that named them.
  std::vector<std::string> effective_lines;
  std::map<std::string_view, StatedLine> stated;  // by the directive; only lines without an error
  std::vector<StatedLine> source_lines;           // where each of config.sources was said
  // Of confdir and sourcedir lines; a start goes on without them and says nothing.
  std::vector<Diagnostic> absent_directories;

  bool ok() const { return errors.empty(); }
  // A message about what an argument of a directive asks for, with the place where it was said last, if it was.
  // argument: 1 is the first.
  Diagnostic about(std::string_view directive, std::size_t argument, std::string summary, std::string expected) const;
  // The same about an option of a source, by its index in config.sources.
  Diagnostic about_source(std::size_t index, std::string_view option, std::string summary, std::string expected) const;
};

// What is read is put over `begin`: what holds where nothing says otherwise.

// The file and all that it includes.  A name without / at its begin is relative to the working directory.
ParseOutcome parse_file(env::Files& files, const std::string& path, Config begin = {});
// A text as if it were a file of that name.
ParseOutcome parse_text(env::Files& files, std::string_view text, const std::string& name, Config begin = {});
// Each argument is one line.
ParseOutcome parse_directives(env::Files& files, std::span<const std::string> directives, Config begin = {});

// What `timed --check` prints: all errors and warnings, then one line that says how many, or that all is well.
// name is that of the file, or empty for directives of the command line.
std::vector<std::string> check_report(const ParseOutcome& outcome, const std::string& name);

}  // namespace timed::config

#endif  // TIMED_CONFIG_PARSER_H_
