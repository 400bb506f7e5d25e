// The words about the time: where it comes from, and what it does to the clock.
#ifndef TIMED_SRC_CONFIG_TIME_DIRECTIVES_H_
#define TIMED_SRC_CONFIG_TIME_DIRECTIVES_H_

#include <algorithm>
#include <cmath>

#include "clock_statements.h"
#include "leap_statements.h"
#include "number_reader.h"
#include "refclock.h"
#include "source_statements.h"
#include "statements.h"
#include "timed/config/directives.h"
#include "timed/discipline/sample_history.h"

namespace timed::config {

inline constexpr double kMaxDriftPpm = 1e5;

inline constexpr Directive kSources[] = {
    {.name = "server",
     .argument = "HOST [OPTION]...",
     .field = &parse_server,
     .repeatable = true,
     .help = "An NTP server to measure, by name or address. The options are listed below."},
    {.name = "pool",
     .argument = "NAME [OPTION]...",
     .field = &parse_pool,
     .repeatable = true,
     .help = "A name that stands for many servers. Twice as many as maxsources says are asked, at most 16; once so "
             "many have given a good answer, the others are dropped."},
    {.name = "peer",
     .argument = "HOST [OPTION]...",
     .field = &parse_peer,
     .repeatable = true,
     .help = "A host that measures this one as this one measures it (symmetric mode)."},
    {.name = "initstepslew",
     .argument = "THRESHOLD [HOST]...",
     .field = &parse_initstepslew,
     .help =
         "Before normal operation, measure these hosts as iburst servers and set the clock once by what they say: step "
         "it "
         "where the offset is THRESHOLD seconds or more, else slew it as fast as allowed. Their names are looked up "
         "once and the first address counts. With the option -q or -Q they take the place of all other sources. "
         "A makestep line does the same without the delay at the start."},
    {.name = "refclock",
     .argument = "DRIVER PARAMETER[:OPTION]... [OPTION]...",
     .field = &parse_refclock,
     .not_yet = true,
     .repeatable = true,
     .help = "A reference clock attached to this machine."},
    {.name = "manual",
     .field = [](Config& c) -> bool& { return c.manual; },
     .help = "Take the time that is typed in with timedc settime. It moves the clock, which is not synchronised by "
             "it; with local it is served."},
    {.name = "acquisitionport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = &parse_acquisitionport,
     .help = "One local port for all requests to servers; 0 is one that the system chooses. The port of the server "
             "(port) is shared with it. Without this line each request has a port of its own that nobody can guess."},
    {.name = "bindacqaddress",
     .argument = "ADDRESS",
     .field = &parse_bindacqaddress,
     .help = "Local address of the sockets that ask servers, one for IPv4 and one for IPv6."},
    {.name = "bindacqdevice",
     .argument = "INTERFACE",
     .field = [](Config& c) -> std::string& { return c.acquisition.device; },
     .help = "Network interface of the sockets that ask servers."},
    {.name = "dscp",
     .argument = "CODEPOINT",
     .min = 0,
     .max = 63,
     .field = [](Config& c) -> int& { return c.server.dscp; },
     .help = "Differentiated services code point of the NTP packets that are sent."},
    {.name = "dumpdir",
     .argument = "DIRECTORY",
     .field = [](Config& c) -> std::string& { return c.dump_directory; },
     .help =
         "Where the measurements of the sources are kept over a restart: written at the end and by timedc dump, "
         "read at a start with the option -r, and removed at each start. What was measured is passed over where the "
         "clock was set or steered meanwhile, or the machine slept or was started. Without this line they are not "
         "kept."},
    {.name = "dumponexit", .argument = "[ANYTHING]...", .field = Ignored{}, .help = "Accepted and ignored."},
    {.name = "maxsamples",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .usual_max = discipline::SampleHistory::kMaxSamples,
     .field = [](Config& c) -> int& { return c.stats.max_samples; },
     .help =
         "Most measurements of a source that are kept, for sources without an option of that name. "
         "0 stands for 64, the most there can be. Where polls are fast, the estimator bayes makes one of several of "
         "them, and counts those."},
    {.name = "minsamples",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .usual_max = discipline::SampleHistory::kMaxSamples,
     .field = [](Config& c) -> int& { return c.stats.min_samples; },
     .help = "Measurements of a source that are kept even if older ones do not fit a straight line any more, for "
             "sources without an option of that name. The estimator bayes keeps all: it gives old ones less weight."},
    {.name = "refresh",
     .argument = "SECONDS",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.refresh; },
     .help = "Shortest time between look-ups of names whose sources answer well. The name that was looked up the "
             "longest ago is looked up again, and a source whose address it no longer has is replaced. 0 is never."},
};

