// getopt's rules by hand: it keeps its place in globals, so that one process could not parse two command lines, and
// it prints.  Options and directives may be mixed, letters may be bundled, "--" ends the options.
#include "timed/daemon/command_line.h"

#include <algorithm>
#include <array>
#include <limits>

#include "timed/base/text.h"

namespace timed::daemon {
namespace {

struct Option {
  char letter;
  std::string_view argument;  // empty: takes none
  std::string_view help;
};

// In the order of the usage text, which is chronyd's.
constexpr auto kOptions = std::to_array<Option>({
    {'4', "", "Use IPv4 addresses only"},
    {'6', "", "Use IPv6 addresses only"},
    {'f', "FILE", "Read this configuration file"},
    {'n', "", "Stay in the foreground"},
    {'d', "", "Stay in the foreground, messages to standard error; twice: debug messages too"},
    {'l', "FILE", "Messages to a file"},
    {'L', "LEVEL", "Drop messages below a level, from -1 (debug) to 3 (fatal); 0 at first"},
    {'p', "", "Print the configuration and exit"},
    {'q', "", "Set the clock once and exit"},
    {'Q', "", "Print the offset of the clock and exit"},
    {'r', "", "Begin with the measurements that the last run has saved"},
    {'R', "", "Take this for a restart: step the clock only where makestep has no limit"},
    {'s', "", "Set the clock at the start from the real-time clock, or the date of the drift file"},
    {'t', "SECONDS", "Exit after a time"},
    {'u', "USER", "Run as this user"},
    {'U', "", "Start without root too"},
    {'F', "LEVEL", "Filter system calls: 1 allows what is needed, 2 refuses what is dangerous, 0 is no filter"},
    {'P', "PRIORITY", "Run as a real-time process with this priority, from 1 to 99"},
    {'m', "", "Keep the process in memory"},
    {'x', "", "Leave the clock alone"},
    {'N', "FD", "Write a newline to this descriptor when ready"},
    {'v', "", "Print the version and exit"},
    {'h', "", "Print this text and exit"},
});

#ifdef TIMED_SANITIZED
constexpr bool kHasFilter = false;
#else
constexpr bool kHasFilter = true;
#endif

const Option* find_option(char letter) {
  const auto* found =
      std::find_if(kOptions.begin(), kOptions.end(), [=](const Option& o) { return o.letter == letter; });
  return found == kOptions.end() ? nullptr : found;
}

// One pass over the arguments.
class Parse {
 public:
  explicit Parse(std::span<const std::string_view> arguments) : arguments_(arguments) {
    if (!arguments.empty()) program_ = arguments[0];
  }

  std::variant<CommandLine, CommandLineRefusal> run() {
    for (; next_ < arguments_.size() && !done(); ++next_) {
      const std::string_view argument = arguments_[next_];
      if (options_ended_ || argument.size() < 2 || argument[0] != '-') {
        line_.directives.emplace_back(argument);
      } else if (argument == "--") {
        options_ended_ = true;
      } else if (argument.starts_with("--")) {
        take_long(argument);
      } else {
        take_bundle(argument.substr(1));
      }
    }
    if (refusal_) return *refusal_;
    // Whatever -L says, before or after it.
    if (debug_wanted_) line_.log_level = log::Severity::Debug;
    return line_;
  }

 private:
  // Help and version are what is done as soon as they are asked for.
  bool done() const {
    return refusal_ || line_.action == CommandLine::Action::PrintHelp ||
           line_.action == CommandLine::Action::PrintVersion;
  }

  void refuse(std::string message, bool show_usage) {
    if (!refusal_) refusal_ = CommandLineRefusal{std::move(message), show_usage};
  }

  void take_long(std::string_view argument) {
    if (argument == "--check") {
      set_action(CommandLine::Action::CheckConfiguration);
      return;
    }
    refuse(std::string(program_) + ": unrecognized option '" + std::string(argument) + "'", true);
  }

  void take_bundle(std::string_view letters) {
    while (!letters.empty() && !done()) {
      const char letter = letters[0];
      letters.remove_prefix(1);
      const Option* option = find_option(letter);
      if (option == nullptr) {
        refuse(std::string(program_) + ": invalid option -- '" + letter + "'", true);
        return;
      }
      std::string_view value;
      if (!option->argument.empty()) {
        value = letters;
        letters = {};
        if (value.empty() && ++next_ >= arguments_.size()) {
          refuse(std::string(program_) + ": option requires an argument -- '" + letter + "'", true);
          return;
        }
        if (value.empty()) value = arguments_[next_];
      }
      take_option(letter, value);
    }
  }

