#include "timed/daemon/jumps.h"

#include <utility>

namespace timed::daemon {

std::optional<Duration> Jumps::check(RawTime raw, MonoTime mono) {
  const auto before = std::exchange(last_, Readings{raw, mono});
  if (!before) return std::nullopt;
  latest_ = (raw - before->raw) - (mono - before->mono);
  return abs(latest_) > kThreshold ? std::optional(latest_) : std::nullopt;
}

void Jumps::on_own_step(Duration offset) {
  if (last_) last_->raw += offset;
}

}  // namespace timed::daemon
