// The lines of a file of secrets, as words, with errors that name the line.
#ifndef TIMED_SRC_AUTH_LINE_READER_H_
#define TIMED_SRC_AUTH_LINE_READER_H_

#include <algorithm>
#include <string_view>
#include <vector>

#include "timed/base/result.h"
#include "timed/base/text.h"

namespace timed::auth {

class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  // The words of the next line; none behind the end.
  std::vector<Word> next_line() {
    ++line_;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    auto words = split_words(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return words;
  }
  // What is wrong with the line that was read last.
  Error error(const char* what) const { return {format("%s in line %u", what, line_), ErrorKind::Invalid}; }
  bool has_more() const { return rest_.find_first_not_of(" \t\r\n") != std::string_view::npos; }

 private:
  std::string_view rest_;
  unsigned line_ = 0;
};

}  // namespace timed::auth

#endif  // TIMED_SRC_AUTH_LINE_READER_H_
