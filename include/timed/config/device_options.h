// Options of the devices of this machine: time stamps of network cards, the real-time clock, reference clocks
// (chrony.conf(5)).
#ifndef TIMED_CONFIG_DEVICE_OPTIONS_H_
#define TIMED_CONFIG_DEVICE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "timed/base/units.h"
#include "timed/discipline/options.h"
#include "timed/ntp/types.h"

namespace timed::config {

// One line of "hwtimestamp".
struct HwTimestampLine {
  enum class Filter : std::uint8_t { All, Ntp, Ptp, None };

  std::string interface;                      // "*" = all others
  int min_poll = 0;                           // "minpoll", log2 s between readings of the card's clock, -6 … 20
  int max_poll = 1;                           // "maxpoll", min_poll … 20; unless given min_poll + 1
  int min_samples = 2;                        // "minsamples", 2 … 64
  int max_samples = 16;                       // "maxsamples", 2 … 64
  Duration precision = Duration::nanos(100);  // "precision"
  Duration tx_compensation, rx_compensation;  // "txcomp", added to sent ones; "rxcomp", taken from received ones
  bool no_cross_timestamps = false;           // "nocrossts"
  std::optional<Filter> filter;               // "rxfilter"; unset = the narrowest that has NTP
};

struct TimestampOptions {
  std::vector<HwTimestampLine> interfaces;              // "hwtimestamp", in the order of the lines
  Duration transmit_timeout = Duration::seconds(1e-3);  // "hwtstimeout": waiting for a late one; up to 0 = none
  int transmit_buffers = 0;                             // "maxtxbuffers": sent packets that are remembered for them
};

// NTP in messages of PTP.
struct PtpOptions {
  std::uint16_t port = 0;  // "ptpport", UDP; 0 = none
  int domain = 123;        // "ptpdomain"
};

struct RtcOptions {
  std::string hwclock_file = "/etc/adjtime";  // "hwclockfile": says whether the clock keeps UTC; may be missing
  std::string device = "/dev/rtc";            // "rtcdevice"
  std::string drift_file;                     // "rtcfile"; empty = its drift is not followed
  bool utc = false;                           // "rtconutc"; else it keeps local time
  Duration auto_trim = Duration::zero();      // "rtcautotrim": errors from here on are corrected; 0 = none
};

// One line of "refclock".
struct RefclockLine {
  enum class Driver : std::uint8_t { Pps, Shm, Sock, Phc, Rtc };

  Driver driver = Driver::Pps;
  std::string parameter;  // device, path or unit, without the driver's options
  // Options of drivers: falling edge (PPS, PHC), no cross timestamps, external timestamps, their pin (negative: left
  // alone) and channel (PHC), mode of the segment (SHM), clock on UTC (RTC).
  bool clear = false, no_cross_timestamps = false, external_pulses = false, utc = false;
  int pin = 0, channel = 0;
  unsigned permissions = 0600;

  int poll = 4;                                 // "poll", log2 s between samples
  int driver_poll = 0;                          // "dpoll", log2 s between readings
  std::optional<ntp::RefId> ref_id;             // "refid"; unset = of the driver and the number of the line
  std::optional<ntp::RefId> lock;               // "lock": the clock that says which second a pulse begins
  int rate = 1;                                 // "rate", pulses in a second
  int max_lock_age = 2;                         // "maxlockage", in pulses
  Duration width;                               // "width" of a pulse; 0 = not checked
  bool pps = false;                             // "pps": only the fraction of the second counts
  Duration offset;                              // "offset", added to each sample (reference - local)
  Duration delay = Duration::nanos(1);          // "delay"
  int stratum = 0;                              // "stratum", 0 … 15
  std::optional<Duration> precision;            // "precision"; unset = that of the system's clock
  Duration max_dispersion;                      // "maxdispersion"; 0 = not checked
  int filter = 64;                              // "filter": readings made into one sample, 1 … 256
  discipline::SelectMarks marks;                // "prefer", "noselect", "trust", "require"
  bool tai = false;                             // "tai": its time is TAI
  bool local = false;                           // "local": a better oscillator, not a better time
  std::optional<int> min_samples, max_samples;  // unset: the daemon-wide ones
  int max_unreach = 100000;                     // "maxunreach"
};

}  // namespace timed::config

#endif  // TIMED_CONFIG_DEVICE_OPTIONS_H_
