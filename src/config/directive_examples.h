// An example of each directive for the manual, and what holds without a line where neither the table nor the help says
// so.  Apart from the table, which is read for what a word does.
#ifndef TIMED_SRC_CONFIG_DIRECTIVE_EXAMPLES_H_
#define TIMED_SRC_CONFIG_DIRECTIVE_EXAMPLES_H_

#include <string_view>

namespace timed::config {

struct DirectiveExample {
  std::string_view word;
  std::string_view line;          // a whole line, its word first
  std::string_view without = {};  // a sentence: what holds without a line
};

// nullptr for a word that has none; a test sees to it that there is none.
const DirectiveExample* find_example(std::string_view word);

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_DIRECTIVE_EXAMPLES_H_
