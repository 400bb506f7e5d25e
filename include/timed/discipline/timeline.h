// Raw, free-running and local time, and the way from one to the others.
//
// Raw time is what the kernel's clock reads.  Free-running time is raw time with all our steering undone: the
// oscillator, on which history lives; what is known of it by its temperature is part of the oscillator.  Local time is
// raw time plus the correction that is decided but not yet slewed in: what we believe, serve and report.  Each change
// of the steering starts a new segment; the last sixteen are kept for stamps that arrive late.
#ifndef TIMED_DISCIPLINE_TIMELINE_H_
#define TIMED_DISCIPLINE_TIMELINE_H_

#include <array>
#include <cstddef>
#include <optional>

#include "timed/base/units.h"
#include "timed/env/clock.h"

namespace timed::discipline {

// One instant on all scales.
struct Now {
  RawTime raw;
  FreeTime free;
  LocalTime local;
  MonoTime mono;
};

// Free-running to local time as it is now: all that history ever meets of our steering.
struct LocalView {
  FreeTime start;
  WideDuration local_minus_free;  // at start
  Frequency rate;                 // local time gains this many seconds per free-running second
  Duration added_dispersion;      // counter: all dispersion that clock changes have added so far

  WideDuration offset_at(FreeTime t) const { return local_minus_free + WideDuration((t - start) * rate); }
  LocalTime to_local(FreeTime t) const { return offset_at(t).from<LocalScale>(t); }
  FreeTime to_free(LocalTime t) const;
  // reference - local of what is reference - free at a time.
  Duration local_offset(FreeTime when, WideDuration reference_minus_free) const {
    return (reference_minus_free - offset_at(when)).to_duration();
  }
  // The slope left of an offset whose slope was f in free-running seconds.
  Frequency local_frequency(Frequency f) const { return (f - rate) / (1.0 + rate.to_ratio()); }
  Frequency free_frequency(Frequency f) const { return f * (1.0 + rate.to_ratio()) + rate; }
  // later - earlier in local seconds.
  Duration interval(FreeTime later, FreeTime earlier) const { return (later - earlier) * (1.0 + rate.to_ratio()); }
};

// A stamp placed on the scales; `error` has the stamp's own bound and that of the place.
struct PlacedStamp {
  RawTime raw;
  FreeTime free;
  Duration error;
  env::StampSource source = env::StampSource::Daemon;
};

class Timeline {
 public:
  // The three scales agree before the first change.
  explicit Timeline(RawTime start);

  FreeTime to_free(RawTime raw) const;
  // Raw to local on the current segment.
  LocalTime to_local(RawTime raw) const;
  // local - raw on the current segment: the correction still to be slewed in, positive = raw is behind.
  Duration pending(RawTime raw) const;
  Now now(RawTime raw, MonoTime mono) const { return {raw, to_free(raw), to_local(raw), mono}; }
  const LocalView& view() const { return view_; }
  // Places a stamp; empty for one from before the last step or older than the segments that are kept.
  std::optional<PlacedStamp> place(const env::Stamp& stamp) const;
  // For OwnState: the line raw -> local of the current segment.
  RawTime line_start() const { return current().start; }
  Frequency local_rate() const { return current().local_rate; }

  // ---- changes, made by LocalClock only ----
  struct Rates {       // corrections of the bare oscillator, positive = faster
    Frequency kernel;  // with which raw time runs
    Frequency base;    // with which local time runs
    Frequency free;    // with which free-running time runs: what the temperature says
  };
  // From `at` on the scales run so.  None of them jumps; stamps up to `error_span` old may be off by `error` (the
  // kernel does not take a frequency at once).
  void set_frequencies(RawTime at, const Rates& rates, Duration error, Duration error_span);
  // Local time jumps by `offset`, raw time does not.
  void shift_local(RawTime at, Duration offset);
  // The kernel's clock was stepped by `offset`, and local time with it or, with `local_follows` false, raw time moved
  // towards local time.  Both raw instants are the same moment.  Earlier stamps can no longer be placed.
  void step(RawTime before, Duration offset, bool local_follows);
  // Somebody else stepped the clock: everything known about the scales ends here.
  void restart(RawTime at);
  void add_dispersion(Duration d) { view_.added_dispersion += d; }

 private:
  struct Segment {
    RawTime start;
    WideDuration free_minus_raw;   // at start
    Frequency free_rate;           // free - raw gains this per raw second
    WideDuration local_minus_raw;  // at start
    Frequency local_rate;          // local - raw gains this per raw second
    Duration error;                // of stamps within error_span after start
    Duration error_span;
  };
  static constexpr std::size_t kSegments = 16;

  const Segment& current() const { return segments_[newest_]; }
  WideDuration free_minus_raw(const Segment& segment, RawTime raw) const;
  WideDuration local_minus_raw(RawTime raw) const;
  Segment continued(RawTime at) const;
  void begin_segment(const Segment& segment);
  void forget_earlier();
  void renew_view(RawTime at);

  std::array<Segment, kSegments> segments_{};
  std::size_t newest_ = 0;
  std::size_t count_ = 1;
  bool unbounded_ = true;  // the oldest segment kept is the first ever: it also covers what was before it
  Frequency base_;         // what local time gains on free-running time
  LocalView view_;
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_TIMELINE_H_
