// What ntsbootstrap does with the parts of the daemon; which step comes when is for NtsBootstrap to say.
#include "clock_bootstrap.h"

#include <algorithm>

#include "engine_parts.h"
#include "timed/base/log.h"

namespace timed::daemon {

EarliestTime earliest_time(const config::Config& config, const DriftFile& drift_file, env::Files& files) {
  EarliestTime earliest{LocalTime::from_seconds(config.nts.client.built_s), "this program"};
  const auto note = [&earliest](RawTime t, const std::string& what) {
    const LocalTime written = LocalTime::from_nanos(t.nanos());
    if (written > earliest.time) earliest = {written, what};
  };
  if (const auto written = drift_file.modified()) note(*written, config.drift_file.path);
  for (const nts::TrustedCertificates& line : config.nts.client.trusted) {
    if (const auto info = files.info(line.path); info.ok()) note(info->modified, line.path);
  }
  return earliest;
}

void Engine::Parts::begin_bootstrap(LocalTime at_start) {
  if (!config.nts.client.bootstrap) return;
  const EarliestTime earliest = earliest_time(config, drift_file, env.host.files());
  bootstrap.begin(at_start, earliest.time);
  if (!bootstrap.active()) return;
  // With the reason: of a file from the future the right clock would be called wrong.
  log::warning("System clock is certainly wrong : waiting for NTS sources that agree (%s is %.0f seconds newer)",
               earliest.what.c_str(), (earliest.time - at_start).to_seconds());
}

bool Engine::Parts::may_update(Duration offset) {
  if (!bootstrap.active()) return true;
  const sources::AuthenticatedSources authenticated = sources->authenticated(selector);
  // Where nobody is authenticated nobody could ever confirm anything.  While initstepslew asks its hosts it is the
  // lines that count.
  const bool any = std::any_of(config.sources.begin(), config.sources.end(),
                               [](const sources::SourceLine& line) { return line.nts || line.key; });
  if (authenticated.configured == 0 && !any) return true;
  const discipline::Now now = clock.read();
  const SourcesAgreement agreement{authenticated.expected, authenticated.agreeing, offset};
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
