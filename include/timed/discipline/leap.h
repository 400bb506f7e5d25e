// Leap seconds: what is known of them, and when the next one is due.  Pure.
#ifndef TIMED_DISCIPLINE_LEAP_H_
#define TIMED_DISCIPLINE_LEAP_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/discipline/options.h"
#include "timed/ntp/types.h"

namespace timed::discipline {

// What a table says of one moment.
struct LeapLookup {
  ntp::Leap leap = ntp::Leap::Normal;  // of the end of that day of UTC
  int tai_offset = 0;                  // TAI - UTC in force; 0 = unknown
  bool operator==(const LeapLookup&) const = default;
};

// All leap seconds that a file knows.  Times are seconds since 1970-01-01 as UTC counts them (without leap seconds).
class LeapTable {
 public:
  // What comes from a list of NIST or the IERS.  Errors say what is wrong and in which line, not in which file.
  static Result<LeapTable> parse_list(std::string_view text);
  // What comes from a compiled time zone (RFC 8536) whose local time counts the leap seconds, as right/UTC.
  static Result<LeapTable> parse_zone(std::string_view bytes);

  LeapLookup look_up(std::int64_t when) const;
  // Knows the leap second of June 2012, and that none was in December.
  bool passes_check() const;
  // When it stops being true; empty where the file does not say.
  std::optional<std::int64_t> expires() const { return expires_; }

 private:
  struct Entry {
    std::int64_t since;  // the midnight from which the offset holds
    int tai_offset;
  };

  std::vector<Entry> entries_;  // ascending
  std::optional<std::int64_t> expires_;
};

// The second of a table's look-ups: twice a day is enough.
std::int64_t leap_look_up_time(RawTime now);

// The leap second that is due, from what the sources and the table say.
class LeapSchedule {
 public:
  // How far from a leap second samples and announcements are not to be trusted.
  static constexpr std::int64_t kClose_s = 5;
  // From its beginning until it is over.
  static constexpr Duration kInProgress = Duration::seconds(2);
  // How much earlier we get ready where the kernel does the step.
  static constexpr Duration kKernelLead = Duration::millis(500);

  explicit LeapSchedule(LeapSecondMode mode) : mode_(mode) {}

  // voted: of the sources; Unsynchronised where there is nothing to go by.  True where what is due, or the offset of
  // TAI, is another one now: the kernel and the timer are to be told.
  bool update(ntp::Leap voted, const LeapLookup& table, RawTime now);
  // The clock was set: beyond the leap second none is due any more.  True where one was.
  bool pass_over(RawTime now);
  // The timer of begins_at() has run.
  void begin() { in_progress_ = true; }
  // Some time after it: the leap second is over.
  void end();

  LeapSecondMode mode() const { return mode_; }
  void set_mode(LeapSecondMode mode) { mode_ = mode; }
  // To be announced.
  ntp::Leap leap() const { return leap_; }
  bool in_progress() const { return in_progress_; }
  // 1: a second will be inserted, -1: left out, 0: none is due.
  int pending() const { return pending_; }
  int tai_offset() const { return tai_offset_; }  // 0 = unknown
  // What the clock reads when something is to be done; empty while none is due.
  std::optional<RawTime> begins_at() const;
  // Within five seconds of the midnight of the last one that was due; of a time in whole seconds on any scale.
  bool is_close(std::int64_t whole_seconds) const;

 private:
  LeapSecondMode mode_;
  ntp::Leap leap_ = ntp::Leap::Unsynchronised;
  int pending_ = 0;
  int tai_offset_ = 0;
  bool in_progress_ = false;
  std::optional<std::int64_t> midnight_;  // that it is at the end of, kept afterwards
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_LEAP_H_
