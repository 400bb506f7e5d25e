// The commands of timedc: one line in, text on standard output, success or failure (timedc(1)).
#ifndef TIMED_TIMEDC_COMMANDS_H_
#define TIMED_TIMEDC_COMMANDS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.h"
#include "context.h"

namespace timed::timedc {

struct Command {
  std::string_view word;
  bool (*run)(Context& context, const Words& words);
  std::string_view syntax;  // empty: not shown by help
  std::string_view purpose;
  bool own = false;  // chronyc has none
};
// In the order of help.
std::span<const Command> commands();
// Under the name of chronyc there is nothing that chronyc has not.
bool is_there(const Command& command, bool own_extras);

class Commands {
 public:
  // Both outlive this.
  Commands(client::Session& session, const CommandLine& line);

  // Runs one line; an empty one and a comment succeed without a trace.
  bool run(std::string_view line);
  // What the last word of a line that is being typed can become.
  std::vector<std::string> complete(std::string_view line);
  // After `quit` or `exit`.
  bool wants_end() const { return context_.wants_end; }
  // Whether the last command that was run succeeded; true if there was none.
  bool last_succeeded() const { return last_succeeded_; }

 private:
  bool dispatch(const Words& words);

  Context context_;
  bool end_marks_;
  bool last_succeeded_ = true;
};

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_COMMANDS_H_