  void take_option(char letter, std::string_view value) {
    if (find_option(letter)->argument.empty()) {
      take_flag(letter);
    } else {
      take_value(letter, value);
    }
  }

  void take_flag(char letter) {
    switch (letter) {
      case '4':
        line_.family = Family::Inet4;
        break;
      case '6':
        line_.family = Family::Inet6;
        break;
      case 'm':
        line_.lock_memory = true;
        break;
      case 'n':
        line_.foreground = true;
        break;
      case 'd':
        if (debug_asked_) debug_wanted_ = true;
        debug_asked_ = true;
        line_.foreground = line_.log_to_stderr = true;
        break;
      case 'p':
        set_action(CommandLine::Action::PrintConfiguration);
        break;
      case 'q':
        set_purpose(config::RunOptions::Purpose::SetClock);
        break;
      case 'Q':
        set_purpose(config::RunOptions::Purpose::MeasureClock);
        break;
      case 'r':
        line_.reload_history = true;
        break;
      case 'R':
        line_.restart = true;
        break;
      case 's':
        line_.restore_time = true;
        break;
      case 'U':
        line_.need_root = false;
        break;
      case 'x':
        line_.control_clock = false;
        break;
      case 'v':
        set_action(CommandLine::Action::PrintVersion);
        break;
      default:
        set_action(CommandLine::Action::PrintHelp);
        break;
    }
  }

  void take_value(char letter, std::string_view value) {
    switch (letter) {
      case 'f':
        line_.config_path = std::string(value);
        break;
      case 'F':
        take_filter_level(value);
        break;
      case 'l':
        line_.log_file = std::string(value);
        break;
      case 'L':
        take_level(value);
        break;
      case 'N':
        take_ready_descriptor(value);
        break;
      case 'P':
        take_priority(value);
        break;
      case 't':
        take_timeout(value);
        break;
      default:
        line_.user = std::string(value);
        break;
    }
  }

  // -q after -Q sets nothing all the same: the clock stays out of reach.
  void set_purpose(config::RunOptions::Purpose purpose) {
    line_.run.purpose = purpose;
    line_.foreground = line_.log_to_stderr = true;
    if (purpose == config::RunOptions::Purpose::MeasureClock) line_.control_clock = line_.need_root = false;
  }

  std::optional<std::int64_t> read_number(std::string_view value) {
    const auto number = parse_integer_prefix(value);
    if (!number) refuse("Invalid argument " + std::string(value), false);
    return number ? std::optional(number->value) : std::nullopt;
  }

  void take_level(std::string_view value) {
    const auto level = read_number(value);
    if (level) line_.log_level = static_cast<log::Severity>(std::clamp<std::int64_t>(*level, -1, 3));
  }

  void take_timeout(std::string_view value) {
    const auto seconds = read_number(value);
    if (!seconds) return;
    line_.run.timeout.reset();
    if (*seconds >= 0) line_.run.timeout = Duration::seconds(static_cast<double>(*seconds));
  }

  void take_priority(std::string_view value) {
    const auto priority = read_number(value);
    if (!priority) return;
    if (*priority < 0 || *priority > 99) {
      refuse(format("Bad scheduler priority: %lld", static_cast<long long>(*priority)), false);
      return;
    }
    line_.sched_priority.reset();
    if (*priority > 0) line_.sched_priority = static_cast<int>(*priority);
  }

  void take_ready_descriptor(std::string_view value) {
    const auto number = read_number(value);
    if (!number) return;
    if (*number < 0 || *number > std::numeric_limits<int>::max()) {
      refuse("Invalid argument " + std::string(value), false);
      return;
    }
    line_.ready_descriptor = static_cast<int>(*number);
  }

  // The memory of a sanitizer is managed by calls that no filter of ours should allow.
  void take_filter_level(std::string_view value) {
    const auto level = read_number(value);
    if (!level) return;
    if (*level < -2 || *level > 2) {
      refuse(format("Unsupported filter level: %lld", static_cast<long long>(*level)), false);
    } else if (*level != 0 && !kHasFilter) {
      refuse("system call filter not supported in a program with sanitizers", false);
    }
    line_.filter_level = static_cast<int>(*level);
  }

