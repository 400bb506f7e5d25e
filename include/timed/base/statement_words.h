// What counts in a line of a configuration, or of a file of sources.
#ifndef TIMED_BASE_STATEMENT_WORDS_H_
#define TIMED_BASE_STATEMENT_WORDS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "timed/base/text.h"

namespace timed {

inline constexpr std::size_t kMaxStatementLine = 2047;  // bytes of a line with its newline

// The words before the first that begins with #, as views into the line; none in a comment, which is a line whose first
// word begins with one of !;#%.  What follows a NUL is not read, as chrony does.
std::vector<Word> statement_words(std::string_view line);

}  // namespace timed

#endif  // TIMED_BASE_STATEMENT_WORDS_H_
