// The rows of the logs in "logdir", which programs read by their columns.  Pure.
//
// The structures follow the rule of the house: an offset is reference - local and a frequency its slope, positive when
// the local clock is slow.  The files have the opposite sign everywhere but in measurements.log.
#ifndef TIMED_DAEMON_JOURNAL_ROWS_H_
#define TIMED_DAEMON_JOURNAL_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "timed/base/units.h"
#include "timed/discipline/options.h"
#include "timed/env/clock.h"
#include "timed/ntp/types.h"
#include "timed/sources/response_check.h"

namespace timed::daemon {

// One response of a server.
struct MeasurementRow {
  LocalTime when;      // of the sample; of the reception where there is none, and then offset and peer values are 0
  std::string source;  // address
  ntp::Leap leap = ntp::Leap::Unsynchronised;
  int stratum = 0;  // as the packet has it, and so the rest of its header
  sources::PacketTests tests;
  int local_poll = 0, remote_poll = 0;
  double poll_score = 0.0;
  Duration offset;
  Duration peer_delay, peer_dispersion;
  Duration root_delay, root_dispersion;
  ntp::RefId ref_id;
  ntp::Mode mode = ntp::Mode::Server;
  bool interleaved = false;
  env::StampSource transmit_source = env::StampSource::Daemon;
  env::StampSource receive_source = env::StampSource::Daemon;
};

// One fit of the samples of a source.
struct StatisticsRow {
  LocalTime when;  // of the last sample
  std::string source;
  Duration std_dev;
  Duration offset, offset_sd;
  Frequency frequency, skew;
  double stress = 0.0;
  int samples = 0;  // that the fit began with
  int dropped = 0;  // the oldest ones, which it has given up
  int runs = 0;
  double asymmetry = 0.0;
};

// One update of the reference, or the loss of it.
struct TrackingRow {
  LocalTime when;
  std::string source = "0.0.0.0";  // address or reference id
  int stratum = 0;                 // ours
  Frequency frequency, skew;       // of the clock: positive when its oscillator is slow
  Duration offset;
  ntp::Leap leap = ntp::Leap::Unsynchronised;
  int combined = 0;  // sources
  Duration offset_sd;
  Duration remaining;  // local - raw: what was still to be slewed in when the update came
  Duration root_delay, root_dispersion;
  Duration max_error;
};

// A state that the selection has given to a source.
struct SelectionRow {
  LocalTime when;
  std::string source;
  char state = '?';
  discipline::SelectMarks marks;
  unsigned reach = 0;
  double score = 1.0;
  Duration age;  // of the last sample
  Duration low, high;
};

// A sample of a reference clock, or what its filter made of some.
struct RefclockRow {
  struct Raw {
    int poll = 0;        // of the driver, from 0 after each filtered one
    bool pulse = false;  // without a number of the second
    Duration offset;     // as measured
  };
  LocalTime when;  // of the corrected sample
  ntp::RefId ref_id;
  std::optional<Raw> raw;  // empty: a filtered one
  ntp::Leap leap = ntp::Leap::Normal;
  Duration offset;  // corrected
  Duration dispersion;
};

// A measurement of the real-time clock.
struct RtcRow {
  LocalTime when;
  double measured_fast_s = 0.0;
  bool valid = false;  // the estimate is one
  double estimated_fast_s = 0.0;
  double slope_ppm = 0.0;
  int samples = 0, runs = 0;
  int period_s = 0;
};

struct TempcompRow {
  LocalTime when;
  double temperature = 0.0;
  Frequency compensation;  // added to the correction of the oscillator: positive when it is slow
};

// The columns that follow date and time; each ends without a line feed.
std::string to_line(const MeasurementRow& row);
std::string to_line(const StatisticsRow& row);
std::string to_line(const TrackingRow& row);
std::string to_line(const SelectionRow& row);
std::string to_line(const RefclockRow& row);
std::string to_line(const RtcRow& row);
std::string to_line(const TempcompRow& row);

// As the address column names a reference that has no address: its four characters, or eight digits where it is no
// text.
std::string name_of(ntp::RefId ref_id);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_JOURNAL_ROWS_H_
