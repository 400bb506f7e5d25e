// The drift file: frequency and skew of the clock, kept over restarts (timed.conf(5), "driftfile").
#ifndef TIMED_DAEMON_DRIFT_FILE_H_
#define TIMED_DAEMON_DRIFT_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "timed/base/units.h"
#include "timed/discipline/options.h"
#include "timed/env/files.h"

namespace timed::daemon {

struct Drift {
  Frequency frequency;  // correction of the oscillator, positive = it is slow; the file has the opposite sign
  Frequency skew;
};

// One line, two numbers in ppm.  Empty for anything else: numbers that are not finite, a frequency beyond 1e5 ppm (the
// default of maxdrift), a skew below zero or beyond 1e7 ppm.
std::optional<Drift> parse_drift(std::string_view text);
std::string write_drift(const Drift& drift);

class DriftFile {
 public:
  DriftFile(const discipline::DriftFileOptions& options, env::Files& files) : options_(options), files_(files) {}

  // What to start with; tells the operator.  Empty without a (valid) file.
  std::optional<Drift> read();
  // When it was last written; empty without one.
  std::optional<RawTime> modified() const;
  // After each update of the reference: writes when enough time went by.
  void note_update(Duration interval, const Drift& drift);
  void write(const Drift& drift);

 private:
  discipline::DriftFileOptions options_;
  env::Files& files_;
  Duration since_write_;
  bool told_failure_ = false;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_DRIFT_FILE_H_
