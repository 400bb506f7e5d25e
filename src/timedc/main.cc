// timedc: asks a daemon over its command socket and shows the answer.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include "command_line.h"
#include "commands.h"
#include "line_editor.h"
#include "timed/client/connection.h"
#include "timed/client/session.h"

namespace {

using timed::timedc::CommandLine;
using timed::timedc::Commands;

constexpr std::size_t kMaxCommand = 2047;

bool switch_user(const std::string& user) {
  const passwd* account = ::getpwnam(user.c_str());
  if (account == nullptr) {
    std::fprintf(stderr, "Could not get user/group ID of %s\n", user.c_str());
    return false;
  }
  if (::initgroups(account->pw_name, account->pw_gid) != 0 || ::setgid(account->pw_gid) != 0 ||
      ::setuid(account->pw_uid) != 0) {
    std::fprintf(stderr, "Could not switch to user %s\n", user.c_str());
    return false;
  }
  return true;
}

bool run_line(Commands& commands, const std::string& line) {
  if (line.size() <= kMaxCommand) return commands.run(line);
  std::fprintf(stderr, "Command too long\n");
  return false;
}

// One command from all arguments, or one from each until one fails.
bool run_arguments(Commands& commands, const CommandLine& line) {
  std::string joined;
  for (const std::string& word : line.words) {
    if (line.many_commands && !commands.wants_end() && !run_line(commands, word)) return false;
    joined += word + ' ';
  }
  return line.many_commands ? commands.last_succeeded() : run_line(commands, joined);
}

// What a person types, until the end of the input or `quit`.
bool run_terminal(Commands& commands, const CommandLine& line) {
  std::cout << timed::timedc::version_line(line.program) << "This is free software, without any warranty.\n\n"
            << std::flush;
  timed::timedc::LineEditor editor(line.program, line.program + "> ",
                                   [&commands](std::string_view before) { return commands.complete(before); });
  bool succeeded = true;
  while (!commands.wants_end()) {
    const auto command = editor.read();
    if (!command) {
      std::cout << '\n';
      break;
    }
    succeeded = run_line(commands, *command) && commands.last_succeeded();
  }
  return succeeded;
}

bool run_input(Commands& commands, const CommandLine& line) {
  const bool prompts = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  if (prompts) return run_terminal(commands, line);
  bool succeeded = true;
  for (std::string command; !commands.wants_end() && std::getline(std::cin, command);) {
    succeeded = run_line(commands, command) && commands.last_succeeded();
  }
  return succeeded;
}

int run(const CommandLine& line) {
  if (!line.user.empty() && line.user != "root" && ::geteuid() == 0 && !switch_user(line.user)) return 1;
  timed::client::ReplyPath::remove_on_signals();
  timed::client::Session session(line.session);
  if (!session.open()) {
    std::fprintf(stderr, "Could not open connection to daemon\n");
    return 1;
  }
  Commands commands(session, line);
  return (line.words.empty() ? run_input(commands, line) : run_arguments(commands, line)) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = timed::timedc::read_command_line(argc, argv);
  switch (line.task) {
    case CommandLine::Task::ShowHelp:
      std::cout << timed::timedc::usage(line, argv[0]);
      return 0;
    case CommandLine::Task::ShowVersion:
      std::cout << timed::timedc::version_line(line.program);
      return 0;
    case CommandLine::Task::Misuse:
      std::cout << timed::timedc::usage(line, argv[0]);
      return 1;
    case CommandLine::Task::Run:
      break;
  }
  return run(line);
}
