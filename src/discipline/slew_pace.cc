// An offset can only be taken out by running too fast or too slow.  While x seconds are slewed in T, the clock is wrong
// in its rate by x/T, and in its time by what is left: over an interval I between updates that adds x²T/3I to the mean
// square of the time error and x²/TI to that of the frequency error.  A short T is good for the one and bad for the
// other.
//
// What decides is how large x is beside the deviation of the offset.  An offset within its deviation is less than what
// is not known anyway, and the next update may as well ask for the opposite: slewing it quickly moves the frequency and
// gains next to nothing.  One of several deviations is most of the error of the clock, and real.  So the slew takes I
// divided by the number of deviations, within limits; `corrtimeratio` scales that, as it scales chronyd's, which has
// the same form: half the ratio times deviation times interval over the offset.
//
// I is the interval to come, which nobody knows.  It is guessed from those of late, as neither an outage nor a sample
// that was asked for out of turn says how far away the next answer is.  Where the estimator has just found a jump of
// the frequency the next answer is asked for soon, and what the jump has led to is slewed by then.
//
// Two kinds of offset are apart.  At the start a few samples make estimates that differ by much, and only what stands
// far out is worth a frequency error.  And a small offset is slewed gently however short the interval is, while a large
// one, of a millisecond and more, must be gone before anything else matters.
#include "timed/discipline/slew_pace.h"

#include <algorithm>
#include <cmath>

#include "timed/discipline/estimator.h"

