// The table.  A word that has no function yet is a row all the same: it is known, documented and answered with one
// warning, so that a configuration written for chrony starts and says what it does not get.
#include "timed/config/directives.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "checks.h"
#include "source_statements.h"
#include "statements.h"

namespace timed::config {
namespace {

constexpr double kMaxInt = std::numeric_limits<int>::max();
constexpr double kMaxPort = 65535;
constexpr double kMaxDriftPpm = 1e5;

constexpr Directive kSources[] = {
    {.name = "server",
     .argument = "HOST [OPTION]...",
     .field = &parse_server,
     .repeatable = true,
     .help = "An NTP server to measure, by name or address. The options are listed below."},
    {.name = "pool",
     .argument = "NAME [OPTION]...",
     .field = NotYet{&check_pool_or_peer},
     .repeatable = true,
     .help = "A name that stands for many servers, of which some are used."},
    {.name = "peer",
     .argument = "HOST [OPTION]...",
     .field = NotYet{&check_pool_or_peer},
     .repeatable = true,
     .help = "A host that measures this one as this one measures it (symmetric mode)."},
    {.name = "initstepslew",
     .argument = "THRESHOLD [HOST]...",
     .field = NotYet{&check_initstepslew},
     .help = "Set the clock once from these hosts before normal operation."},
    {.name = "refclock",
     .argument = "DRIVER PARAMETER[:OPTION]... [OPTION]...",
     .field = NotYet{&check_refclock},
     .repeatable = true,
     .help = "A reference clock attached to this machine."},
    {.name = "manual", .field = NotYet{NoArgument{}}, .help = "Let the time be typed in with timedc settime."},
    {.name = "acquisitionport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = NotYet{WholeNumber{}},
     .help = "One local port for all requests to servers."},
    {.name = "bindacqaddress",
     .argument = "ADDRESS",
     .field = NotYet{&check_bindacqaddress},
     .help = "Local address of the sockets that ask servers."},
    {.name = "bindacqdevice",
     .argument = "INTERFACE",
     .field = NotYet{OneWord{}},
     .help = "Network interface of the sockets that ask servers."},
    {.name = "dscp",
     .argument = "CODEPOINT",
     .min = 0,
     .max = 63,
     .field = [](Config& c) -> int& { return c.server.dscp; },
     .help = "Differentiated services code point of the NTP packets that are sent."},
    {.name = "dumpdir",
     .argument = "DIRECTORY",
     .field = NotYet{OneWord{}},
     .help = "Where measurements are kept over a restart."},
    {.name = "dumponexit", .argument = "[ANYTHING]...", .field = Ignored{}, .help = "Accepted and ignored."},
    {.name = "maxsamples",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.stats.max_samples; },
     .help = "Most measurements of a source that are kept, for sources without an option of that name. "
             "0 stands for 64, the most there can be."},
    {.name = "minsamples",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.stats.min_samples; },
     .help = "Measurements of a source that are kept even if older ones do not fit a straight line any more, for "
             "sources without an option of that name."},
    {.name = "refresh",
     .argument = "SECONDS",
     .min = 0,
     .max = kMaxInt,
     .field = NotYet{WholeNumber{}},
     .help = "Shortest time between look-ups of a source's name."},
};

constexpr Directive kSelection[] = {
    {.name = "authselectmode",
     .argument = "require|prefer|mix|ignore",
     .field = NotYet{&check_authselectmode},
     .help = "What authentication means for the selection."},
    {.name = "combinelimit",
     .argument = "RATIO",
     .min = 0,
     .field = [](Config& c) -> double& { return c.selection.combine_limit; },
     .help = "Sources whose root distance is at most so many times that of the best one are combined with it. 0 uses "
             "the best one alone."},
    {.name = "maxdistance",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.selection.max_distance; },
     .help = "Largest root distance with which a source is selectable: half of its root delay, its root dispersion, "
             "and what its age adds."},
    {.name = "maxjitter",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.selection.max_jitter; },
     .help = "Largest standard deviation of its measurements with which a source is selectable."},
    {.name = "maxstratum",
     .argument = "STRATUM",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.selection.max_stratum; },
     .help = "Largest stratum with which a source is selectable."},
    {.name = "minstratum",
     .argument = "STRATUM",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.selection.min_stratum; },
     .help = "Smallest stratum with which a source is selectable."},
    {.name = "minsources",
     .argument = "COUNT",
     .min = 1,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.selection.min_sources; },
     .help = "Selectable sources that must agree before the clock is touched."},
    {.name = "reselectdist",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.selection.reselect_distance; },
     .help = "Distance added to that of NTP sources when they are compared, so that a slightly better one does not "
             "take over at once."},
    {.name = "stratumweight",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.selection.stratum_weight; },
     .help = "Distance that each stratum above the lowest one costs a source when the best is chosen."},
};

