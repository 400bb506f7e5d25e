// Options of the clock discipline, handed down once.  Defaults are chrony's (chrony.conf(5)).
#ifndef TIMED_DISCIPLINE_OPTIONS_H_
#define TIMED_DISCIPLINE_OPTIONS_H_

#include <compare>
#include <optional>
#include <string>

#include "timed/base/units.h"

namespace timed::discipline {

// What turns the samples of a source into the estimate that steers the clock.
enum class EstimatorKind {
  Regression,  // the weighted line of the reports
  Bayes,       // discipline/estimator.h
};

// Per source: how much history the regression may and must use, and how delays are taken.
struct StatsOptions {
  int min_samples = 6;                    // "minsamples": kept even if the fit says drop
  int max_samples = 0;                    // "maxsamples": 0 = as many as there is room for (64)
  Duration min_delay = Duration::zero();  // "mindelay": fixed smallest delay, 0 = the smallest observed
  double asymmetry = 1.0;                 // "asymmetry": |x| <= 0.5 fixed share of extra delay, 0 none, else estimated
  EstimatorKind estimator = EstimatorKind::Bayes;  // "estimator"
  bool averaged = false;                           // samples are made of several: their delay bounds nothing
  auto operator<=>(const StatsOptions&) const = default;
};

// A source's marks for the selection.
struct SelectMarks {
  bool noselect = false;  // never used, only measured
  bool prefer = false;    // used before those without it
  bool trust = false;     // decides which others are true
  bool require = false;   // nothing is selected without one of these
  auto operator<=>(const SelectMarks&) const = default;
};

// What sources without authentication mean where others have it (timed.conf(5), "authselectmode").
enum class AuthSelectMode { Require, Prefer, Mix, Ignore };

struct SelectionOptions {
  AuthSelectMode auth_mode = AuthSelectMode::Mix;        // "authselectmode"
  double combine_limit = 3.0;                            // "combinelimit": times the best distance; 0 = no combining
  Duration max_distance = Duration::seconds(3);          // "maxdistance": root distance above it is not selectable
  Duration max_jitter = Duration::seconds(1);            // "maxjitter": standard deviation above it is not selectable
  int min_stratum = 0;                                   // "minstratum"
  int max_stratum = 15;                                  // "maxstratum"
  int min_sources = 1;                                   // "minsources": agreeing sources needed
  Duration reselect_distance = Duration::seconds(1e-4);  // "reselectdist": distance added to NTP sources
  Duration stratum_weight = Duration::seconds(1e-3);     // "stratumweight": distance a stratum costs
  Frequency max_clock_error = Frequency::ppm(1);         // "maxclockerror"
};

struct MakeStep {
  Duration threshold = Duration::zero();  // offsets above it are stepped
  int limit = 0;                          // in so many updates; 0 never, negative always
};

struct MaxChange {
  Duration offset = Duration::zero();  // larger offsets are refused
  int start = -1;                      // after so many updates; negative = off
  int ignore = 0;                      // refusals before the daemon exits; negative = never exits
};

struct LocalReferenceOptions {
  bool enabled = false;                        // "local"
  int stratum = 10;                            // served stratum, 1 … 15
  Duration distance = Duration::seconds(1);    // also active when our root distance is larger
  bool orphan = false;                         // ignore sources of this stratum or above
  Duration activate = Duration::zero();        // root distance needed once before; 0 = no condition
  Duration wait_synced = Duration::zero();     // smallest time since the last update, when synchronised
  std::optional<Duration> wait_unsynced = {};  // smallest time unsynchronised; unset: 300 s with orphan, else 0
};

enum class LeapSecondMode {
  System,  // the kernel steps its clock
  Step,    // we step it
  Slew,    // local time leaps, the kernel's clock follows slowly
  Ignore,  // left to the measurements
};

struct LeapSecondOptions {
  LeapSecondMode mode = LeapSecondMode::System;  // "leapsecmode"
  std::string list;                              // "leapseclist": path; empty = none
  std::string zone;                              // "leapsectz": name; empty = none
};

// "smoothtime"; off unless both limits are positive.
struct SmoothingOptions {
  Frequency max_frequency;  // of served time against local time
  double max_wander = 0.0;  // change of that frequency, 1/s
  bool leap_only = false;   // nothing but leap seconds is smoothed
};

struct ReferenceOptions {
  MakeStep make_step;                                // "makestep"
  MaxChange max_change;                              // "maxchange"
  double correction_time_ratio = 3.0;                // "corrtimeratio"
  Frequency max_update_skew = Frequency::ppm(1000);  // "maxupdateskew"
  Frequency max_clock_error = Frequency::ppm(1);     // "maxclockerror"
  Duration log_change = Duration::seconds(1);        // "logchange": larger offsets are reported
  LocalReferenceOptions local;                       // "local"
};

struct ClockOptions {
  bool control = true;                                 // false: -x, the kernel's clock is left alone
  Frequency max_drift = Frequency::ppm(1e5);           // "maxdrift"
  Frequency max_slew_rate = Frequency::ppm(1e6 / 12);  // "maxslewrate"
  std::optional<Duration> precision;                   // "clockprecision": unset = measured
  bool rtc_sync = false;                               // "rtcsync"
};

struct FallbackDriftOptions {
  int min = 0;  // "fallbackdrift": log2 seconds of the shortest average; 0 = off
  int max = 0;  // and of the longest; below min = off
};

// "tempcomp": where the temperature is read, and the oscillator's frequency at it.
struct TemperatureOptions {
  std::string file;                          // with the temperature; empty = off
  Duration interval = Duration::seconds(1);  // between readings
  // Compensation in ppm: k0 + (T - t0) k1 + (T - t0)^2 k2, unless there is a file of points.
  double t0 = 0.0, k0 = 0.0, k1 = 0.0, k2 = 0.0;
  std::string points_file;
};

struct DriftFileOptions {
  std::string path;                             // "driftfile"; empty = none
  Duration interval = Duration::seconds(3600);  // between writes
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_OPTIONS_H_
