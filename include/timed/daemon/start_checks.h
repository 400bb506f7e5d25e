// What a start would refuse beyond what the configuration's lines say of themselves: files that it cannot do without
// and the account to run as.  For `timed --check` and -p, which refuse what a start refuses, and explain what it would
// pass over.
#ifndef TIMED_DAEMON_START_CHECKS_H_
#define TIMED_DAEMON_START_CHECKS_H_

#include <functional>
#include <string>

#include "timed/base/result.h"
#include "timed/config/parser.h"
#include "timed/daemon/guarded_files.h"
#include "timed/env/files.h"

namespace timed::daemon {

// The world of the one who asks.
struct StartChecks {
  env::Files& files;
  std::function<Result<FileOwner>(const std::string& name)> find_account;
  TruePath true_path;
  // Whether the daemon would be started by the same user.  If not, what that user may not see is a warning only, and so
  // is a missing account, which may exist where the daemon is to run.
  bool as_root = false;
};

// Adds to the errors and warnings of a configuration.
void check_start(const StartChecks& checks, config::ParseOutcome& outcome);

// Adds warnings where anybody is answered however often he asks, and where Samba is to sign and is not named; a start
// gives them too.
void warn_of_access(config::ParseOutcome& outcome);

// Adds warnings where there is nothing to take the time from and nobody to give it to, and where the sources are fewer
// than have to agree; a start gives them too.
void warn_of_sources(config::ParseOutcome& outcome);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_START_CHECKS_H_
