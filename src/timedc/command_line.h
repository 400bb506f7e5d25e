// The command line of timedc (timedc(1)).
#ifndef TIMED_TIMEDC_COMMAND_LINE_H_
#define TIMED_TIMEDC_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "timed/client/names.h"
#include "timed/client/session.h"

namespace timed::timedc {

// How reports are shown.
enum class Form { Text, Csv, Json };

struct CommandLine {
  enum class Task { Run, ShowHelp, ShowVersion, Misuse };

  Task task = Task::Run;
  std::string program = "timedc";  // the name that it was started by
  client::SessionOptions session;
  client::NamingOptions naming;
  Form form = Form::Text;          // -c, --json
  bool end_marks = false;          // -e
  bool many_commands = false;      // -m
  std::string user;                // -u; empty = stay
  std::vector<std::string> words;  // what follows the options

  // Under the name of chronyc there is nothing that chronyc has not.
  bool has_own_extras() const { return program != "chronyc"; }
};

// Says on standard error what it does not understand.
CommandLine read_command_line(int argc, char** argv);
std::string usage(const CommandLine& line, const std::string& argv0);
std::string version_line(const std::string& program);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_COMMAND_LINE_H_
