// Everything a configuration says, composed of the options that each room declares for itself.  Defaults are member
// initialisers, here and there, with chrony's values: a Config that nothing was read into is the documented default.
// Handed to the Engine once; no room below sees more of it than its own struct.
#ifndef TIMED_CONFIG_CONFIG_H_
#define TIMED_CONFIG_CONFIG_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "timed/base/address.h"
#include "timed/config/device_options.h"
#include "timed/control/options.h"
#include "timed/discipline/options.h"
#include "timed/nts/options.h"
#include "timed/server/options.h"
#include "timed/sources/options.h"

namespace timed::config {

// What was chosen when the program was built.
std::string default_path();      // configuration file, /etc/timed.conf
std::string default_user();      // account that the daemon switches to
std::string default_pid_file();  // below the run directory
// The socket that local tools use, below the run directory; the rest as ControlOptions says.
control::ControlOptions default_control();

// Options of the process itself, for main and os/.
struct ProcessOptions {
  std::string user = default_user();          // "user", -u: account to switch to when started as root
  std::string pid_file = default_pid_file();  // "pidfile"; empty = none (written as "/")
  std::string config_file;                    // that was read; empty = the command line
  int sched_priority = 0;                     // "sched_priority", -P: of a real-time process, 1 … 99; 0 = none
  bool lock_memory = false;                   // "lock_all", -m
  bool restore_time = false;                  // -s: the clock is set from the RTC, or to the drift file's last change
  bool reload_history = false;                // -r: begin with the measurements that the last run has saved
};

// "initstepslew": set the clock from these hosts before normal operation.
struct InitStepSlewOptions {
  Duration threshold;              // offsets from here on are stepped, smaller ones slewed
  std::vector<std::string> hosts;  // names or addresses
};

// "mailonchange"
struct MailOnChangeOptions {
  std::string address;
  Duration threshold;  // larger offsets are mailed
};

// What the command line says of one run.
struct RunOptions {
  enum class Purpose {
    KeepTime,
    SetClock,      // -q: once, and exit
    MeasureClock,  // -Q: the same without touching it
  };
  Purpose purpose = Purpose::KeepTime;
  std::optional<Duration> timeout;  // -t: exit after that time; unset = never
};

// "ratelimit", "ntsratelimit", "cmdratelimit".
struct RateLimits {
  server::RateLimitOptions ntp;
  server::RateLimitOptions nts = {.interval = 6};
  server::RateLimitOptions commands = {.interval = -4};
  // In the order of server::Service.
  server::ServiceLimits all() const { return {{ntp, nts, commands}}; }
};

// The logs that programs read.
struct JournalOptions {
  // "log": the streams that are wanted.
  bool measurements = false;      // responses of synchronised servers
  bool raw_measurements = false;  // all responses
  bool statistics = false;
  bool tracking = false;
  bool selection = false;
  bool refclocks = false;
  bool rtc = false;
  bool tempcomp = false;
  std::string directory;  // "logdir"; empty = none, and then no stream is written
  int banner = 32;        // "logbanner": entries from one banner to the next; 0 = none
};

struct Config {
  std::string key_file;                      // "keyfile": symmetric keys; empty = none
  std::vector<sources::SourceLine> sources;  // "server", "pool" and "peer", in the order of the lines
  int refresh = 1209600;                     // "refresh", s: between look-ups of names that have an address; 0 = none
  sources::AcquisitionOptions acquisition;   // "acquisitionport", "bindacqaddress", "bindacqdevice"
  std::vector<sources::SourceDirectories> source_directories;  // "sourcedir"
  discipline::StatsOptions stats;                  // "minsamples", "maxsamples" of sources that do not say their own
  discipline::SelectionOptions selection;          // which sources are used
  discipline::ReferenceOptions reference;          // what their time does to ours; "local"
  discipline::ClockOptions clock;                  // how the kernel's clock is steered
  discipline::LeapSecondOptions leap_seconds;      // "leapsecmode", "leapsectz", "leapseclist"
  discipline::SmoothingOptions smoothing;          // "smoothtime"
  discipline::DriftFileOptions drift_file;         // "driftfile"
  std::vector<sources::BroadcastLine> broadcasts;  // "broadcast", in the order of the lines
  server::ServerOptions server;                    // the NTP port
  std::vector<server::AccessRule> access;          // "allow", "deny", in the order of the lines; nobody at first
  std::vector<server::AccessRule> limited;         // "restrict": whose rate is limited, in the order of the lines
  // What all restrict lines of one subnet, or of one host name, say together.
  struct Restricted {
    bool served = true, commands = true, needs_key = false, limited = false;
  };
  std::map<Subnet, Restricted> restricted;
  std::map<std::string, Restricted> restricted_hosts;
  bool restrict_kod = false;              // "restrict": some line has the flag kod
  bool restrict_mssntp = false;           // the same with mssntp
  std::set<std::string> satisfied_flags;  // "restrict": flags that forbid what is never done
  RateLimits rate_limits;
  nts::NtsOptions nts;                                  // Network Time Security, client and server
  bool manual = false;                                  // "manual": times that are typed in are taken
  discipline::FallbackDriftOptions fallback_drift;      // "fallbackdrift"
  discipline::TemperatureOptions temperature;           // "tempcomp"
  std::string dump_directory;                           // "dumpdir"; empty = none
  control::ControlOptions control = default_control();  // the command sockets
  std::vector<server::AccessRule> command_access;       // "cmdallow", "cmddeny", in the order of the lines
  TimestampOptions timestamps;
  PtpOptions ptp;
  RtcOptions rtc;
  std::vector<RefclockLine> refclocks;  // "refclock", in the order of the lines
  JournalOptions journal;
  ProcessOptions process;
  std::optional<InitStepSlewOptions> init_step_slew;
  std::optional<MailOnChangeOptions> mail_on_change;
  // "resumestep": steps allowed after the machine was asleep, or the clock stepped by somebody else.
  std::optional<discipline::MakeStep> resume_step;
  RunOptions run;

  // Whether some source is to be asked with a key of the key file.
  bool names_a_key() const;
  Family family = Family::Unspecified;  // -4, -6: the only family that is resolved and opened
};

}  // namespace timed::config

#endif  // TIMED_CONFIG_CONFIG_H_
