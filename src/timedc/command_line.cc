#include "command_line.h"

#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "timed/base/text.h"

namespace timed::timedc {
namespace {

using Task = CommandLine::Task;

constexpr int kJson = 0x100;  // beyond the letters

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

// chronyc takes whatever there is for a number: what a text begins with, cut to the bits of a port.
std::uint16_t port_as_chronyc(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const auto port = parse_saturated_prefix(text);
  return static_cast<std::uint16_t>(port ? port->value : 0);
}

bool set_port(CommandLine& line, std::string_view text) {
  client::SessionOptions& options = line.session;
  if (!line.has_own_extras()) {
    options.port = port_as_chronyc(text);
    return true;
  }
  const auto port = parse_integer(text);
  if (!port || *port < 0 || *port > 65535) {
    std::fprintf(stderr, "Invalid port %s\n", std::string(text).c_str());
    return false;
  }
  options.port = static_cast<std::uint16_t>(*port);
  return true;
}

// One letter of getopt; false = stop with what task says.
bool take_option(CommandLine& line, int letter, const char* argument) {
  switch (letter) {
    case '4':
      line.session.family = Family::Inet4;
      return true;
    case '6':
      line.session.family = Family::Inet6;
      return true;
    case 'a':  // of chronyc before 2.2
    case 'd':  // of one that can trace itself
    case 'f':
      return true;  // accepted, without meaning
    case 'c':
      line.form = Form::Csv;
      return true;
    case kJson:
      line.form = Form::Json;
      return true;
    case 'e':
      line.end_marks = true;
      return true;
    case 'h':
      line.session.hosts = client::split_hosts(argument);
      return true;
    case 'm':
      line.many_commands = true;
      return true;
    case 'N':
      line.naming.original = true;
      return true;
    case 'n':
      line.naming.reverse_dns = false;
      return true;
    case 'u':
      line.user = argument;
      return true;
    case 'w':
      line.naming.wide = true;
      return true;
    case 'v':
      line.task = Task::ShowVersion;
      return false;
    case 'p':
      if (set_port(line, argument)) return true;
      line.task = Task::Misuse;
      return false;
    default:
      line.task = Task::Misuse;
      return false;
  }
}

// chronyc has no long options but the two that are looked for first.
int next_option(const CommandLine& line, int argc, char** argv) {
  constexpr const char* kLetters = "+46acdef:h:mNnp:u:vw";
  if (!line.has_own_extras()) return ::getopt(argc, argv, kLetters);
  constexpr option kLong[] = {{"json", no_argument, nullptr, kJson}, {nullptr, 0, nullptr, 0}};
  return ::getopt_long(argc, argv, kLetters, kLong, nullptr);
}

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
  CommandLine line;
  line.session.hosts = client::default_hosts();
  if (argc > 0 && base_name(argv[0]) == "chronyc") line.program = "chronyc";
  line.session.client_name = line.program;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--help") line.task = Task::ShowHelp;
    if (std::string_view(argv[i]) == "--version") line.task = Task::ShowVersion;
    if (line.task != Task::Run) return line;
  }
  for (int letter = 0; (letter = next_option(line, argc, argv)) != -1;) {
    if (!take_option(line, letter, optarg)) return line;
  }
  if (line.form != Form::Text) line.naming.reverse_dns = false;
  line.words.assign(argv + optind, argv + argc);
  return line;
}

std::string usage(const CommandLine& line, const std::string& argv0) {
  return "Usage: " + argv0 +
         " [OPTION]... [COMMAND]...\n\n"
         "Options:\n"
         "  -4\t\tResolve host names to IPv4 addresses only\n"
         "  -6\t\tResolve host names to IPv6 addresses only\n"
         "  -n\t\tShow addresses, look no names up\n"
         "  -N\t\tShow sources by the names they are configured with\n"
         "  -c\t\tPrint reports as comma separated values\n" +
         (line.has_own_extras() ? "  --json\tPrint reports as JSON\n" : "") +
         "  -e\t\tEnd the output of each command with a line \".\"\n"
         "  -m\t\tTake each argument as a whole command\n"
         "  -h HOST[,...]\tHosts or socket paths to try, in order\n"
         "  -p PORT\tUDP port of the daemon (" +
         std::to_string(control::kPort) +
         ")\n"
         "  -u USER\tSwitch to this user if started by root\n"
         "  -w\t\tMake the column of names wider\n"
         "  -v, --version\tShow the version and exit\n"
         "  --help\tShow this text and exit\n";
}

std::string version_line(const std::string& program) {
  return program + " (timed) version " TIMED_VERSION " (+READLINE +SECHASH +IPV6 -DEBUG)\n";
}

}  // namespace timed::timedc
