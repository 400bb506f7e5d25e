// The control requests that change an option of a source that is there (timedc(1)).
#ifndef TIMED_DAEMON_SOURCE_CHANGES_H_
#define TIMED_DAEMON_SOURCE_CHANGES_H_

#include <optional>

#include "timed/control/protocol.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

// Empty for other requests.
std::optional<control::Reply> change_options(const control::Request& request, sources::SourceSet& sources);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_SOURCE_CHANGES_H_
