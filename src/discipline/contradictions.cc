// A sample that contradicts what was believed, whatever its delay, says that the frequency has jumped (a fan that
// stopped, a machine that was moved).  The frequency may then have gained as much between the two samples as explains
// it, and nothing else is forgotten: neither the route nor how the clock usually wanders.  To take the jump for wander
// instead would make the clock a bad one for as long as the window remembers it.
//
// One sample soon after a jump shows little of it, less than queues excuse, and what was believed then goes some of the
// way with it: the next one, beside that, says little again.  So a sample that is not likely, but no contradiction,
// leaves a doubt, if a jump of the frequency can be what is behind it.  The next one is held against what was believed
// before both, and may settle it.
//
// Neither wander nor queues explain a jump of the offset: of a clock that somebody else set, or of the server's.  Two
// samples that agree on one make the past be shifted by it, with room for how well it is known; so the frequency stays
// known, as nothing happened to it.  One such sample alone is left out.
#include "contradictions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace timed::discipline {
namespace {

// Times what explains the sample: the jump may have come late, and when nobody knows.  After a frequency step the error
// is 0.365 of the regression's, with 1 and 4 it is 0.368 and 0.365; at polls of 16 s 0.496, with them 0.494 and 0.497
// (seeds 401 to 440, as below).
constexpr double kLateJump = 2.0;
// More than a crystal is off by at most: above it the reference was set, or the machine slept.
constexpr double kMostJump = 1e-4;
// Of the frequency, by one sample after so short a time.  At polls of seconds a sample in ten thousand is off by four
// deviations, which would be a jump of tens of ppm: with kMostJump here the clock of polls of 1/4 to 4 s had spikes of
// 0.2 ms, 57 times its RMS error.  The next sample is soon there to say what it was.
constexpr double kMostFrequencyJump = 1e-5;
constexpr double kSoon_s = 8.0;
// A sample less likely than this leaves a doubt: one in fifty is worth the packet that is asked for to settle it.  The
// next one then need not be as unlikely as a contradiction alone is, at 4 deviations 1 of 16 000; with 2e-3 at polls of
// 16 s the frequency was 1.6 times as far off as the regression's, by jumps that were none.
constexpr double kDoubtChance = 0.02;
constexpr double kSettledChance = 2e-4;
// Deviations, below which the delay changes the chance of 4 of them by less than 1 %: by (4 · 0.05)²/6 of it.
constexpr double kNoExcuse = 0.05;
// A jump of the offset: so many deviations beyond what the delay excuses, and too much for one of the frequency.  Where
// a clock is set by 50 ms behind a jitter of 5 ms, at polls of 64 s, the error afterwards is 0.117 of the regression's
// with 10 too, and 0.165 with 40; the rows jitter 0.1 s and noisy server are the same with all three.
constexpr double kJumpDeviations = 20.0;
constexpr double kJumpRate = kMostJump / kLateJump;
// Two samples agree on it to such a share, besides what their delays excuse: by five deviations at least, as it is of
// twenty or more.
constexpr double kSameJump = 0.25;
// In a row: then it is no jump, and the models must make the best of it.  With 1 the second is never heard, and the
// error after those 50 ms is 1.98 of the regression's; with 6 it is the same.
constexpr int kMostSuspects = 3;
// Deviations for how well it is known, beside half the delay.  It need not be known better, as what follows tells: with
// 5 and 20 the error after those 50 ms is 0.116 and 0.118 of the regression's (seeds 401 to 440).
constexpr double kJumpSlack = 10.0;

double density(double z) {
  return std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
}

// The chance to be above z, integrated from z on.
double tail_integral(double z) {
  return density(z) - z * 0.5 * std::erfc(z / std::numbers::sqrt2);
}

}  // namespace

double Contradiction::beyond_s() const {
  return std::max(0.0, std::fabs(error_s) - excused_s);
}

// Both tails of a uniform distribution as wide as the excuse, to both sides, and a Gaussian one.
double Contradiction::chance() const {
  const double error = std::fabs(error_s) / sd_s, excused = excused_s / sd_s;
  if (excused < kNoExcuse) return std::erfc(error / std::numbers::sqrt2);
  return (tail_integral(error - excused) - tail_integral(error + excused)) / excused;
}

