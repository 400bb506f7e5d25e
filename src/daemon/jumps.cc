#include "timed/daemon/jumps.h"

#include <algorithm>
#include <utility>

namespace timed::daemon {
namespace {

// A clock that runs slower than that is no longer being slewed by anybody: it stands.
constexpr double kStanding = 0.1;
// What a reading of a clock that stands may go back by.
constexpr Duration kTremble = Duration::millis(1);

}  // namespace

std::optional<Jump> Jumps::check(RawTime raw, MonoTime mono, std::optional<Duration> suspended) {
  const Readings now{raw, mono, suspended};
  const auto before = std::exchange(last_, now);
  if (!before) {
    anchor_ = now;
    return std::nullopt;
  }
  latest_ = (raw - before->raw) - (mono - before->mono);
  // First: seen from one turn to the next a clock that stands looks like one that is set back.
  if (auto running = check_running(now)) return running;
  if (stopped_) return std::nullopt;
  if (abs(latest_) > kThreshold) {
    anchor_ = now;
    return Jump{Jump::Kind::Step, latest_};
  }
  if (!suspended || !before->suspended) return std::nullopt;
  const Duration asleep = *suspended - *before->suspended;
  return asleep > kShortestSleep ? std::optional(Jump{Jump::Kind::Asleep, asleep}) : std::nullopt;
}

// Over the last threshold of monotonic time, however many turns that was.
std::optional<Jump> Jumps::check_running(const Readings& now) {
  const Duration span = now.mono - anchor_->mono;
  if (span <= kThreshold) return std::nullopt;
  const Duration counted = now.raw - anchor_->raw;
  anchor_ = now;
  const bool stands = counted >= -kTremble && counted < span * kStanding;
  if (stands == std::exchange(stopped_, stands)) return std::nullopt;
  return Jump{stands ? Jump::Kind::Stopped : Jump::Kind::RunsAgain, counted - span};
}

void Incidents::note(const Jump& jump, MonoTime when) {
  latest = when;
  switch (jump.kind) {
    case Jump::Kind::Step:
      ++other_steps;
      break;
    case Jump::Kind::Asleep:
      ++sleeps;
      break;
    case Jump::Kind::Stopped:
      ++standstills;
      break;
    case Jump::Kind::RunsAgain:
      break;
  }
}

void Incidents::note_pause(MonoTime when) {
  latest = when;
  ++pauses;
}

void Incidents::note_delay(Duration late) {
  longest_delay = std::max(longest_delay, late);
}

bool Pauses::check(Duration late) {
  if (late == Duration::zero()) return false;
  const bool paused = late > kThreshold;
  return !std::exchange(told_, paused) && paused;
}

void Jumps::on_own_step(Duration offset) {
  if (last_) last_->raw += offset;
  if (anchor_) anchor_->raw += offset;
}

}  // namespace timed::daemon
