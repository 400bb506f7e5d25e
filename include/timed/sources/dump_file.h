// The file in which the measurements of one source are kept over a restart, in chrony's format ("dumpdir") with a line
// of ours at its end, which chronyd does not look at.  Pure: text to values and back.  The file's offsets are positive
// for a clock that is fast; ours are not.
#ifndef TIMED_SOURCES_DUMP_FILE_H_
#define TIMED_SOURCES_DUMP_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/units.h"
#include "timed/discipline/clock_marks.h"
#include "timed/ntp/types.h"

namespace timed::sources {

struct DumpedSample {
  LocalTime when;
  Duration offset;    // reference - local with all that the clock was corrected by since
  Duration measured;  // reference - local as it was measured
  Duration peer_delay, peer_dispersion;
  Duration root_delay, root_dispersion;
};

struct DumpedSource {
  std::string name;  // as configured
  bool authenticated = false;
  std::uint8_t reachability = 0;
  int reachability_size = 0;  // 0 … 8
  ntp::Stratum stratum = 0;   // 0 … 15
  ntp::Leap leap = ntp::Leap::Normal;
  int asymmetry_run = 0;
  std::vector<DumpedSample> samples;                 // oldest first, 1 … 64
  std::optional<discipline::ClockMarks> clock = {};  // with which they were measured; none: chronyd has written it
};

inline constexpr std::size_t kMaxDumpFile = 64 * 1024;

std::string write_dump(const DumpedSource& source);
// Empty for anything that was not written so, and for values that no source can have had: samples out of order, a
// source that was not synchronised, numbers that are not finite or beyond all reason.
std::optional<DumpedSource> parse_dump(std::string_view text);

std::string dump_file_name(const IpAddress& address);
// Whether a file of that name may be one of ours: of an address, or of a reference clock.
bool is_dump_file_name(std::string_view name);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_DUMP_FILE_H_
