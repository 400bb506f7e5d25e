// A sample that contradicts what was believed, whatever its delay, says that the frequency has jumped (a fan that
// stopped, a machine that was moved).  The frequency may then have gained as much between the two samples as explains
// it, and nothing else is forgotten: neither the route nor how the clock usually wanders.  To take the jump for wander
// instead would make the clock a bad one for as long as the window remembers it.
//
// Neither wander nor queues explain a jump of the offset: of a clock that somebody else set, or of the server's.  Two
// samples that agree on one make the past be shifted by it, with room for how well it is known; so the frequency stays
// known, as nothing happened to it.  One such sample alone is left out.
#include "contradictions.h"

#include <algorithm>
#include <cmath>

namespace timed::discipline {
namespace {

constexpr double kLateJump = 2.0;   // times what explains the sample: the jump may have come late
constexpr double kMostJump = 1e-4;  // above it the reference was set, or the machine slept
// Of the frequency, by one sample after so short a time.  At polls of seconds a sample in ten thousand is off by four
// deviations, which would be a jump of tens of ppm: with kMostJump here the clock of polls of 1/4 to 4 s had spikes of
// 0.2 ms, 57 times its RMS error.  The next sample is soon there to say what it was.
constexpr double kMostFrequencyJump = 1e-5;
constexpr double kSoon_s = 8.0;
// A jump of the offset: so many deviations beyond what the delay excuses, and too much for one of the frequency.
constexpr double kJumpDeviations = 20.0;
constexpr double kJumpRate = kMostJump / kLateJump;
constexpr double kSameJump = 0.25;   // two samples agree on it to such a share
constexpr int kMostSuspects = 3;     // in a row: then it is no jump, and the models must make the best of it
constexpr double kJumpSlack = 10.0;  // deviations for how well it is known, beside half the delay

}  // namespace

double Contradiction::beyond_s() const {
  return std::max(0.0, std::fabs(error_s) - excused_s);
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
    c.excused_s = std::max(0.0, 0.5 * sample.peer_delay.to_seconds() - delays->base_delay_s);
    variance_s2 += delays->gaussian_sd_s * delays->gaussian_sd_s + delays->base_delay_sd_s * delays->base_delay_sd_s;
  } else {
    variance_s2 += believed.noise_sd.to_seconds() * believed.noise_sd.to_seconds();
  }
  c.sd_s = std::sqrt(variance_s2);
  return c;
}

double frequency_jump(const Contradiction& c) {
  if (c.surprise() <= kContradiction) return 0.0;
  const double change = kLateJump * c.error_s / c.elapsed_s;
  const double most = c.elapsed_s < kSoon_s ? kMostFrequencyJump : kMostJump;
  return std::fabs(change) <= most ? change * change : 0.0;
}

OffsetJumpWatch::Verdict OffsetJumpWatch::check(const Sample& sample, const Posterior& believed,
                                                const std::optional<AverageAnswer>& delays) {
  const Contradiction now = contradiction_of(sample, believed, delays);
  if (!now.is_offset_jump() || suspects_ >= kMostSuspects) {
    suspect_.reset();
    if (!now.is_offset_jump()) suspects_ = 0;
    return {};
  }
  if (suspect_) {
    const Contradiction before = contradiction_of(*suspect_, believed, delays);
    const double slack_s = before.excused_s + now.excused_s + kSameJump * std::fabs(before.error_s);
    if (std::fabs(now.error_s - before.error_s) < slack_s) {
      const double half_delay_s = 0.5 * suspect_->peer_delay.to_seconds();
      reset();
      return {false, OffsetJump{Duration::seconds(before.error_s), half_delay_s + kJumpSlack * before.sd_s}};
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