constexpr Directive kClock[] = {
    {.name = "clockprecision",
     .argument = "SECONDS",
     .field = RealSetter([](Config& c, double x) {
       c.clock.precision.reset();
       if (x > 0) c.clock.precision = Duration::seconds(std::clamp(x, 1e-9, 1.0));
     }),
     .help = "Precision of the clock, from 1e-9 to 1, for those who know better than the measurement at the start. "
             "0, as without this line, measures it."},
    {.name = "corrtimeratio",
     .argument = "RATIO",
     .min = 0,
     .field = [](Config& c) -> double& { return c.reference.correction_time_ratio; },
     .help = "How long the correction of an offset may take: larger makes the corrections slower and the frequency "
             "steadier."},
    {.name = "driftfile",
     .argument = "FILE [interval SECONDS]",
     .field = &parse_driftfile,
     .help = "Where the frequency error of the clock is kept over a restart. Written at most once in 3600 seconds, "
             "or in as many as interval says, and at the end. Without this line it is not kept."},
    {.name = "fallbackdrift",
     .argument = "MIN MAX",
     .field = NotYet{&check_fallbackdrift},
     .help = "Go back to a long-term frequency when measurements stay away."},
    {.name = "linux_freq_scale", .argument = "[ANYTHING]...", .field = Retired{}, .help = "Accepted with a warning."},
    {.name = "linux_hz", .argument = "[ANYTHING]...", .field = Retired{}, .help = "Accepted with a warning."},
    {.name = "makestep",
     .argument = "THRESHOLD LIMIT",
     .field = &parse_makestep,
     .help = "Step the clock instead of slewing it where an offset is larger than THRESHOLD seconds, in the first "
             "LIMIT updates only, or in all of them if LIMIT is negative. Without this line the clock is never "
             "stepped."},
    {.name = "maxchange",
     .argument = "OFFSET START IGNORE",
     .field = &parse_maxchange,
     .help = "After START updates an offset larger than OFFSET seconds is not corrected: it is ignored IGNORE times, "
             "then the daemon ends; a negative IGNORE ignores it always. Without this line every offset is "
             "corrected."},
    {.name = "maxclockerror",
     .argument = "PPM",
     .min = 0,
     .max = 1e6,
     .field = RealSetter(
         [](Config& c, double x) { c.selection.max_clock_error = c.reference.max_clock_error = Frequency::ppm(x); }),
     .help = "How much the frequency of the clock may be wrong from one measurement to the next, in parts per million "
             "(default 1). It widens the error bounds of everything that is not measured anew."},
    {.name = "maxdrift",
     .argument = "PPM",
     .min = 0,
     .max = kMaxDriftPpm,
     .field =
         RealSetter([](Config& c, double x) { c.clock.max_drift = Frequency::ppm(std::clamp(x, 0.0, kMaxDriftPpm)); }),
     .help = "Largest frequency error of the clock that is believed, in parts per million, from 0 to 100000 (the "
             "default)."},
    {.name = "maxupdateskew",
     .argument = "PPM",
     .min = 0,
     .field = RealSetter([](Config& c, double x) { c.reference.max_update_skew = Frequency::ppm(std::fabs(x)); }),
     .help = "Largest uncertainty of a measured frequency that may still change that of the clock, in parts per "
             "million (default 1000)."},
    {.name = "maxslewrate",
     .argument = "PPM",
     .min = 0,
     .max = 1e5,
     .field = [](Config& c) -> Frequency& { return c.clock.max_slew_rate; },
     .help = "How much faster or slower than true the clock may run while an offset is corrected, in parts per "
             "million."},
    {.name = "tempcomp",
     .argument = "FILE INTERVAL (T0 K0 K1 K2 | POINTS)",
     .field = NotYet{&check_tempcomp},
     .help = "Correct the frequency by a temperature read from FILE."},
};

