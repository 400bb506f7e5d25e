// What the models look back on.  One sample says where the clock was; how it runs only many say, back over the time in
// which noise hides the wander.  64 entries at most are kept, as they were measured, and become exchanges (exchanges.h)
// at each update.  An entry is a sample, or a block of them where they come fast (estimator.cc says when).  Of a block
// the sample with the shortest round trip stays, as a mean would have all of the queues in it; where offsets scatter
// whatever the delay is, the mean stays, with the number that it is of.
//
// Whether the route has become longer is found here too.  Each exchange says that the base delay is at most what was
// seen, so a shorter route shows at once.  A longer one looks like queues, each of which says little of the offset, and
// the samples of before keep the base delay where it was until they leave the window.  But queues end: that n round
// trips in a row are all above r, by chance alone, has the probability P(r)^n.  Where that is below one in a million,
// with the least of the n for r, the route has changed, and from the first entry that is nearer to the new length than
// to the old one the smoother lets the base delay be another.  Every n up to half of the window is tried: two or three
// show a large change, thirty a small one, and any fixed n is wrong for one of both.
//
// A change of the round trip by less than about the mean queue of one direction is not found; it makes no larger error
// than queues do.  Congestion that is worse and lasts longer than the rare long delays of the noise explain is taken
// for a route.  That costs little: all samples before it still say where the clock is.
#include "sample_window.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace timed::discipline {
namespace {

// A clock that counts in steps is off by any part of one, as likely by each: the deviation, as a part of the step.
const double kPartOfStep = 1.0 / std::sqrt(12.0);
// A run of delays that queues make once in a million times is a longer route.  With 1e-4 and 1e-3 the row route has
// 0.47 and 0.42 instead of 0.57 of the regression's time error, for 0.96 and 0.89 instead of 0.78 of its frequency
// error; but where only one way has become longer, half of it goes into the offset and none into its deviation, as
// nobody can tell, and with them that is sooner: the error is within 1.96 deviations in 89.5 % and 88.3 % instead of
// 90.7 % of the time (seeds 201 to 300).
const double kRouteOdds = std::log(1e-6);
// What a sample may count for where they are less frequent than before: how fast polls grow.  With 1 and 4 the row
// default has 0.444 and 0.468 instead of 0.438 of the regression's time error, for 1.19 and 1.01 instead of 1.07 of its
// packets (seeds 401 to 440).
constexpr double kSamplesPerSample = 2.0;
constexpr std::size_t kIntervals = 3;  // whose median is the present one: one alone may be a burst's

// Logarithm of the chance that a round trip is so many times the mean of one direction above the smallest: the sum of
// two exponential delays, or one of the rare long ones in either direction (one_sided_noise.cc).
double log_chance_above(double above) {
  return std::log((1.0 + above) * std::exp(-above) + 2.0 * kRareShare * std::exp(-above / kRareFactor));
}

}  // namespace

void WindowEntry::take_better(const Sample& sample) {
  if (sample.peer_delay >= delay) return;
  when = sample.when;
  offset = sample.offset;
  delay = std::max(sample.peer_delay, Duration::zero());
  step = sample.peer_dispersion;
}

void WindowEntry::take_mean_with(const Sample& sample) {
  count += 1.0;
  when = when + (sample.when - when) * (1.0 / count);
  offset = offset + WideDuration((sample.offset - offset).to_duration() * (1.0 / count));
  delay = delay + (std::max(sample.peer_delay, Duration::zero()) - delay) * (1.0 / count);
}

void SampleWindow::add(const WindowEntry& entry, std::size_t room) {
  if (size_ == room) {
    std::move(entries_.begin() + 1, entries_.begin() + static_cast<std::ptrdiff_t>(size_), entries_.begin());
    --size_;
  }
  entries_[size_++] = entry;
}

void SampleWindow::shift(Duration offset) {
  for (std::size_t i = 0; i < size_; ++i) entries_[i].offset = entries_[i].offset + WideDuration(offset);
}

std::span<const Exchange> SampleWindow::relative() {
  const WindowEntry& last = newest();
  for (std::size_t i = 0; i < size_; ++i) {
    const WindowEntry& e = entries_[i];
    exchanges_[i] = {(e.when - last.when).to_seconds(),
                     (e.offset - last.offset).to_duration().to_seconds(),
                     e.delay.to_seconds(),
                     e.jump,
                     e.count,
                     e.jump_sd_s * e.jump_sd_s};
  }
  return {exchanges_.data(), size_};
}

// The least dispersion of the window is that of the clocks: what a sample has beside it is its own.
double SampleWindow::stamp_sd_s(Duration own_precision) const {
  Duration least = entries_[0].step;
  for (std::size_t i = 1; i < size_; ++i) least = std::min(least, entries_[i].step);
  return std::max(own_precision, least * kPartOfStep).to_seconds();
}

// Between the last samples.
Duration SampleWindow::present_interval() const {
  const std::size_t count = std::min(kIntervals, size_ - 1);
  std::array<Duration, kIntervals> intervals;
  for (std::size_t i = 0; i < count; ++i) intervals[i] = entries_[size_ - 1 - i].when - entries_[size_ - 2 - i].when;
  std::sort(intervals.begin(), intervals.begin() + static_cast<std::ptrdiff_t>(count));
  return intervals[count / 2];
}

// Not how many samples lie within the span, which a faster beginning would make too many: polls would grow beyond
// where they stay.  The first ones, and those after a jump, know little yet.
std::size_t SampleWindow::recent(Duration span) const {
  std::size_t known = 1;
  while (known < size_ && entries_[size_ - known].jump == 0.0) ++known;
  const double held = span / present_interval();
  const double most = kSamplesPerSample * static_cast<double>(known);
  return static_cast<std::size_t>(std::min({held, most, static_cast<double>(kEstimatorWindow)}));
}

// The last so many delays are all so long as queues would not make them.
bool SampleWindow::watch_route(const AverageAnswer& last) {
  const double base_s = 2.0 * last.base_delay_s;
  const double mean_s = 0.5 * (last.forward_mean_s + last.backward_mean_s) + last.gaussian_sd_s;
  double least_s = std::numeric_limits<double>::infinity();
  for (std::size_t run = 1; run <= size_ / 2; ++run) {
    if (entries_[size_ - run].route_moved) return false;
    least_s = std::min(least_s, entries_[size_ - run].delay.to_seconds());
    const double above = (least_s - base_s) / mean_s;
    if (above <= 0.0) return false;
    if (static_cast<double>(run) * log_chance_above(above) > kRouteOdds) continue;
    std::size_t first = size_ - run;
    while (first > 1 && entries_[first - 1].delay.to_seconds() > base_s + 0.5 * (least_s - base_s)) --first;
    entries_[first].route_moved = true;
    return true;
  }
  return false;
}

}  // namespace timed::discipline
