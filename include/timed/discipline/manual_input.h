// Times that the operator types in with `settime`, where there is nothing better.  Pure.
//
// The entries live on the free-running scale, as samples do.
#ifndef TIMED_DISCIPLINE_MANUAL_INPUT_H_
#define TIMED_DISCIPLINE_MANUAL_INPUT_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "timed/base/units.h"
#include "timed/discipline/timeline.h"

namespace timed::discipline {

class ManualInput {
 public:
  static constexpr std::size_t kMaxEntries = 16;  // the oldest makes room
  static constexpr Duration kMinSpacing = Duration::seconds(1);
  static constexpr Frequency kSkew =
      Frequency::ratio(0.099999999);  // nothing is known of how well a frequency is known

  // What the entries say of the clock as it is steered now.
  struct Estimate {
    Duration offset;  // reference - local
    Frequency frequency;
    bool has_frequency = false;  // it takes two entries
  };
  struct Entry {
    LocalTime when;
    Duration slewed;    // reference - local as the clock is steered now
    Duration original;  // as it was typed in
    Duration residual;  // against the line through the entries; 0 where there is none
  };

  explicit ManualInput(bool enabled) : enabled_(enabled) {}

  bool enabled() const { return enabled_; }
  void set_enabled(bool enabled) { enabled_ = enabled; }
  // `typed` is what it is now, in the operator's eyes.  Empty less than a second after the last entry, and for a time
  // that no clock may tell.
  std::optional<Estimate> add(const Now& now, LocalTime typed, const LocalView& view);
  // Takes an entry out, 0 is the oldest.  Empty where there is none of that number.
  std::optional<Estimate> remove(std::size_t index, const LocalView& view);
  // Also where somebody else has stepped the clock.
  void clear() { entries_.clear(); }
  std::vector<Entry> entries(const LocalView& view) const;

 private:
  struct Kept {
    FreeTime when;
    WideDuration offset;  // reference - free
    Duration original;
  };
  struct Line {
    Duration offset;  // at the latest entry
    Frequency frequency;
    std::vector<Duration> residuals;
  };
  std::optional<Line> line(const LocalView& view) const;

  bool enabled_;
  std::vector<Kept> entries_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_MANUAL_INPUT_H_
