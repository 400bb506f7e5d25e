// The system clock as a daemon steers it: the first of the four seams.
#ifndef TIMED_ENV_CLOCK_H_
#define TIMED_ENV_CLOCK_H_

#include <cstdint>
#include <optional>

#include "timed/base/result.h"
#include "timed/base/units.h"

namespace timed::env {

// Who took a time stamp, the worst first.
enum class StampSource : std::uint8_t { Daemon, Kernel, Hardware };
// As logs and reports name it.
constexpr char letter_of(StampSource source) {
  return source == StampSource::Hardware ? 'H' : source == StampSource::Kernel ? 'K' : 'D';
}

// The raw time of an event, how far it may be off (zero or positive), and who took it.
struct Stamp {
  RawTime time;
  Duration error;
  StampSource source = StampSource::Daemon;
};

// What start() found.
struct ClockState {
  Frequency frequency;            // correction in force: positive = the kernel speeds the clock up
  Duration precision;             // smallest step seen between readings, within 1 ns … 1 s
  std::optional<int> tai_offset;  // TAI − UTC that the kernel knows, in seconds
  bool may_steer = false;         // false: set_frequency and step will be refused (no CAP_SYS_TIME)
};

enum class LeapAction : std::uint8_t { None, Insert, Delete };

// What the kernel tells other programs about the clock.
struct SyncStatus {
  bool synchronised = false;
  Duration estimated_error;  // sent as at most 16 s
  Duration maximum_error;    // sent as at most 16 s
};

class SystemClock {
 public:
  virtual ~SystemClock() = default;

  virtual RawTime now() = 0;
  // Called once, before anything else but now().  With `steer` other steering is stopped (a running adjtime, the
  // kernel's phase-locked loop); without, nothing is changed and may_steer is false.  Never fails for lack of
  // permission: may_steer says so.
  virtual Result<ClockState> start(bool steer) = 0;
  // Asks for this total correction and answers the one really in force now; logs interference once per episode.
  virtual Result<Frequency> set_frequency(Frequency wanted) = 0;
  // Adds the offset at once.
  virtual Status step(Duration offset) = 0;
  virtual Status set_leap(LeapAction action, std::optional<int> tai_offset) = 0;
  virtual Status set_sync_status(const SyncStatus& status) = 0;
  // Total time the machine was asleep; empty where unknown.
  virtual std::optional<Duration> suspended() = 0;
};

}  // namespace timed::env

#endif  // TIMED_ENV_CLOCK_H_
