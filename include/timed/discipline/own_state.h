// What the daemon says of its own clock to those who ask: published once, copied by whoever serves.
#ifndef TIMED_DISCIPLINE_OWN_STATE_H_
#define TIMED_DISCIPLINE_OWN_STATE_H_

#include <type_traits>

#include "timed/base/units.h"
#include "timed/discipline/timeline.h"
#include "timed/ntp/packet.h"
#include "timed/ntp/types.h"

namespace timed::discipline {

// What served time is ahead of local time by ("smoothtime"): a parabola that touches the plan at `since`.  It is true
// to the end of the plan's stage; a second after that it is off by at most the largest wander times 1 s².
struct ServedOffset {
  LocalTime since;
  Duration offset;
  Frequency rate;
  double wander = 0.0;  // of the rate, 1/s

  Duration at(LocalTime t) const {
    const Duration elapsed = t - since;
    return offset + elapsed * (rate + Frequency::ratio(wander * elapsed.to_seconds() / 2.0));
  }
};

// Trivially copyable, so that it can go through a cell that readers copy without a lock.
struct OwnState {
  // As it goes on the wire; not synchronised: leap 3, stratum 0, root delay and dispersion 1 s, the rest zero.
  ntp::Leap leap = ntp::Leap::Unsynchronised;
  ntp::Stratum stratum = 0;
  std::int8_t precision_log2 = -20;  // precision of the clock, log2 seconds
  bool local_reference = false;      // "local" mode is what speaks here
  bool hide_leap = false;            // from those who are served: for them the leap second is smoothed away
  ntp::RefId ref_id;
  std::uint32_t steps = 0;  // of the clock since the start
  Duration moved;           // by what corrections of phase have moved local time since the last one (field F323)
  Duration root_delay = Duration::seconds(1);
  Duration root_dispersion = Duration::seconds(1);  // at dispersion_since
  Frequency dispersion_rate;                        // growth of the root dispersion
  LocalTime dispersion_since;
  LocalTime reference_time;  // zero = unknown
  // The line from the clock as read to local time.
  RawTime line_start;
  Duration local_minus_raw;  // at line_start
  Frequency local_rate;      // local seconds gained per raw second
  ServedOffset smoothing;

  // The line from the timeline's current segment.
  void take_line(const Timeline& timeline) {
    line_start = timeline.line_start();
    local_minus_raw = timeline.pending(line_start);
    local_rate = timeline.local_rate();
  }
  LocalTime to_local(RawTime raw) const {
    return LocalTime::from_nanos(raw.nanos()) + (local_minus_raw + (raw - line_start) * local_rate);
  }
  // What servers and broadcasters say the time is; peers are told local time.
  LocalTime to_served(RawTime raw) const {
    const LocalTime local = to_local(raw);
    return local + smoothing.at(local);
  }
  Duration root_dispersion_at(LocalTime t) const {
    return root_dispersion + abs(t - dispersion_since) * dispersion_rate;
  }
  // What a packet says of the clock at a time: all but version, mode, poll and the stamps of the exchange.
  ntp::Header header_at(LocalTime t) const {
    ntp::Header header;
    header.leap = leap;
    header.stratum = stratum < ntp::kUnsynchronisedStratum ? stratum : ntp::Stratum{0};
    header.precision = precision_log2;
    header.root_delay = ntp::NtpShort::from(root_delay);
    header.root_dispersion = ntp::NtpShort::from(root_dispersion_at(t));
    header.ref_id = ref_id;
    if (reference_time != LocalTime()) header.reference = ntp::NtpTimestamp::from(reference_time);
    return header;
  }
  // The same for those who are served, for whom a leap second may be smoothed away.
  ntp::Header served_header_at(LocalTime t) const {
    ntp::Header header = header_at(t);
    const bool announces = leap == ntp::Leap::Insert || leap == ntp::Leap::Delete;
    if (hide_leap && announces) header.leap = ntp::Leap::Normal;
    return header;
  }
};

static_assert(std::is_trivially_copyable_v<OwnState> && sizeof(OwnState) <= 128);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_OWN_STATE_H_
