// The last samples of one source, as the estimator keeps them: single ones, or blocks of them.
#ifndef TIMED_SRC_DISCIPLINE_SAMPLE_WINDOW_H_
#define TIMED_SRC_DISCIPLINE_SAMPLE_WINDOW_H_

#include <array>
#include <cstddef>
#include <span>

#include "exchanges.h"
#include "model_average.h"
#include "timed/base/units.h"
#include "timed/discipline/sample.h"

namespace timed::discipline {

struct WindowEntry {
  FreeTime when;
  WideDuration offset;
  Duration delay;
  bool route_moved = false;  // before this one
  double jump = 0.0;         // of the frequency before this one, as in Exchange
  double count = 1.0;        // samples whose mean it is
  double jump_sd_s = 0.0;    // of a jump of the offset before this one
  Duration step = {};        // of the clocks, its server's among them: as its dispersion says

  // How a sample joins the block that the entry is.
  void take_better(const Sample& sample);
  void take_mean_with(const Sample& sample);
};

class SampleWindow {
 public:
  // `room`: so many entries are kept, kEstimatorWindow at most.
  void add(const WindowEntry& entry, std::size_t room);
  void clear() { size_ = 0; }
  // The reference was moved by so much.
  void shift(Duration offset);
  // Whether the route has become longer, with the mark where.  `last`: what was believed of it.
  bool watch_route(const AverageAnswer& last);

  std::size_t size() const { return size_; }
  WindowEntry& newest() { return entries_[size_ - 1]; }
  const WindowEntry& newest() const { return entries_[size_ - 1]; }
  std::span<const WindowEntry> entries() const { return {entries_.data(), size_}; }  // oldest first
  // Relative to the newest.  Valid until the next call.
  std::span<const Exchange> relative();
  // What the stamps are good for.
  double stamp_sd_s(Duration own_precision) const;
  // From the oldest entry to the newest.
  Duration reach() const { return entries_[size_ - 1].when - entries_[0].when; }
  // Samples that the span holds at the present interval.
  std::size_t recent(Duration span) const;

 private:
  Duration present_interval() const;

  std::array<WindowEntry, kEstimatorWindow> entries_{};
  std::size_t size_ = 0;
  std::array<Exchange, kEstimatorWindow> exchanges_{};
};

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_SAMPLE_WINDOW_H_
