// What an operator is told about a configuration: chrony's message first, then where exactly, and what was expected.
#ifndef TIMED_CONFIG_DIAGNOSTIC_H_
#define TIMED_CONFIG_DIAGNOSTIC_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "timed/config/directives.h"

namespace timed::config {

inline constexpr std::size_t kMaxDiagnostics = 1000;  // errors, and as many warnings; one more says that there are more

// A line as it was read.
struct LinePlace {
  std::string file;       // empty: directives of the command line, where the line is the number of the argument
  std::size_t line = 0;   // from 1
  std::string_view text;  // the line itself; used only while a Diagnostic is made of it
};

struct Diagnostic {
  std::string summary;     // chrony's message, complete: what goes to a log where one line must do
  std::string position;    // "column 12", or with line and file where the summary does not name them; may be empty
  std::string excerpt;     // the line, or as much of it as is near the column; printable characters only
  std::string marker;      // below it: blanks and "^~~~"
  std::string expected;    // empty where there is nothing to say
  std::string suggestion;  // a word that may have been meant
};

// A message without a place, as for a main file that cannot be opened.
Diagnostic make_diagnostic(const std::string& summary);
Diagnostic make_diagnostic(const LinePlace& place, const Finding& finding);

// Whether nothing more is added.
bool is_full(const std::vector<Diagnostic>& list);
// Unless it is full; the last one says that there is more.
void add_bounded(std::vector<Diagnostic>& list, Diagnostic diagnostic);

// For a terminal or a log: the summary, and the rest indented below it.  No line contains a control character.
std::vector<std::string> to_lines(const Diagnostic& diagnostic);

}  // namespace timed::config

#endif  // TIMED_CONFIG_DIAGNOSTIC_H_
