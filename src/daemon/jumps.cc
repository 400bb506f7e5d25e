#include "timed/daemon/jumps.h"

#include <utility>

namespace timed::daemon {

std::optional<Duration> Jumps::check(RawTime raw, MonoTime mono) {
  const auto before = std::exchange(last_, Readings{raw, mono});
  if (!before) return std::nullopt;
  const Duration jump = (raw - before->raw) - (mono - before->mono);
  return abs(jump) > kThreshold ? std::optional(jump) : std::nullopt;
}

void Jumps::on_own_step(Duration offset) {
  if (last_) last_->raw += offset;
}

}  // namespace timed::daemon