constexpr Directive kLeapAndLocal[] = {
    {.name = "leapsecmode",
     .argument = "system|step|slew|ignore",
     .field = NotYet{&check_leapsecmode},
     .help = "How a leap second is brought to the clock."},
    {.name = "leapsectz",
     .argument = "ZONE",
     .field = NotYet{OneWord{}},
     .help = "A time zone that knows the leap seconds, as right/UTC."},
    {.name = "leapseclist",
     .argument = "FILE",
     .field = NotYet{OneWord{}},
     .help = "A list of leap seconds as NIST and the IERS publish it."},
    {.name = "local",
     .argument = "[OPTION]...",
     .field = &parse_local,
     .help = "Serve the own time while it is not synchronised, or only badly. Options: stratum N is the stratum that "
             "is served, 1 to 15 (default 10). distance SECONDS serves it also where the root distance is larger "
             "(default 1). orphan ignores sources of that stratum or above, so that of several such servers one is "
             "followed by the others. activate SECONDS waits until the root distance was once smaller (default 0, no "
             "condition). waitsynced SECONDS is the shortest time since the last update (default 0), waitunsynced "
             "SECONDS the shortest time without synchronisation (default 300 with orphan, else 0). Without this "
             "line there is no local reference. Each such line starts from the defaults."},
    {.name = "smoothtime",
     .argument = "MAX-FREQUENCY MAX-WANDER [leaponly]",
     .field = NotYet{&check_smoothtime},
     .help = "Let the served time follow the clock smoothly."},
};

constexpr Directive kServer[] = {
    {.name = "bindaddress",
     .argument = "ADDRESS",
     .field = &parse_bindaddress,
     .help = "Address on which NTP requests are received, one for IPv4 and one for IPv6. Without this line all of "
             "this machine's."},
    {.name = "binddevice",
     .argument = "INTERFACE",
     .field = [](Config& c) -> std::string& { return c.server.device; },
     .help = "Network interface on which NTP requests are received. Without this line all of them."},
    {.name = "port",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = [](Config& c) -> std::uint16_t& { return c.server.port; },
     .help = "UDP port on which NTP requests are received. 0 serves nobody."},
    {.name = "broadcast",
     .argument = "INTERVAL ADDRESS [PORT]",
     .field = NotYet{&check_broadcast},
     .repeatable = true,
     .help = "Send the time to a broadcast address."},
    {.name = "clientloglimit",
     .argument = "BYTES",
     .field = NotYet{&check_clientloglimit},
     .help = "Memory for what is known of clients."},
    {.name = "noclientlog", .field = NotYet{NoArgument{}}, .help = "Keep nothing of clients."},
    {.name = "ntpsigndsocket",
     .argument = "DIRECTORY",
     .field = NotYet{OneWord{}},
     .help = "Socket of Samba, which signs answers for its clients."},
    {.name = "hwtimestamp",
     .argument = "INTERFACE [OPTION]...",
     .field = NotYet{&check_hwtimestamp},
     .repeatable = true,
     .help = "Use the time stamps of a network card."},
    {.name = "hwtstimeout",
     .argument = "SECONDS",
     .field = NotYet{Number{}},
     .help = "How long a late hardware time stamp is waited for."},
    {.name = "maxtxbuffers",
     .argument = "COUNT",
     .min = 0,
     .max = 1 << 20,
     .field = NotYet{WholeNumber{}},
     .help = "Packets sent whose late time stamps can still be matched."},
    {.name = "ptpport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = NotYet{WholeNumber{}},
     .help = "Exchange NTP over PTP on this port."},
    {.name = "ptpdomain",
     .argument = "DOMAIN",
     .min = 0,
     .max = 255,
     .field = NotYet{WholeNumber{}},
     .help = "The PTP domain of NTP over PTP."},
};

constexpr Directive kAccess[] = {
    {.name = "allow",
     .argument = "[all] [SUBNET]",
     .field = &parse_allow,
     .repeatable = true,
     .help = "Answer the NTP requests of a subnet: an address, an address/bits, the first one to three numbers of an "
             "IPv4 address (10 is 10.0.0.0/8), or nothing for everybody. The longest matching prefix decides; all "
             "also forgets what was said of smaller subnets in it. Nobody is answered without such a line."},
    {.name = "deny",
     .argument = "[all] [SUBNET]",
     .field = &parse_deny,
     .repeatable = true,
     .help = "The opposite of allow, in the same words."},
};

constexpr Directive kRateLimits[] = {
    {.name = "ratelimit",
     .argument = "[OPTION]...",
     .field = NotYet{&check_ratelimit},
     .help = "Answer a client only so often."},
    {.name = "ntsratelimit",
     .argument = "[OPTION]...",
     .field = NotYet{&check_ratelimit_without_kod},
     .help = "Let a client establish keys only so often."},
    {.name = "cmdratelimit",
     .argument = "[OPTION]...",
     .field = NotYet{&check_ratelimit_without_kod},
     .help = "Answer commands of other hosts only so often."},
};

