// What ntsbootstrap does with the parts of the daemon; which step comes when is for NtsBootstrap to say.
#include "clock_bootstrap.h"

#include <algorithm>
#include <string>

#include "engine_parts.h"
#include "timed/base/log.h"

namespace timed::daemon {

SourcesAgreement agreement_of(const std::vector<discipline::Candidate>& candidates,
                              const discipline::Selector& selector, Duration offset) {
  SourcesAgreement agreement;
  agreement.offset = offset;
  for (const discipline::Candidate& candidate : candidates) {
    if (!candidate.authenticated || !candidate.active) continue;
    ++agreement.authenticated;
    const discipline::SourceState state = selector.state_of(candidate.id).state;
    // What is too far away to be combined agrees all the same.
    if (state == discipline::SourceState::Selected || state == discipline::SourceState::Combined ||
        state == discipline::SourceState::Outlier || state == discipline::SourceState::Distant) {
      ++agreement.agreeing;
    }
  }
  return agreement;
}

// The newest thing that certainly lies behind us: this program, its last drift file, and the files of certificates.
Engine::Parts::EarliestTime Engine::Parts::earliest_time() const {
  EarliestTime earliest{LocalTime::from_seconds(config.nts.client.built_s), "this program"};
  const auto note = [&earliest](RawTime t, const std::string& what) {
    const LocalTime written = LocalTime::from_nanos(t.nanos());
    if (written > earliest.time) earliest = {written, what};
  };
  if (const auto written = drift_file.modified()) note(*written, config.drift_file.path);
  for (const nts::TrustedCertificates& line : config.nts.client.trusted) {
    if (const auto info = env.host.files().info(line.path); info.ok()) note(info->modified, line.path);
  }
  return earliest;
}

void Engine::Parts::begin_bootstrap(LocalTime at_start) {
  if (!config.nts.client.bootstrap) return;
  const EarliestTime earliest = earliest_time();
  bootstrap.begin(at_start, earliest.time);
  if (!bootstrap.active()) return;
  // With the reason: of a file from the future the right clock would be called wrong.
  log::warning("System clock is certainly wrong : waiting for NTS sources that agree (%s is %.0f seconds newer)",
               earliest.what.c_str(), (earliest.time - at_start).to_seconds());
}

bool Engine::Parts::may_update(const discipline::Selection& selection,
                               const std::vector<discipline::Candidate>& candidates) {
  if (!bootstrap.active()) return true;
  // Where nobody is authenticated nobody could ever confirm anything.
  const bool any = std::any_of(candidates.begin(), candidates.end(), [](const auto& c) { return c.authenticated; });
  if (!any) return true;
  const discipline::Now now = clock.read();
  SourcesAgreement agreement = agreement_of(candidates, selector, selection.combined->offset);
  // Whoever keeps names from being looked up must not make a majority of what is left.
  agreement.authenticated += sources->nts_lines_without_address();
  switch (bootstrap.judge(agreement, now.local, now.mono)) {
    case NtsBootstrap::Verdict::Update:
      return true;
    case NtsBootstrap::Verdict::Wait:
      return false;
    case NtsBootstrap::Verdict::Recheck:
      log::info("NTS sources agree on the time (%zu of %zu) : checking certificates by it", agreement.agreeing,
                agreement.authenticated);
      give_up_checking.arm_in(NtsBootstrap::kCheckingTime);
      sources->distrust_keys();
      return false;
    case NtsBootstrap::Verdict::Refuse:
      log::warning("NTS sources agree on another time than before : beginning anew");
      sources->distrust_keys();
      return false;
    case NtsBootstrap::Verdict::Confirm:
      log::info("Time is confirmed by NTS sources (%zu of %zu)", agreement.agreeing, agreement.authenticated);
      give_up_checking.disarm();
      reference->allow_steps({Duration::zero(), 1});
      return true;
  }
  return false;
}

void Engine::Parts::give_up_bootstrap() {
  if (!bootstrap.give_up(env.timers.now())) return;
  log::warning("Time is not confirmed by NTS sources : beginning anew");
  sources->distrust_keys();
}

}  // namespace timed::daemon
