// How many of the authenticated sources a selection rests on.
#ifndef TIMED_SRC_DAEMON_CLOCK_BOOTSTRAP_H_
#define TIMED_SRC_DAEMON_CLOCK_BOOTSTRAP_H_

#include <vector>

#include "timed/daemon/nts_bootstrap.h"
#include "timed/discipline/selection.h"

namespace timed::daemon {

SourcesAgreement agreement_of(const std::vector<discipline::Candidate>& candidates,
                              const discipline::Selector& selector, Duration offset);

}  // namespace timed::daemon

#endif  // TIMED_SRC_DAEMON_CLOCK_BOOTSTRAP_H_