constexpr Directive kNts[] = {
    {.name = "ntsaeads",
     .argument = "[ID]...",
     .field = NotYet{&check_ntsaeads},
     .help = "Ciphers for NTS in the order of preference."},
    {.name = "ntsdumpdir",
     .argument = "DIRECTORY",
     .field = NotYet{OneWord{}},
     .help = "Where keys and cookies are kept over a restart."},
    {.name = "ntscachedir", .argument = "DIRECTORY", .field = NotYet{OneWord{}}, .help = "An old name of ntsdumpdir."},
    {.name = "ntsrefresh",
     .argument = "SECONDS",
     .min = 0,
     .max = kMaxInt,
     .field = NotYet{WholeNumber{}},
     .help = "Longest time that keys from a server are used."},
    {.name = "ntstrustedcerts",
     .argument = "[SET] FILE",
     .field = NotYet{&check_ntstrustedcerts},
     .repeatable = true,
     .help = "Certificates that are trusted for NTS."},
    {.name = "nosystemcert", .field = NotYet{NoArgument{}}, .help = "Do not trust the certificates of the system."},
    {.name = "nocerttimecheck",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .field = NotYet{WholeNumber{}},
     .help = "Do not check the dates of certificates at first."},
    {.name = "ntsport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = NotYet{WholeNumber{}},
     .help = "TCP port on which keys are established."},
    {.name = "ntsservercert",
     .argument = "FILE",
     .field = NotYet{OneWord{}},
     .repeatable = true,
     .help = "Certificate of the NTS server."},
    {.name = "ntsserverkey",
     .argument = "FILE",
     .field = NotYet{OneWord{}},
     .repeatable = true,
     .help = "Private key of that certificate."},
    {.name = "ntsprocesses",
     .argument = "COUNT",
     .min = 0,
     .max = 1000,
     .field = NotYet{WholeNumber{}},
     .help = "Workers that establish keys."},
    {.name = "maxntsconnections",
     .argument = "COUNT",
     .min = 1,
     .max = kMaxInt,
     .field = NotYet{WholeNumber{}},
     .help = "Key establishments at the same time."},
    {.name = "ntsntpserver",
     .argument = "HOST",
     .field = NotYet{OneWord{}},
     .help = "The NTP server that clients of this NTS server are sent to."},
    {.name = "ntsrotate",
     .argument = "SECONDS",
     .min = 0,
     .max = kMaxInt,
     .field = NotYet{WholeNumber{}},
     .help = "How often the server's own key changes."},
};

constexpr Directive kCommandAccess[] = {
    {.name = "bindcmdaddress",
     .argument = "ADDRESS|PATH",
     .field = &parse_bindcmdaddress,
     .help = "Address on which commands are received, one for IPv4 and one for IPv6, or the path of the Unix socket. "
             "A path of / opens no Unix socket. Without this line only this machine is heard."},
    {.name = "bindcmddevice",
     .argument = "INTERFACE",
     .field = [](Config& c) -> std::string& { return c.control.device; },
     .help = "Network interface on which commands are received. Without this line all of them."},
    {.name = "cmdport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = [](Config& c) -> std::uint16_t& { return c.control.port; },
     .help = "UDP port on which commands are received. 0 opens none; the Unix socket is not concerned."},
    {.name = "cmdallow",
     .argument = "[all] [SUBNET]",
     .field = NotYet{&check_access},
     .repeatable = true,
     .help = "Hosts that may send commands over the network."},
    {.name = "cmddeny",
     .argument = "[all] [SUBNET]",
     .field = NotYet{&check_access},
     .repeatable = true,
     .help = "The opposite of cmdallow."},
    {.name = "opencommands",
     .argument = "[COMMAND]...",
     .field = NotYet{&check_opencommands},
     .help = "Reports that are given over the network."},
    {.name = "commandkey", .argument = "[ANYTHING]...", .field = Retired{}, .help = "Accepted with a warning."},
    {.name = "generatecommandkey", .argument = "[ANYTHING]...", .field = Retired{}, .help = "Accepted with a warning."},
};

