// What the selection and the reference tell the operator, in chrony's words.  Pure but for tell().
#ifndef TIMED_DAEMON_ANNOUNCER_H_
#define TIMED_DAEMON_ANNOUNCER_H_

#include <string>

#include "timed/base/log.h"
#include "timed/base/units.h"
#include "timed/daemon/jumps.h"
#include "timed/discipline/options.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"

namespace timed::daemon {

struct Announcement {
  log::Severity severity = log::Severity::Info;
  std::string text;
};
// Logs it.
void tell(const Announcement& announcement);

// `source` is the description of the message's source, where it has one.
Announcement announce(const discipline::SelectionMessage& message, const std::string& source,
                      const discipline::SelectionOptions& options);
// reference - local at an update, larger than logchange.
Announcement announce_wrong_by(Duration offset);
Announcement announce_jump(const Jump& jump);
Announcement announce_pause(Duration late);
Announcement announce_step(Duration offset, bool done);
// A change that would have led out of the time that the clock may tell.
Announcement announce_invalid(Duration offset);
// An update that was refused.
Announcement announce_refusal(Duration offset, Duration maximum, discipline::ReferenceUpdate::Verdict verdict);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_ANNOUNCER_H_