  // A check says more than a print, so that both together are a check.
  void set_action(CommandLine::Action action) {
    using Action = CommandLine::Action;
    if (line_.action == Action::CheckConfiguration && action == Action::PrintConfiguration) return;
    line_.action = action;
    if (action != Action::PrintConfiguration && action != Action::CheckConfiguration) return;
    line_.foreground = line_.log_to_stderr = true;
    line_.need_root = false;
    if (line_.log_level == log::Severity::Info) line_.log_level = log::Severity::Warning;
  }

  std::span<const std::string_view> arguments_;
  std::string_view program_ = "timed";
  CommandLine line_;
  std::optional<CommandLineRefusal> refusal_;
  std::size_t next_ = 1;
  bool options_ended_ = false;
  bool debug_asked_ = false;
  bool debug_wanted_ = false;
};

}  // namespace

std::variant<CommandLine, CommandLineRefusal> parse_command_line(std::span<const std::string_view> arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] != "--help" && arguments[i] != "--version") continue;
    CommandLine line;
    line.action = arguments[i] == "--help" ? CommandLine::Action::PrintHelp : CommandLine::Action::PrintVersion;
    return line;
  }
  return Parse(arguments).run();
}

config::Config initial_config(const CommandLine& command_line) {
  config::Config config;
  if (command_line.directives.empty()) config.process.config_file = command_line.config_path;
  if (command_line.run.purpose != config::RunOptions::Purpose::MeasureClock) return config;
  // A look at the clock must not get into the way of the daemon that keeps it.
  config.server.port = 0;
  config.control.port = 0;
  config.control.unix_path.clear();
  config.process.pid_file.clear();
  return config;
}

void apply_options(const CommandLine& command_line, config::Config& config) {
  config.run = command_line.run;
  if (command_line.restart) config.init_step_slew.reset();
  if (command_line.user) config.process.user = *command_line.user;
  if (command_line.sched_priority) config.process.sched_priority = *command_line.sched_priority;
  config.process.lock_memory = config.process.lock_memory || command_line.lock_memory;
  config.process.reload_history = command_line.reload_history;
  config.process.restore_time = command_line.restore_time;
  config.clock.control = command_line.control_clock;
  config.family = command_line.family;
  discipline::MakeStep& make_step = config.reference.make_step;
  if (command_line.restart && make_step.limit > 0) make_step = {};
  const bool use_v4 = command_line.family != Family::Inet6;
  const bool use_v6 = command_line.family != Family::Inet4;
  config.server.use_v4 = config.control.use_v4 = use_v4;
  config.server.use_v6 = config.control.use_v6 = use_v6;
  for (sources::SourceLine& source : config.sources) {
    if (source.family == Family::Unspecified) source.family = command_line.family;
  }
}

std::string usage_text(std::string_view program) {
  std::string text = "Usage: " + std::string(program) + " [OPTION]... [DIRECTIVE]...\n\nOptions:\n";
  for (const Option& option : kOptions) {
    std::string left = std::string("  -") + option.letter;
    if (!option.argument.empty()) left.append(" ").append(option.argument);
    text += left + (left.size() < 8 ? "\t\t" : "\t") + std::string(option.help);
    if (option.letter == 'f') text += " (" + config::default_path() + ")";
    if (option.letter == 'u') text += " (" + config::default_user() + ")";
    text += '\n';
  }
  text += "  --check\tCheck the configuration, report all errors, and exit\n";
  text += "  --version\tPrint the version and exit\n";
  text += "  --help\tPrint this text and exit\n";
  return text;
}

std::string feature_text() {
  return std::string("+CMDMON -REFCLOCK -RTC +PRIVDROP ") + (kHasFilter ? "+" : "-") +
         "SCFILTER +SIGND +NTS +SECHASH +IPV6 -DEBUG";
}

std::string version_text(std::string_view program) {
  return std::string(program.substr(program.rfind('/') + 1)) + " (timed) version " TIMED_VERSION " (" + feature_text() +
         ")\n";
}

}  // namespace timed::daemon