constexpr Directive kRtc[] = {
    {.name = "hwclockfile",
     .argument = "FILE",
     .field = NotYet{OneWord{}},
     .help = "A file that says whether the RTC keeps UTC."},
    {.name = "rtcautotrim",
     .argument = "SECONDS",
     .min = 0,
     .field = NotYet{Number{}},
     .help = "Set the RTC where it is more wrong than that."},
    {.name = "rtcdevice", .argument = "DEVICE", .field = NotYet{OneWord{}}, .help = "The RTC."},
    {.name = "rtcfile", .argument = "FILE", .field = NotYet{OneWord{}}, .help = "Where the drift of the RTC is kept."},
    {.name = "rtconutc", .field = NotYet{NoArgument{}}, .help = "The RTC keeps UTC."},
    {.name = "rtcsync",
     .field = [](Config& c) -> bool& { return c.clock.rtc_sync; },
     .help = "Tell the kernel that the clock is synchronised. It then copies the time to the real-time clock every "
             "eleven minutes."},
};

constexpr Directive kLogging[] = {
    {.name = "log",
     .argument = "[STREAM]...",
     .field = NotYet{&check_log},
     .repeatable = true,
     .help = "Write logs of measurements and decisions."},
    {.name = "logbanner",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .field = NotYet{WholeNumber{}},
     .help = "How often a log repeats the names of its columns."},
    {.name = "logchange",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.reference.log_change; },
     .help = "Offsets larger than this are reported to the system log when they are corrected."},
    {.name = "logdir",
     .argument = "DIRECTORY",
     .field = NotYet{OneWord{}},
     .help = "Where the logs of log are written."},
    {.name = "mailonchange",
     .argument = "ADDRESS SECONDS",
     .field = NotYet{&check_mailonchange},
     .help = "Send a mail about offsets larger than that."},
};

constexpr Directive kProcess[] = {
    {.name = "include",
     .argument = "PATTERN",
     .field = Include{},
     .repeatable = true,
     .help = "Read the files that match a pattern in place of this line, sorted by name. A name without wildcards "
             "must exist. Includes may be nested ten deep."},
    {.name = "confdir",
     .argument = "DIRECTORY...",
     .field = IncludeAll{},
     .repeatable = true,
     .help = "Read all files whose names end in .conf in up to ten directories, sorted by name. Of files of the same "
             "name only that in the directory named first is read."},
    {.name = "sourcedir",
     .argument = "DIRECTORY...",
     .field = NotYet{&check_sourcedir},
     .repeatable = true,
     .help = "Directories of files with sources, which may change while the daemon runs."},
    {.name = "keyfile", .argument = "FILE", .field = NotYet{OneWord{}}, .help = "Symmetric keys."},
    {.name = "lock_all", .field = NotYet{NoArgument{}}, .help = "Keep the daemon in memory."},
    {.name = "pidfile",
     .argument = "FILE",
     .field = &parse_pidfile,
     .help = "Where the process number is written, or / for nowhere."},
    {.name = "sched_priority",
     .argument = "PRIORITY",
     .field = NotYet{&check_sched_priority},
     .help = "Priority of the daemon as a real-time process."},
    {.name = "user",
     .argument = "NAME",
     .field = [](Config& c) -> std::string& { return c.process.user; },
     .help = "Account that the daemon switches to when everything is opened that needs root."},
};

constexpr DirectiveGroup kGroups[] = {
    {"Time sources", kSources},
    {"Selection of sources", kSelection},
    {"System clock", kClock},
    {"Leap seconds and local reference", kLeapAndLocal},
    {"NTP server", kServer},
    {"Access", kAccess},
    {"Rate limits", kRateLimits},
    {"Network Time Security", kNts},
    {"Command access", kCommandAccess},
    {"Real-time clock", kRtc},
    {"Logging", kLogging},
    {"Process and files", kProcess},
};

constexpr std::size_t kWordCount = [] {
  std::size_t count = 0;
  for (const DirectiveGroup& group : kGroups) count += group.rows.size();
  return count;
}();

constexpr auto kWords = [] {
  std::array<std::string_view, kWordCount> words{};
  std::size_t at = 0;
  for (const DirectiveGroup& group : kGroups) {
    for (const Directive& row : group.rows) words[at++] = row.name;
  }
  return words;
}();

}  // namespace

std::span<const DirectiveGroup> directive_groups() {
  return kGroups;
}

const Directive* find_directive(std::string_view word) {
  for (const DirectiveGroup& group : kGroups) {
    for (const Directive& row : group.rows) {
      if (equals_ignoring_case(row.name, word)) return &row;
    }
  }
  return nullptr;
}

std::span<const std::string_view> directive_words() {
  return kWords;
}

}  // namespace timed::config
