#include "timed/discipline/timeline.h"

#include "timed/base/check.h"

namespace timed::discipline {
namespace {

// What a scale gains on raw time per raw second, where the kernel runs the clock with `kernel` and the scale runs
// with `own`, both as corrections of the oscillator: (1 + own) / (1 + kernel) - 1.
Frequency gain(Frequency own, Frequency kernel) {
  return (own - kernel) / (1.0 + kernel.to_ratio());
}

}  // namespace

FreeTime LocalView::to_free(LocalTime t) const {
  const LocalTime local_start = to_local(start);
  return start + (t - local_start) / (1.0 + rate.to_ratio());
}

Timeline::Timeline(RawTime start) {
  segments_[0].start = start;
  view_.start = FreeTime::from_nanos(start.nanos());
}

WideDuration Timeline::free_minus_raw(const Segment& segment, RawTime raw) const {
  return segment.free_minus_raw + WideDuration((raw - segment.start) * segment.free_rate);
}

WideDuration Timeline::local_minus_raw(RawTime raw) const {
  return current().local_minus_raw + WideDuration((raw - current().start) * current().local_rate);
}

FreeTime Timeline::to_free(RawTime raw) const {
  return free_minus_raw(current(), raw).from<FreeScale>(raw);
}

Duration Timeline::pending(RawTime raw) const {
  return local_minus_raw(raw).to_duration();
}

LocalTime Timeline::to_local(RawTime raw) const {
  return local_minus_raw(raw).from<LocalScale>(raw);
}

std::optional<PlacedStamp> Timeline::place(const env::Stamp& stamp) const {
  for (std::size_t back = 0; back < count_; ++back) {
    const Segment& segment = segments_[(newest_ + kSegments - back) % kSegments];
    const bool first_ever = back + 1 == count_ && unbounded_;
    if (stamp.time < segment.start && !first_ever) continue;
    const bool near_start = stamp.time - segment.start < segment.error_span;
    return PlacedStamp{stamp.time, free_minus_raw(segment, stamp.time).from<FreeScale>(stamp.time),
                       stamp.error + (near_start ? segment.error : Duration::zero()), stamp.source};
  }
  return std::nullopt;
}

// The current segment, going on from an instant as it has come to it.
Timeline::Segment Timeline::continued(RawTime at) const {
  Segment next = current();
  next.start = at;
  next.free_minus_raw = free_minus_raw(current(), at);
  next.local_minus_raw = local_minus_raw(at);
  next.error = Duration::zero();
  return next;
}

void Timeline::forget_earlier() {
  count_ = 1;
  unbounded_ = false;
}

void Timeline::begin_segment(const Segment& segment) {
  if (count_ == kSegments) unbounded_ = false;
  newest_ = (newest_ + 1) % kSegments;
  count_ = count_ < kSegments ? count_ + 1 : kSegments;
  segments_[newest_] = segment;
}

// The view is that of the current segment's start; its rate follows from the two rates against raw time.
void Timeline::renew_view(RawTime at) {
  view_.start = to_free(at);
  view_.local_minus_free = current().local_minus_raw - current().free_minus_raw;
  view_.rate = base_;
}

void Timeline::set_frequencies(RawTime at, const Rates& rates, Duration error, Duration error_span) {
  Segment next = continued(at);
  next.free_rate = gain(rates.free, rates.kernel);
  next.local_rate = gain(rates.base, rates.kernel);
  next.error = error;
  next.error_span = error_span;
  base_ = gain(rates.base, rates.free);
  begin_segment(next);
  renew_view(at);
}

void Timeline::shift_local(RawTime at, Duration offset) {
  Segment next = continued(at);
  next.local_minus_raw = next.local_minus_raw + WideDuration(offset);
  begin_segment(next);
  renew_view(at);
}

void Timeline::step(RawTime before, Duration offset, bool local_follows) {
  Segment next = continued(before);
  next.start = before + offset;
  const WideDuration moved = WideDuration::between(next.start, before);
  next.free_minus_raw = next.free_minus_raw - moved;
  if (!local_follows) next.local_minus_raw = next.local_minus_raw - moved;
  begin_segment(next);
  forget_earlier();
  renew_view(next.start);
}

void Timeline::restart(RawTime at) {
  Segment next = continued(at);
  next.free_minus_raw = WideDuration();
  next.local_minus_raw = WideDuration();
  begin_segment(next);
  forget_earlier();
  renew_view(at);
}

}  // namespace timed::discipline
