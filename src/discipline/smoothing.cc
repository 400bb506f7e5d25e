// The plan.  With o what served time is ahead and f the rate at which that becomes less, f' = +w, 0, -w (or the
// reverse) for l1, l2 and l3 seconds must bring f to zero while its integral is o.  Without a limit of f there is no
// middle stage:
//
//     f + w l1 = w l3,    f l1 + w l1²/2 + w l3²/2 = o    =>    l3² = o/w + f²/(2 w²),   l1 = l3 - f/w
//
// and with d = ±1 for the direction, o and f times d.  Where the top would be above the limit it is cut off: the same
// area, at the height of the limit, takes longer.
#include "timed/discipline/smoothing.h"

#include <algorithm>
#include <cmath>

namespace timed::discipline {
namespace {

// A frequency that is known so badly is not smoothed: seconds until its error has grown to what it can change.
constexpr double kMaxSkewByWander_s = 10'000.0;

struct Lengths {
  double first = 0.0, last = 0.0;
  double error = 0.0;  // of a direction that cannot do it
};

Lengths lengths(double offset, double approach, double wander, double direction) {
  const double radicand = direction * offset / wander + approach * approach / (2.0 * wander * wander);
  Lengths result;
  result.last = std::sqrt(std::max(0.0, radicand));
  const double first = result.last - direction * approach / wander;
  result.first = std::max(0.0, first);
  result.error = std::max(0.0, -radicand) + (first < 0.0 ? first * first : 0.0);
  return result;
}

}  // namespace

bool Smoothing::activate(LocalTime now) {
  if (!enabled() || active_) return false;
  active_ = true;
  since_ = now;
  return true;
}

bool Smoothing::on_adjustment(const ClockChange& change_made, Frequency skew) {
  if (!enabled()) return false;
  if (!active_) {
    if (!options_.leap_only && skew.to_ratio() / options_.max_wander >= kMaxSkewByWander_s) return false;
    return activate(change_made.local + change_made.offset);
  }
  const double jump_s = change_made.offset.to_seconds();
  if (options_.leap_only) {
    change(change_made.local, jump_s, 0.0, Frequency::zero());
  } else {
    change(change_made.local, jump_s, jump_s, change_made.frequency);
  }
  return false;
}

void Smoothing::on_leap(LocalTime before, int seconds, bool slewed) {
  if (!active_) return;
  if (slewed) {
    change(before, seconds, seconds, Frequency::zero());
  } else {
    since_ += Duration::seconds(seconds);
  }
}

bool Smoothing::reset(LocalTime now) {
  if (!active_) return false;
  since_ = now;
  offset_ = approach_ = 0.0;
  stages_ = {};
  return true;
}

// Local time jumps by so much, of which so much is smoothed, and gains so much from then on.
void Smoothing::change(LocalTime before, double jump_s, double smoothed_s, Frequency gained) {
  const Point now = at(before);
  offset_ = now.offset - smoothed_s;
  approach_ = (now.approach + gained.to_ratio()) / (1.0 + gained.to_ratio());
  since_ = before + Duration::seconds(jump_s);
  plan();
}

void Smoothing::plan() {
  const double wander = options_.max_wander;
  const double limit = options_.max_frequency.to_ratio();
  const Lengths up = lengths(offset_, approach_, wander, 1.0);
  const Lengths down = lengths(offset_, approach_, wander, -1.0);
  const double direction = down.error < up.error ? -1.0 : 1.0;
  Lengths chosen = direction > 0.0 ? up : down;
  double middle = 0.0;
  const double excess = direction * approach_ + chosen.first * wander - limit;
  if (excess > 0.0) {
    // Where it is above the limit already the top is cut off at what it is.
    const double cut = std::min(excess / wander, chosen.first);
    const double height = cut < excess / wander ? direction * approach_ : limit;
    if (cut > 0.0) middle = cut * (2.0 + cut * wander / height);
    chosen.first -= cut;
    chosen.last -= cut;
  }
  stages_ = {Stage{direction * wander, chosen.first}, Stage{0.0, middle}, Stage{-direction * wander, chosen.last}};
}

Smoothing::Point Smoothing::at(LocalTime now) const {
  Point point{offset_, approach_};
  double left = (now - since_).to_seconds();
  for (const Stage& stage : stages_) {
    // A time a little before the plan belongs to its first stage.
    const double length = std::min(left, stage.length);
    if (stage.length <= 0.0) continue;
    point.offset -= length * (2.0 * point.approach + stage.wander * length) / 2.0;
    point.approach += stage.wander * length;
    left -= length;
    if (left <= 0.0) {
      point.wander = stage.wander;
      return point;
    }
  }
  point.offset -= left * point.approach;
  return point;
}

double Smoothing::remaining(LocalTime now) const {
  double left = -(now - since_).to_seconds();
  for (const Stage& stage : stages_) left += stage.length;
  return std::max(0.0, left);
}

SmoothingReport Smoothing::report(LocalTime now) const {
  SmoothingReport r;
  r.active = active_;
  r.leap_only = options_.leap_only;
  if (!active_) return r;
  const Point point = at(now);
  r.offset = Duration::seconds(point.offset);
  r.frequency = Frequency::ratio(-point.approach);
  r.wander = -point.wander;
  r.since_update = now - since_;
  r.remaining = Duration::seconds(remaining(now));
  return r;
}

ServedOffset Smoothing::served(LocalTime now) const {
  const Point point = active_ ? at(now) : Point{};
  return {now, Duration::seconds(point.offset), Frequency::ratio(-point.approach), -point.wander};
}

}  // namespace timed::discipline
