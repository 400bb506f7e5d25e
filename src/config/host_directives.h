// The words about the machine and the process.
#ifndef TIMED_SRC_CONFIG_HOST_DIRECTIVES_H_
#define TIMED_SRC_CONFIG_HOST_DIRECTIVES_H_

#include "number_reader.h"
#include "source_statements.h"
#include "statements.h"
#include "timed/config/directives.h"

namespace timed::config {

inline constexpr Directive kRtc[] = {
    {.name = "hwclockfile",
     .argument = "FILE",
     .field = [](Config& c) -> std::string& { return c.rtc.hwclock_file; },
     .help = "The file in which hwclock(8) notes whether the real-time clock keeps UTC or local time: its third line "
             "begins with UTC or LOCAL, and then rtconutc does not matter. A file that is not there is no fault."},
    {.name = "rtcautotrim",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.rtc.auto_trim; },
     .not_yet = true,
     .help = "Set the RTC where it is more wrong than that."},
    {.name = "rtcdevice",
     .argument = "DEVICE",
     .field = [](Config& c) -> std::string& { return c.rtc.device; },
     .help = "The real-time clock. It is read at the start with the option s, and not otherwise."},
    {.name = "rtcfile",
     .argument = "FILE",
     .field = [](Config& c) -> std::string& { return c.rtc.drift_file; },
     .not_yet = true,
     .help = "Where the drift of the RTC is kept."},
    {.name = "rtconutc",
     .field = [](Config& c) -> bool& { return c.rtc.utc; },
     .help = "The real-time clock keeps UTC. Otherwise it keeps the local time of the zone that timed runs in (TZ, "
             "/etc/localtime)."},
    {.name = "rtcsync",
     .field = [](Config& c) -> bool& { return c.clock.rtc_sync; },
     .help = "Tell the kernel that the clock is synchronised. It then copies the time to the real-time clock every "
             "eleven minutes."},
};

inline constexpr Directive kLogging[] = {
    {.name = "log",
     .argument = "[STREAM]...",
     .field = &parse_log,
     .repeatable = true,
     .help = "Write these logs to files NAME.log in logdir: measurements (responses of servers that pass the tests of "
             "a packet), rawmeasurements (all responses, in the same file), statistics (what was estimated of a "
             "source from them), selection (each state given to a source), tracking (each update of the clock), rtc, "
             "refclocks and tempcomp."},
    {.name = "logbanner",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.journal.banner; },
     .help = "Entries of a log from one line with the names of the columns to the next. 0 writes none."},
    {.name = "logchange",
     .argument = "SECONDS",
     .min = 0,
     .field = [](Config& c) -> Duration& { return c.reference.log_change; },
     .help = "Offsets larger than this are reported to the system log when they are corrected."},
    {.name = "logdir",
     .argument = "DIRECTORY",
     .field = [](Config& c) -> std::string& { return c.journal.directory; },
     .help = "Directory of the logs that log asks for. It is made where it is missing."},
    {.name = "mailonchange",
     .argument = "ADDRESS SECONDS",
     .field = &parse_mailonchange,
     .help = "Send a mail to ADDRESS, by /usr/lib/sendmail, when an offset larger than so many seconds is corrected. "
             "At most eight are sent in a minute."},
};

inline constexpr Directive kProcess[] = {
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
     .field = &parse_sourcedir,
     .repeatable = true,
     .help = "Up to ten directories of files whose names end in .sources, with server, pool and peer lines. They are "
             "read at the start and again when timedc reload sources asks for it: sources whose lines are gone are "
             "removed, new ones are added, and the others keep their measurements. Each line must end with a newline; "
             "other and malformed lines are passed over with a message for each file; timed --check says what is wrong "
             "with them. Of files of the same name only that in the directory named "
             "first is read."},
    {.name = "keyfile",
     .argument = "FILE",
     .field = [](Config& c) -> std::string& { return c.key_file; },
     .help = "The symmetric keys that the key option of sources names and requests are verified with. A line of the "
             "file is a number, perhaps a type (MD5, the default, SHA1, SHA256, SHA384, SHA512, SHA3-224, SHA3-256, "
             "SHA3-384, SHA3-512, AES128, AES256), and the key as text or as HEX: and digits. The file is read at "
             "the start and again at rekey. A start fails where the file cannot be read; where it is not there, only "
             "if a source of the configuration names a key, and else it warns."},
    {.name = "lock_all",
     .field = [](Config& c) -> bool& { return c.process.lock_memory; },
     .help = "Keep the daemon in memory, so that no answer waits for a disk."},
    {.name = "pidfile",
     .argument = "FILE",
     .field = &parse_pidfile,
     .help = "Where the process number is written, or / for nowhere."},
    {.name = "sched_priority",
     .argument = "PRIORITY",
     .min = 0,
     .max = 99,
     .field = &parse_sched_priority,
     .help = "Run as a real-time process (SCHED_FIFO) with this priority, from 1 to 99. 0, the default, does not."},
    {.name = "user",
     .argument = "NAME",
     .field = [](Config& c) -> std::string& { return c.process.user; },
     .help = "Account that the daemon switches to when everything is opened that needs root."},
};

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_HOST_DIRECTIVES_H_
