#include "commands.h"

#include <algorithm>

#include "access_commands.h"
#include "clock_commands.h"
#include "clock_reports.h"
#include "completion.h"
#include "import_command.h"
#include "own_reports.h"
#include "server_reports.h"
#include "source_changes.h"
#include "source_commands.h"
#include "source_reports.h"
#include "timed/base/characters.h"
#include "tool_commands.h"

namespace timed::timedc {
namespace {

constexpr std::size_t kHelpColumn = 28;

// A command that is one request without arguments.
template <class Request>
bool send(Context& context, const Words&) {
  return context.request(Request{});
}
template <class Request>
bool send_to_clock(Context& context, const Words&) {
  return context.request(control::ClockRequest(Request{}));
}

bool help(Context& context, const Words& words);

constexpr Command kCommands[] = {
    {"tracking", tracking, "tracking", "Show how well the clock follows its reference"},
    {"sources", sources, "sources [-a] [-v]", "Show the sources and their last samples"},
    {"sourcestats", sourcestats, "sourcestats [-a] [-v]", "Show what was estimated of each source"},
    {"selectdata", selectdata, "selectdata [-a] [-v]", "Show how the sources were selected"},
    {"authdata", authdata, "authdata [-a] [-v]", "Show how the sources are authenticated"},
    {"ntpdata", ntpdata, "ntpdata [<address>]", "Show the last response of each source, or of one"},
    {"sourcename", sourcename, "sourcename <address>", "Show the configured name of a source"},
    {"activity", activity, "activity", "Count the sources that are online and offline"},
    {"smoothing", smoothing, "smoothing", "Show what served time is beside the clock"},
    {"rtcdata", rtcdata, "rtcdata", "Show how well the real-time clock keeps time"},
    {"serverstats", serverstats, "serverstats", "Count what was served"},
    {"clients", clients, "clients [-p <number>] [-k] [-r]", "Show who has asked, and how often"},
    {"daemonstatus", daemonstatus, "daemonstatus", "Show the daemon's version, uptime, and what has happened to it",
     true},
    {"reloadstatus", reloadstatus, "reloadstatus", "Show what the last reload of sources has changed", true},
    {"serververdicts", serververdicts, "serververdicts", "Count what was served and what was not, by cause", true},
    {"sourceverdicts", sourceverdicts, "sourceverdicts [-a] [-v]", "Count which tests the packets of sources failed",
     true},
    {"ntsserver", ntsserver, "ntsserver", "Show the keys of the NTS server, and what became of requests for it", true},
    {"estimators", estimators, "estimators [-a] [-v]", "Show how the clock is estimated by each source", true},
    {"waitsync", waitsync, "waitsync [<max-tries> [<max-correction> [<max-skew> [<interval>]]]]",
     "Wait until the clock is synchronised"},

    {"add", add, "add server|peer|pool <name> [<option>]...", "Add sources, with the options of the directive"},
    {"delete", remove, "delete <address>", "Remove a source"},
    {"online", online, "online [<address>|<address>/<bits>]", "Begin polling sources, or all"},
    {"offline", offline, "offline [<address>|<address>/<bits>]", "End polling sources, or all"},
    {"onoffline", send<control::OnofflineRequest>, "onoffline", "Poll the sources to which there is a route"},
    {"burst", burst, "burst <good>/<max> [<address>|<address>/<bits>]", "Poll sources some times quickly"},
    {"refresh", send<control::RefreshRequest>, "refresh", "Look the names of sources up again"},
    {"reload", reload, "reload sources", "Read the files of sources again"},
    {"reset", reset, "reset sources", "Forget what was measured of all sources"},
    {"reselect", send_to_clock<control::ReselectRequest>, "reselect", "Select sources anew"},
    {"reselectdist", reselectdist, "reselectdist <seconds>", "Set how much better another source must be"},

    {"selectopts", selectopts, "selectopts <address>|<refid> [+<option>|-<option>]...",
     "Set noselect, prefer, trust, require of a source"},
    {"offset", offset, "offset <address>|<refid> <seconds>", "Set what is added to the offsets of a source"},
    {"minpoll", minpoll, "minpoll <address> <log2 seconds>", "Set how often a source is polled at most"},
    {"maxpoll", maxpoll, "maxpoll <address> <log2 seconds>", "Set how often a source is polled at least"},
    {"minstratum", minstratum, "minstratum <address> <stratum>", "Set the least stratum that a source is taken for"},
    {"polltarget", polltarget, "polltarget <address> <number>", "Set how many samples of a source are wanted"},
    {"maxdelay", maxdelay, "maxdelay <address> <seconds>", "Set the longest delay of a source"},
    {"maxdelayratio", maxdelayratio, "maxdelayratio <address> <ratio>",
     "Set the longest delay beside the shortest that was seen"},
    {"maxdelaydevratio", maxdelaydevratio, "maxdelaydevratio <address> <ratio>",
     "Set the longest delay beside how much delays vary"},

    {"allow", allow, "allow [all] [<subnet>]", "Serve time to a network, or to all"},
    {"deny", deny, "deny [all] [<subnet>]", "Serve no time to a network, or to nobody"},
    {"accheck", accheck, "accheck <address>", "Show whether that host is served"},
    {"cmdallow", cmdallow, "cmdallow [all] [<subnet>]", "Answer commands of a network, or of all"},
    {"cmddeny", cmddeny, "cmddeny [all] [<subnet>]", "Answer no commands of a network, or of anybody"},
    {"cmdaccheck", cmdaccheck, "cmdaccheck <address>", "Show whether commands of that host are answered"},

    {"makestep", makestep, "makestep [<threshold> <updates>]", "Step the clock now, or set when it is to step"},
    {"maxupdateskew", maxupdateskew, "maxupdateskew <ppm>", "Set how unsure a frequency may be to be used"},
    {"manual", manual, "manual on|off|list|reset|delete <index>", "Control and show times that are typed in"},
    {"settime", settime, "settime <date and time>", "Say what time it is"},
    {"local", local, "local [<option>]...|off", "Serve time without being synchronised, or do not"},
    {"smoothtime", smoothtime, "smoothtime reset|activate", "End the smoothing of served time, or begin it"},

    {"trimrtc", send<control::TrimrtcRequest>, "trimrtc", "Set the real-time clock if it is wrong"},
    {"writertc", send<control::WritertcRequest>, "writertc", "Save what is known of the real-time clock"},

    {"cyclelogs", send<control::CyclelogsRequest>, "cyclelogs",
     "Close the log files, so that the next entries begin new ones"},
    {"dump", send_to_clock<control::DumpRequest>, "dump", "Save what was measured"},
    {"rekey", send<control::RekeyRequest>, "rekey", "Read the keys again"},
    {"shutdown", send<control::ShutdownRequest>, "shutdown", "End the daemon"},

    {"dns", dns, "dns -n|+n|-4|-6|-46", "Look names up or not, in which family"},
    {"timeout", timeout, "timeout <milliseconds>", "Set how long to wait for a first reply"},
    {"retries", retries, "retries <number>", "Set how often to ask again"},
    {"keygen", keygen, "keygen [<id> [<type> [<bits>]]]", "Make a key for the key file"},
    {"import", import, "import [chrony|ntp|timesyncd] <file>|-",
     "Make a configuration of timed from one of another daemon", true},
    {"help", help, "help", "Show this list"},
    {"quit", end, "exit|quit", "Leave"},
    {"exit", end, "", ""},

    {"dfreq", dfreq, "", ""},
    {"doffset", doffset, "", ""},
    {"authhash", obsolete, "", ""},
    {"password", obsolete, "", ""},
};

bool help(Context& context, const Words&) {
  for (const Command& command : kCommands) {
    if (command.syntax.empty() || !is_there(command, context.own_extras)) continue;
    std::string line(command.syntax);
    if (line.size() >= kHelpColumn) {
      context.print(line + "\n");
      line.clear();
    }
    line.append(kHelpColumn - line.size(), ' ');
    context.print(line + std::string(command.purpose) + "\n");
  }
  return true;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

bool is_there(const Command& command, bool own_extras) {
  return own_extras || !command.own;
}

Commands::Commands(client::Session& session, const CommandLine& line)
    : context_(session, line), end_marks_(line.end_marks) {}

bool Commands::run(std::string_view line) {
  const Words words = split_words(line);
  if (words.empty() || marks_comment(words[0].text[0])) return true;
  last_succeeded_ = dispatch(words);
  if (end_marks_) context_.print(".\n");
  if (!context_.flush()) last_succeeded_ = Context::complain("Could not write to stdout");
  return last_succeeded_;
}

std::vector<std::string> Commands::complete(std::string_view line) {
  return completions(line, context_.own_extras, [this] { return source_addresses(context_); });
}

bool Commands::dispatch(const Words& words) {
  const std::string_view word = words[0].text;
  const auto* const found =
      std::find_if(std::begin(kCommands), std::end(kCommands), [word](const Command& c) { return c.word == word; });
  if (found != std::end(kCommands) && is_there(*found, context_.own_extras)) return found->run(context_, words);
  return Context::complain("Unrecognized command");
}

}  // namespace timed::timedc