namespace timed::discipline {
namespace {

// The slew of the estimator's offset.  At the usual corrtimeratio an offset as large as its deviation takes one
// interval between updates, as the next one may well take it back; one that stands out is removed sooner, and most of
// the interval is then run without being wrong.  With half and twice of it default, long has 0.471 and 0.499 instead of
// 0.480 of the regression's time error, for 0.75 and 0.55 instead of 0.66 of its frequency error, at polls of 64 s 1.34
// and 0.90 instead of 1.15 (seeds 401 to 440).
constexpr double kUsualCorrectionRatio = 3.0;
constexpr double kSlewShare = 1.0;
// No sooner than in a quarter of it: with an eighth and a half the row daily sine has 0.463 and 0.477 instead of 0.466
// of the regression's time error, for 0.74 and 0.53 instead of 0.65 of its frequency error.  And no later than in two,
// where the next update finds half of it left: with one and four the row default has 0.435 and 0.447 instead of 0.438,
// for 1.05 and 0.93 instead of 0.92 (the same seeds).
constexpr double kLeastSlewShare = 0.25, kMostSlewShare = 2.0;
// However short the polls are: with 1 and 4 s the row lan has 0.74 and 0.85 instead of 0.77 of the time error, for 0.83
// and 0.44 instead of 0.57 of the frequency error (the same seeds).
constexpr Duration kShortestSlew = Duration::seconds(2);
// The first estimates follow one another quickly and differ by much: small offsets between them are not worth the
// frequency errors.  With 4 and 16 the row default has 0.97 and 0.88 instead of 0.92 of the regression's frequency
// error, and gaussian jitter 1.02 and 0.91 instead of 0.96; their time errors are the same within 0.002.
constexpr int kFirstUpdates = 8;
// After a gap in the answers the next update is not as far away as the last one was: an interval is expected to be so
// many times the longest of those before at most, of which each update takes a tenth (sources may take turns in
// leading). With 1.4 and 4 times the row loss has 0.579 and 0.584 instead of 0.582 of the time error, for 0.58 and 0.55
// instead of 0.56 of the frequency error; where each update takes a fifth and a twentieth, 0.577 and 0.586, for 0.59
// and 0.53.
constexpr double kLongerInterval = 2.0;
// And not as near as one that was asked for out of turn: with the whole of the last interval for it, the frequency
// error of polls of a quarter of an hour is 0.59 instead of 0.69 times the regression's.
constexpr double kShorterInterval = 0.7;
constexpr double kIntervalDecay = 0.9;
// Offsets below the limit are slewed no faster than this, however short the interval.  With 10 and 40 ppm time errors
// are the same, and the frequency error after a step of the frequency 0.48 and 0.68 instead of 0.58 of the regression's
// (sim_estimators --seeds 1 12); a slower slew takes longer over the millisecond of a start.  Offsets of half of the
// limit and more occur at the start and where somebody sets a clock: with half and twice of it no row is different
// after 210 s.
constexpr Duration kGentleOffset = Duration::millis(1);
constexpr Frequency kGentleRate = Frequency::ppm(20);
// But one of the first that is so many deviations large is no accident, and there is more of them than later.  With 2
// and 8 the row default has 1.07 and 0.80 instead of 0.92 of the frequency error, and restart 0.777 and 0.793 instead
// of 0.786 of the time error.  What share and rate gain lies in the first 200 s (docs/accuracy.md has no row of them).
constexpr double kClear = 4.0;
constexpr double kClearFirstShare = 0.5;
constexpr Frequency kClearFirstRate = Frequency::ppm(100);
// After a jump of the frequency what it has led to is no noise, and the sources are asked again soon, where minpoll
// lets them: it is slewed by then.  Polls below the usual ones are no reason to hurry: with 16 s nothing is gained
// after a frequency step, and with 64 s the error is 0.368 instead of 0.365 of the regression's.
constexpr Duration kSoonest = Duration::seconds(32);

Duration sooner(Duration interval) {
  return std::max(interval * std::exp2(-kSoonerAfterContradiction), std::min(interval, kSoonest));
}

}  // namespace

void SlewPace::note_update(MonoTime now) {
  interval_ = last_update_ ? now - *last_update_ : Duration::zero();
  last_update_ = now;
  updates_ = std::min(updates_ + 1, kFirstUpdates + 1);
  const bool is_first = updates_ <= kFirstUpdates || longest_interval_ == Duration::zero();
  expected_interval_ =
      is_first ? interval_
               : std::clamp(interval_, longest_interval_ * kShorterInterval, longest_interval_ * kLongerInterval);
  longest_interval_ = std::max(interval_, longest_interval_ * kIntervalDecay);
}

double SlewPace::correction_rate(const LocalEstimate& e, Duration left) const {
  if (!e.growth || interval_ <= Duration::zero()) {
    return correction_time_ratio_ * 0.5 * e.offset_sd.to_seconds() * interval_.to_seconds();
  }
  const bool is_first = updates_ <= kFirstUpdates, after_jump = e.growth->jumped && !is_first;
  const double interval_s = (after_jump ? sooner(expected_interval_) : expected_interval_).to_seconds();
  const double scale = correction_time_ratio_ / kUsualCorrectionRatio;
  const double clarity = abs(left) / std::max(e.offset_sd, Duration::nanos(1));
  // Beyond the limit nothing is gained by taking one's time: the larger the offset, the sooner it must be gone.
  const double large = std::max(abs(left) / kGentleOffset, 1.0);
  const bool is_clear_first = is_first && clarity >= kClear;
  const double first_share = is_clear_first ? kClearFirstShare : kMostSlewShare;
  const double later_share = after_jump ? kSlewShare : kLeastSlewShare;
  const double least_share = is_first && large == 1.0 ? first_share : later_share / large;
  const double share = std::clamp(kSlewShare / clarity, least_share, kMostSlewShare);
  const Frequency gentle_rate = is_clear_first ? kClearFirstRate : kGentleRate;
  const double gentle_s = std::min(abs(left), kGentleOffset).to_seconds() / gentle_rate.to_ratio() / large;
  return abs(left).to_seconds() * std::max({kShortestSlew.to_seconds(), scale * share * interval_s, scale * gentle_s});
}

}  // namespace timed::discipline
