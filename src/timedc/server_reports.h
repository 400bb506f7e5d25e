// The reports about the daemon as a server.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_SERVER_REPORTS_H_
#define TIMED_TIMEDC_SERVER_REPORTS_H_

#include "context.h"

namespace timed::timedc {

bool serverstats(Context& context, const Words& words);
bool clients(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_SERVER_REPORTS_H_