bool Contradiction::is_offset_jump() const {
  return beyond_s() > kJumpDeviations * sd_s && beyond_s() > kJumpRate * std::max(elapsed_s, 1.0);
}

Contradiction contradiction_of(const Sample& sample, const Posterior& believed,
                               const std::optional<AverageAnswer>& delays) {
  const Duration elapsed = sample.when - believed.when;
  Contradiction c;
  c.error_s = ((sample.offset - believed.offset).to_duration() - elapsed * believed.frequency).to_seconds();
  c.elapsed_s = elapsed.to_seconds();
  double variance_s2 = believed.offset_sd_after(elapsed).to_seconds();
  variance_s2 *= variance_s2;
  if (delays) {
    // A delay below the smallest says that this was not it, by as much.
    c.excused_s = std::fabs(0.5 * sample.peer_delay.to_seconds() - delays->base_delay_s);
    variance_s2 += delays->gaussian_sd_s * delays->gaussian_sd_s + delays->base_delay_sd_s * delays->base_delay_sd_s;
  } else {
    variance_s2 += believed.noise_sd.to_seconds() * believed.noise_sd.to_seconds();
  }
  c.sd_s = std::sqrt(variance_s2);
  return c;
}

double frequency_jump(const Contradiction& c) {
  const double change = kLateJump * c.error_s / c.elapsed_s;
  const double most = c.elapsed_s < kSoon_s ? kMostFrequencyJump : kMostJump;
  return std::fabs(change) <= most ? change * change : 0.0;
}

FrequencyJumpWatch::Verdict FrequencyJumpWatch::check(const Sample& sample, const Contradiction& c,
                                                      const Posterior& believed,
                                                      const std::optional<AverageAnswer>& delays) {
  Verdict verdict;
  if (c.surprise() > kContradiction) {
    verdict.jump = frequency_jump(c);
  } else if (doubt_) {
    verdict.earlier_jump = earlier_jump(sample);
  }
  const bool has_jumped = verdict.jump > 0.0 || verdict.earlier_jump > 0.0;
  verdict.in_doubt = !has_jumped && c.chance() < kDoubtChance && frequency_jump(c) > 0.0;
  doubt_ = verdict.in_doubt ? std::optional(Doubt{believed, delays, c.error_s}) : std::nullopt;
  return verdict;
}

double FrequencyJumpWatch::earlier_jump(const Sample& sample) const {
  const Contradiction c = contradiction_of(sample, doubt_->believed, doubt_->delays);
  const bool says_the_same = std::signbit(c.error_s) == std::signbit(doubt_->error_s);
  return says_the_same && c.chance() < kSettledChance ? frequency_jump(c) : 0.0;
}

void FrequencyJumpWatch::shift(Duration offset) {
  if (doubt_) doubt_->believed.offset = doubt_->believed.offset + WideDuration(offset);
}

OffsetJumpWatch::Verdict OffsetJumpWatch::check(const Sample& sample, const Posterior& believed,
                                                const std::optional<AverageAnswer>& delays) {
  Contradiction now = contradiction_of(sample, believed, delays);
  std::optional<Contradiction> before;
  if (suspect_) {
    before = contradiction_of(*suspect_, believed, delays);
    now.elapsed_s = before->elapsed_s;  // a jump that has happened by then is no larger now
  }
  if (!now.is_offset_jump() || suspects_ >= kMostSuspects) {
    suspect_.reset();
    if (!now.is_offset_jump()) suspects_ = 0;
    return {};
  }
  if (before) {
    const double slack_s = before->excused_s + now.excused_s + kSameJump * std::fabs(before->error_s);
    if (std::fabs(now.error_s - before->error_s) < slack_s) {
      const double half_delay_s = 0.5 * suspect_->peer_delay.to_seconds();
      reset();
      return {false, OffsetJump{Duration::seconds(before->error_s), half_delay_s + kJumpSlack * before->sd_s}};
    }
  }
  suspect_ = sample;
  ++suspects_;
  return {true, std::nullopt};
}

void OffsetJumpWatch::shift(Duration offset) {
  if (suspect_) suspect_->offset = suspect_->offset + WideDuration(offset);
}

}  // namespace timed::discipline
