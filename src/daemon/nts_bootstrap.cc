#include "timed/daemon/nts_bootstrap.h"

namespace timed::daemon {

void NtsBootstrap::begin(LocalTime now, LocalTime earliest) {
  earliest_ = earliest;
  stage_ = now < earliest ? Stage::Provisional : Stage::Off;
}

CertificateTimes NtsBootstrap::times(LocalTime now) const {
  switch (stage_) {
    case Stage::Off:
      break;
    case Stage::Provisional:
      return {std::nullopt, earliest_};
    case Stage::Checking:
      return {now + found_, earliest_};
  }
  return {now, std::nullopt};
}

NtsBootstrap::Verdict NtsBootstrap::judge(const SourcesAgreement& agreement, LocalTime now, MonoTime mono) {
  if (stage_ == Stage::Off) return Verdict::Update;
  const bool majority = 2 * agreement.agreeing > agreement.authenticated;
  if (!majority) return Verdict::Wait;
  if (stage_ == Stage::Provisional) {
    // Before the earliest time nobody can be right, however many say so.
    if (now + agreement.offset < earliest_) return Verdict::Wait;
    found_ = agreement.offset;
    until_ = mono + kCheckingTime;
    stage_ = Stage::Checking;
    return Verdict::Recheck;
  }
  if (abs(agreement.offset - found_) > kSameTime) {
    stage_ = Stage::Provisional;
    return Verdict::Refuse;
  }
  stage_ = Stage::Off;
  return Verdict::Confirm;
}

bool NtsBootstrap::give_up(MonoTime now) {
  if (stage_ != Stage::Checking || now < until_) return false;
  stage_ = Stage::Provisional;
  return true;
}

void NtsBootstrap::on_clock_set(LocalTime now) {
  if (active()) begin(now, earliest_);
}

}  // namespace timed::daemon