inline constexpr Directive kSelection[] = {
    {.name = "authselectmode",
     .argument = "require|prefer|mix|ignore",
     .field = &parse_authselectmode,
     .help = "What the selection makes of sources without authentication where others have it: require never uses "
             "them, prefer does not while there are others, mix (the default) trusts and requires the others, and "
             "ignore makes no difference."},
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

inline constexpr Directive kClock[] = {
    {.name = "clockprecision",
     .argument = "SECONDS",
     .min = 1e-9,
     .max = 1,
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
             "steadier. With estimator bayes it scales a time that is shorter where the offset is clear, and never "
             "below 2 seconds."},
    {.name = "driftfile",
     .argument = "FILE [interval SECONDS]",
     .field = &parse_driftfile,
     .help = "Where the frequency error of the clock is kept over a restart. Written at most once in 3600 seconds, "
             "or in as many as interval says, and at the end. Without this line it is not kept."},
    {.name = "estimator",
     .argument = "regression|bayes",
     .field = &parse_estimator,
     .help = "What turns measurements into corrections of the clock. bayes (the default) asks which course of the "
             "clock, whose frequency wanders, is the most likely behind delays that can only make packets late: it "
             "follows the clock more closely on the same packets. regression fits a line to the offsets, as chronyd "
             "does. Reports of the sources are those of the regression either way; timedc estimators shows the "
             "other."},
    {.name = "fallbackdrift",
     .argument = "MIN MAX",
     .field = &parse_fallbackdrift,
     .help = "Go back to a long-term frequency when updates of the clock stay away: averages of the frequency over "
             "2^MIN to 2^MAX seconds are kept, and after 2^N seconds without an update the clock gets that over 2^N "
             "seconds and counts as not synchronised. 16 and 19, a day and a week, are usual. MIN 0 (the default) "
             "or a MAX below MIN keeps none."},
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
    {.name = "resumestep",
     .argument = "THRESHOLD [LIMIT]",
     .field = &parse_resumestep,
     .help = "When the machine was asleep, or somebody else has stepped the clock, look all names up again, ask "
             "all sources in a burst and step the clock instead of slewing it where an offset is larger than THRESHOLD "
             "seconds, in the LIMIT updates "
             "(default 1) that follow. Without this line the rules of makestep alone hold then. chrony has no such "
             "line."},
    {.name = "tempcomp",
     .argument = "FILE INTERVAL (T0 K0 K1 K2 | POINTS)",
     .field = &parse_tempcomp,
     .help = "Correct the frequency of the clock by a temperature T that is read from FILE every INTERVAL seconds: by "
             "K0 + (T - T0) K1 + (T - T0)^2 K2 parts per million, or by what POINTS says, a file with a temperature "
             "and the correction at it on each of its lines, the lowest temperature first. Positive speeds the clock "
             "up. More than 10 is not believed. An INTERVAL that is not above 0 stands for 1."},
};

inline constexpr Directive kLeapAndLocal[] = {
    {.name = "leapsecmode",
     .argument = "system|step|slew|ignore",
     .field = &parse_leapsecmode,
     .help = "How a leap second is brought to the clock. system lets the kernel step its clock (the default; the same "
             "as step where the clock is not ours to steer). step lets timed step it. slew lets the time leap "
             "and slews the clock after it, for some seconds. ignore leaves it to the measurements. A leap second is "
             "only taken at the end of June and December."},
    {.name = "leapsectz",
     .argument = "ZONE",
     .field = [](Config& c) -> std::string& { return c.leap_seconds.zone; },
     .help = "A time zone that knows the leap seconds, as right/UTC: where the servers announce no leap second, those "
             "of the zone's file below /usr/share/zoneinfo hold, and the kernel is told the offset of TAI. Not used "
             "where the file has not the leap seconds of 2012."},
    {.name = "leapseclist",
     .argument = "FILE",
     .field = [](Config& c) -> std::string& { return c.leap_seconds.list; },
     .help = "A list of leap seconds as NIST and the IERS publish it, used as that of leapsectz and rather than that. "
             "It is read anew twice a day; a list that has expired is used with a warning."},
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
     .field = &parse_smoothtime,
     .help = "Let the time that is served follow the clock smoothly: it differs from the clock in frequency by at most "
             "MAX-FREQUENCY parts per million, and that difference changes by at most MAX-WANDER parts per million in "
             "a second. With leaponly only leap seconds are smoothed (with leapsecmode slew: a smear). All servers of "
             "a client must smooth alike. Off by default; steps of the clock are never smoothed."},
};

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_TIME_DIRECTIVES_H_
