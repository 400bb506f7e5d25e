// The control requests that change which sources there are, and whether they are polled (timedc(1)).
#ifndef TIMED_DAEMON_SOURCE_COMMANDS_H_
#define TIMED_DAEMON_SOURCE_COMMANDS_H_

#include <optional>
#include <variant>

#include "timed/control/protocol.h"
#include "timed/discipline/sample.h"
#include "timed/sources/source_files.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

// By its address, or by the number that it has while it has none.
std::optional<discipline::SourceId> find_source(const sources::SourceSet& sources,
                                                const control::SourceAddress& address);

// As the protocol names it, and as it says why a line was not added.
control::SourceAddress address_of(const sources::SourceReport& source);
control::ReplyStatus status_of(sources::AddStatus status);

// The line that an `add` request describes, its values brought into the ranges of the options; or why it is none.
std::variant<sources::SourceLine, control::ReplyStatus> line_of(const control::AddSourceRequest& request);

// Empty for other requests.  `files` is null before the configured sources are there: a reload is then ignored.
// `selected` is switched last, so that the others are there to take its place, or do not take it meanwhile.
std::optional<control::Reply> change_sources(const control::Request& request, sources::SourceSet& sources,
                                             sources::SourceFiles* files, std::optional<discipline::SourceId> selected);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_SOURCE_COMMANDS_H_
