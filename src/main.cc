// The order of the day: command line, configuration with all its errors, into the background, log and pid file, ports
// while privileged, privileges dropped, the command socket, ready, sources, the loop, and back.
// The order is the security model (docs/architecture.md, "Start and stop").
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "timed/base/log.h"
#include "timed/config/parser.h"
#include "timed/daemon/command_line.h"
#include "timed/daemon/engine.h"
#include "timed/daemon/guarded_files.h"
#include "timed/daemon/start_checks.h"
#include "timed/os/file_access.h"
#include "timed/os/files.h"
#include "timed/os/inherited.h"
#include "timed/os/linux_env.h"
#include "timed/os/log_output.h"
#include "timed/os/privileges.h"
#include "timed/os/process.h"

namespace timed {
namespace {

using daemon::CommandLine;

std::string program_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Ports below 1024 may be opened later too: those of a server when other clients are allowed, and that of requests for
// the sources that come after those of initstepslew, or once there is an address to bind it to.
bool needs_low_port(const config::Config& config) {
  return daemon::is_low_port(config.server.port) || daemon::is_low_port(config.acquisition.port.value_or(0)) ||
         (!config.nts.server.certificates.empty() && daemon::is_low_port(config.nts.server.port));
}

// Client sockets are opened all the time, and those of a server when other clients are allowed.
bool needs_device(const config::Config& config) {
  const bool named = !config.acquisition.device.empty() || !config.server.device.empty();
  return named && os::wants_capability_for_devices(os::kernel_release());
}

void print(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

void print_lines(std::FILE* to, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) print(to, line + "\n");
}

config::ParseOutcome read_configuration(const CommandLine& cli) {
  os::LinuxFiles files;
  config::Config begin = daemon::initial_config(cli);
  config::ParseOutcome outcome = cli.directives.empty()
                                     ? config::parse_file(files, cli.config_path, std::move(begin))
                                     : config::parse_directives(files, cli.directives, std::move(begin));
  daemon::apply_options(cli, outcome.config);
  outcome.config.nts.client.built_s = TIMED_BUILT;
  return outcome;
}

// What a start would refuse is refused without one too.
config::ParseOutcome checked(config::ParseOutcome outcome) {
  os::LinuxFiles files;
  const auto find_account = [](const std::string& name) -> Result<daemon::FileOwner> {
    const auto account = os::find_account(name);
    if (!account) return account.error();
    return daemon::FileOwner{account->uid, account->gid};
  };
  daemon::check_start({files, find_account, os::true_path, os::is_superuser()}, outcome);
  return outcome;
}

// In the foreground the first line of each has the shape of a message.
void print_fatal(const std::vector<config::Diagnostic>& errors) {
  for (const config::Diagnostic& error : errors) {
    std::vector<std::string> lines = config::to_lines(error);
    lines[0].insert(0, "Fatal error : ");
    print_lines(stderr, lines);
  }
}

// -p: what is in force, on standard output, and every error.
int print_configuration(const config::ParseOutcome& outcome) {
  print_lines(stdout, outcome.effective_lines);
  for (const config::Diagnostic& warning : outcome.warnings) print_lines(stderr, config::to_lines(warning));
  print_fatal(outcome.errors);
  return outcome.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int check_configuration(const CommandLine& cli, const config::ParseOutcome& outcome) {
  const std::string name = cli.directives.empty() ? cli.config_path : std::string();
  print_lines(outcome.ok() ? stdout : stderr, config::check_report(outcome, name));
  return outcome.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}

os::LogOptions log_options(const CommandLine& cli, const std::string& program) {
  os::LogOptions options;
  options.program = program;
  options.repeat_fatal = cli.foreground;
  if (!cli.log_file.empty()) {
    options.to = os::LogOptions::To::File;
    options.path = cli.log_file;
  } else if (cli.log_to_stderr) {
    options.to = os::LogOptions::To::StandardError;
  }
  return options;
}

void log_start(const std::string& program) {
  log::info("%s version %s starting (%s)", program.c_str(), TIMED_VERSION, daemon::feature_text().c_str());
}

// From the fork to the end of the daemon; what went wrong is in the log when this returns.
class Run {
 public:
  Run(const CommandLine& cli, std::string program) : cli_(cli), program_(std::move(program)) {
    inherited_.keep_from_children();
  }

  int operator()(config::ParseOutcome outcome) {
    log::set_minimum(cli_.log_level);
    const Status started = start(std::move(outcome));
    if (!started) {
      log::fatal("%s", started.error().message.c_str());
      report_.failed(started.error().message);
      return EXIT_FAILURE;
    }
    // The service manager hears at the end of a turn what the daemon does: where there is nothing to do, none comes.
    env_->loop().post([] {});
    env_->loop().run(*engine_);
    engine_->stop();
    return env_->loop().ran_away() ? 1 : engine_->exit_status();
  }

 private:
  Status start(config::ParseOutcome outcome) {
    if (Status s = go_background(); !s) return s;
    log_start(program_);
    for (const config::Diagnostic& warning : outcome.warnings) log::warning("%s", warning.summary.c_str());
    config::Config& config = outcome.config;
    for (const std::string& flag : config.satisfied_flags) {
      log::info("restrict: %s forbids what is never done here", flag.c_str());
    }
    os::KeptPrivileges kept{
        .set_time = config.clock.control, .bind_low_port = needs_low_port(config), .bind_device = needs_device(config)};
    const os::FilterOptions filter{.level = cli_.filter_level,
                                   .steer_clock = config.clock.control,
                                   .accept_streams = !config.nts.server.certificates.empty(),
                                   .send_mail = config.mail_on_change.has_value()};
    auto env = os::LinuxEnv::create(
        {.rtc_sync = config.clock.rtc_sync, .family = config.family, .inherited = inherited_, .filter = filter});
    if (!env) return env.error();
    env_ = env.take();
    // Before there is anything that an end would leave behind.
    if (Status s = env_->loop().catch_signals(); !s) return s;
    if (Status s = take_place(config); !s) return s;
    const config::ProcessOptions process = config.process;
    const daemon::GuardedFiles guarded(config);
    const std::string log_directory = config.journal.directory;
    engine_ =
        std::make_unique<daemon::Engine>(std::move(outcome.config), env_->view(), program_, [this] { reopen_log(); });
    if (Status s = engine_->open(); !s) return s;
    if (engine_->lacks_low_port()) kept.bind_low_port = true;
    prefer_process(process);
    prepare_directory(log_directory);
    if (Status s = os::drop_root(account_, kept); !s) return s;
    warn_of_files(guarded);
    if (os::is_superuser()) log::warning("Running with root privileges");
    engine_->on_opened([this] { return confine(); });
    engine_->on_ready([this] { return tell_ready(); });
    if (const auto limit = os::watchdog_limit()) engine_->keep_watchdog(*limit);
    engine_->start();
    return {};
  }

  Status go_background() {
    if (!cli_.foreground) {
      auto report = os::daemonize(inherited_);
      if (!report) return report.error();
      report_ = report.take();
    }
    ready_descriptor_.emplace(cli_.ready_descriptor);
    auto output = os::LogOutput::open(log_options(cli_, program_));
    if (!output) return output.error();
    log_ = output.take();
    return {};
  }

  // The directory of the command socket comes before the pid file, which is often to lie in it.
  Status take_place(config::Config& config) {
    const std::string& pid_path = config.process.pid_file;
    if (!pid_path.empty()) {
      if (Status s = os::PidFile::check(pid_path, program_); !s) return s;
    }
    if (Status s = look_up_account(config.process); !s) return s;
    prepare_command_socket(config.control);
    prepare_directory(config.dump_directory);
    prepare_directory(config.nts.dump_directory);
    if (pid_path.empty()) return {};
    if (pid_path == config::default_pid_file()) {
      static_cast<void>(os::prepare_socket_directory(directory_of(pid_path), account_));
    }
    return create_pid_file(pid_path);
  }

  // That of the default is made where it can be: a container often has no /run/timed.  One that somebody has named is
  // waited for by somebody.
  Status create_pid_file(const std::string& path) {
    auto created = os::PidFile::create(path, program_);
    if (created) {
      pid_file_ = created.take();
      return {};
    }
    const bool there_is_another = !os::PidFile::check(path, program_).ok();
    if (there_is_another || path != config::default_pid_file()) return created.error();
    log::warning("%s", created.error().message.c_str());
    return {};
  }

  // Who is not root stays who he is.
  Status look_up_account(const config::ProcessOptions& process) {
    if (!os::is_superuser()) {
      account_ = os::own_account();
      return {};
    }
    auto account = os::find_account(process.user);
    if (!account) return account.error();
    account_ = account.take();
    return {};
  }

  // Root may read and write everything, which is told as well.
  void warn_of_files(const daemon::GuardedFiles& guarded) const {
    os::LinuxFiles files;
    for (const std::string& text : guarded.exposures(files, {account_.uid, account_.gid}, os::true_path)) {
      log::warning("%s", text.c_str());
    }
    if (os::is_superuser()) return;
    for (const std::string& text : guarded.wrong_access({os::may_read, os::may_write})) {
      log::warning("%s", text.c_str());
    }
  }

  // For files that the account will make: it could not make the directory.  Whoever is not root makes his own.  Without
  // it the daemon keeps time all the same.
  void prepare_directory(const std::string& directory) const {
    if (directory.empty()) return;
    const Status prepared = os::prepare_log_directory(directory, account_);
    if (!prepared) log::error("%s", prepared.error().message.c_str());
  }

  // A directory that others could write to is no place for the socket: the daemon runs without it.
  void prepare_command_socket(control::ControlOptions& control) {
    if (control.unix_path.empty()) return;
    const Status prepared = os::prepare_socket_directory(directory_of(control.unix_path), account_);
    // Whoever is not root is told when the socket is opened, and who else may write there is his affair.
    if (prepared.ok() || !os::is_superuser()) return;
    log::error("%s", prepared.error().message.c_str());
    log::warning("Disabled command socket %s", control.unix_path.c_str());
    control.unix_path.clear();
  }

  Status confine() {
    if (cli_.filter_level == 0) return {};
    if (Status s = env_->confine(); !s) {
      report_.failed(s.error().message);
      return s;
    }
    log::info("Loaded seccomp filter (level %d)", cli_.filter_level);
    return {};
  }

  Status tell_ready() {
    if (cli_.ready_descriptor != 0) {
      if (Status s = ready_descriptor_->notify(); !s) {
        report_.failed(s.error().message);
        return s;
      }
    }
    report_.ready();
    return {};
  }

  // The daemon does without, but the operator should know.
  static void prefer_process(const config::ProcessOptions& process) {
    Status priority, memory;
    if (process.sched_priority > 0) priority = os::set_real_time_priority(process.sched_priority);
    if (process.lock_memory) memory = os::lock_memory();
    for (const Status& status : {priority, memory}) {
      if (!status) log::error("%s", status.error().message.c_str());
    }
  }

  void reopen_log() {
    if (const Status reopened = log_->reopen(); !reopened) log::error("%s", reopened.error().message.c_str());
  }

  const CommandLine& cli_;
  std::string program_;
  os::InheritedSockets inherited_ = os::InheritedSockets::from_environment();
  os::StartReport report_;
  std::optional<os::ReadyDescriptor> ready_descriptor_;
  std::unique_ptr<os::LogOutput> log_;
  os::Account account_;
  std::unique_ptr<os::PidFile> pid_file_;
  std::unique_ptr<os::LinuxEnv> env_;
  std::unique_ptr<daemon::Engine> engine_;
};

// Where a configuration has errors nothing was touched yet: no fork, no file but the log.  Whoever started the daemon
// sees them whole; the log, where a start at boot is looked for, has a line of each.
int report_errors(const CommandLine& cli, const std::string& program, const config::ParseOutcome& outcome) {
  if (cli.foreground) {
    print_fatal(outcome.errors);
  } else {
    for (const config::Diagnostic& error : outcome.errors) print_lines(stderr, config::to_lines(error));
  }
  if (cli.log_to_stderr && cli.log_file.empty()) return EXIT_FAILURE;
  os::LogOptions options = log_options(cli, program);
  options.repeat_fatal = false;
  const auto output = os::LogOutput::open(options);
  if (!output) return EXIT_FAILURE;
  log_start(program);
  for (const config::Diagnostic& error : outcome.errors) log::fatal("%s", error.summary.c_str());
  return EXIT_FAILURE;
}

int run_program(const std::vector<std::string_view>& arguments) {
  const auto parsed = daemon::parse_command_line(arguments);
  if (const auto* refusal = std::get_if<daemon::CommandLineRefusal>(&parsed)) {
    print(stderr, refusal->message + "\n");
    if (refusal->show_usage) print(stdout, daemon::usage_text(arguments[0]));
    return EXIT_FAILURE;
  }
  const CommandLine& cli = *std::get_if<CommandLine>(&parsed);
  switch (cli.action) {
    case CommandLine::Action::PrintHelp:
      print(stdout, daemon::usage_text(arguments[0]));
      return EXIT_SUCCESS;
    case CommandLine::Action::PrintVersion:
      print(stdout, daemon::version_text(arguments[0]));
      return EXIT_SUCCESS;
    case CommandLine::Action::PrintConfiguration:
      return print_configuration(checked(read_configuration(cli)));
    case CommandLine::Action::CheckConfiguration:
      return check_configuration(cli, checked(read_configuration(cli)));
    case CommandLine::Action::Run:
      break;
  }
  if (cli.need_root && !os::is_superuser()) {
    print(stderr, "Fatal error : Not superuser\n");
    return EXIT_FAILURE;
  }
  const std::string program = program_name(arguments[0]);
  config::ParseOutcome outcome = read_configuration(cli);
  if (!outcome.ok()) return report_errors(cli, program, outcome);
  daemon::warn_of_access(outcome);
  daemon::warn_of_sources(outcome);
  return Run(cli, program)(std::move(outcome));
}

}  // namespace
}  // namespace timed

int main(int argc, char** argv) {
  if (!timed::os::fill_standard_descriptors().ok()) return EXIT_FAILURE;
  return timed::run_program(std::vector<std::string_view>(argv, argv + argc));
}
