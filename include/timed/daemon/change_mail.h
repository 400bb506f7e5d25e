// The mail of mailonchange: that a large offset was corrected (timed.conf(5)).  Pure.
#ifndef TIMED_DAEMON_CHANGE_MAIL_H_
#define TIMED_DAEMON_CHANGE_MAIL_H_

#include <string>

#include "timed/base/units.h"
#include "timed/config/config.h"

namespace timed::daemon {

// Headers, an empty line and the text.  program: the daemon's name; offset: reference - local; at: before the change.
std::string change_mail(const config::MailOnChangeOptions& options, const std::string& program,
                        const std::string& machine, Duration offset, RawTime at);

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_CHANGE_MAIL_H_
