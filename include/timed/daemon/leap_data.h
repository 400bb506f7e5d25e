// The files that know of leap seconds, for a moment at a time ("leapsectz", "leapseclist").
#ifndef TIMED_DAEMON_LEAP_DATA_H_
#define TIMED_DAEMON_LEAP_DATA_H_

#include <cstdint>
#include <optional>
#include <string>

#include "timed/base/units.h"
#include "timed/discipline/leap.h"
#include "timed/discipline/options.h"
#include "timed/env/files.h"

namespace timed::daemon {

class LeapData {
 public:
  // The files outlive it.
  LeapData(const discipline::LeapSecondOptions& options, env::Files& files) : options_(options), files_(files) {}

  // Decides which of the files is used, and tells the operator.  Once, before the first look-up.
  void start(RawTime now);
  // Normal and 0 where no file is used or what it had is gone.  Reads the file again twice a day: it is replaced when
  // new leap seconds are announced.
  discipline::LeapLookup look_up(RawTime now);

 private:
  enum class Use { None, List, Zone };

  std::optional<discipline::LeapTable> read_list(RawTime now);
  std::optional<discipline::LeapTable> read_zone();

  discipline::LeapSecondOptions options_;
  env::Files& files_;
  Use use_ = Use::None;
  bool told_update_ = false;  // that the list is due for an update
  std::optional<std::int64_t> looked_up_;
  discipline::LeapLookup latest_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_LEAP_DATA_H_
