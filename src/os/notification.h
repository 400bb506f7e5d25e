// Messages to the service manager ($NOTIFY_SOCKET, sd_notify(3)).
#ifndef TIMED_SRC_OS_NOTIFICATION_H_
#define TIMED_SRC_OS_NOTIFICATION_H_

#include <string>

#include "timed/base/result.h"

namespace timed::os {

// Success where there is none.  Only READY waits for a manager that does not listen at the moment: of the others the
// next one makes up for one that was lost.
Status notify_service_manager(const std::string& state);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_NOTIFICATION_H_
