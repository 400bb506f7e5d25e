// The command line of the daemon: arguments into values.  Prints nothing and reads nothing (timed(8)).
#ifndef TIMED_DAEMON_COMMAND_LINE_H_
#define TIMED_DAEMON_COMMAND_LINE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/log.h"
#include "timed/config/config.h"

namespace timed::daemon {

struct CommandLine {
  enum class Action {
    Run,
    PrintConfiguration,  // -p
    CheckConfiguration,  // --check
    PrintHelp,           // -h, --help: usage_text() on standard output, status 0
    PrintVersion,        // -v, --version
  };
  Action action = Action::Run;
  std::string config_path = config::default_path();  // -f
  std::vector<std::string> directives;               // if there are any, config_path is not read
  bool foreground = false;                           // -n, -d, -p, -q, -Q, --check
  bool log_to_stderr = false;                        // -d, -p, -q, -Q, --check; otherwise to syslog
  std::string log_file;                              // -l; empty = none, else instead of the other two
  log::Severity log_level = log::Severity::Info;     // -L, -d -d: messages below it are dropped
  Family family = Family::Unspecified;               // -4, -6
  std::optional<std::string> user;                   // -u, before the "user" directive
  config::RunOptions run;                            // -q, -Q, -t
  std::optional<int> sched_priority;                 // -P
  bool lock_memory = false;                          // -m
  int ready_descriptor = 0;                          // -N; 0 = none
  int filter_level = 0;                              // -F, -2 … 2
  bool reload_history = false;                       // -r
  bool restore_time = false;                         // -s
  bool restart = false;                              // -R: no steps that are meant for the first start
  bool control_clock = true;                         // -x and -Q clear it
  bool need_root = true;                             // cleared by -U, -Q and where nothing is opened
};

// A line that cannot be obeyed: message for standard error, then status 1, after the usage where it was not understood.
struct CommandLineRefusal {
  std::string message;
  bool show_usage = false;
};

// arguments: as given to main, the program's name first (it begins some messages).
std::variant<CommandLine, CommandLineRefusal> parse_command_line(std::span<const std::string_view> arguments);

// What holds before the configuration is read.
config::Config initial_config(const CommandLine& command_line);
// What the options say about a configuration that was read: they come before its directives.
void apply_options(const CommandLine& command_line, config::Config& config);

// Whole texts, each line ended.
std::string usage_text(std::string_view program);
std::string version_text(std::string_view program);
// What this build has (+) and has not (-), in chronyd's words; also for the first message of the log.
std::string feature_text();

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_COMMAND_LINE_H_
