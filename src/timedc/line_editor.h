// Lines that a person types at a terminal, with editing, history and completion (libedit).
#ifndef TIMED_TIMEDC_LINE_EDITOR_H_
#define TIMED_TIMEDC_LINE_EDITOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace timed::timedc {

class LineEditor {
 public:
  // The words that the last one of the text before the cursor can become.
  using Completer = std::function<std::vector<std::string>(std::string_view before)>;

  LineEditor(const std::string& program, std::string prompt, Completer completer);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Without its line break; empty at the end of the input.
  std::optional<std::string> read();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_LINE_EDITOR_H_
