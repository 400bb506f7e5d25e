// The text that an import makes, and the words of the lines that it is made from.
#ifndef TIMED_SRC_CLIENT_IMPORTED_TEXT_H_
#define TIMED_SRC_CLIENT_IMPORTED_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "timed/client/import.h"

namespace timed::client {

// Lines without their ends; a carriage return belongs to the end.
std::vector<std::string_view> lines_of(std::string_view text);

class ImportedText {
 public:
  // A line as it shall stand there.
  void line(std::string_view text);
  // A remark on the line that follows, or on the one that is left out.
  void remark(std::string_view why);
  // The line as a comment, after the reason.
  void without_equal(std::string_view text, std::string_view why);
  // The line in other words, after a remark that shows what it was.
  void changed(std::string_view before, std::string_view after, std::string_view why = {});

  Imported take() { return std::move(imported_); }

 private:
  Imported imported_;
};

}  // namespace timed::client

#endif  // TIMED_SRC_CLIENT_IMPORTED_TEXT_H_
