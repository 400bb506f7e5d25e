// The commands that are carried out here, without the daemon.  Each is given the whole line as words and says whether
// it has succeeded.
#ifndef TIMED_TIMEDC_TOOL_COMMANDS_H_
#define TIMED_TIMEDC_TOOL_COMMANDS_H_

#include "context.h"

namespace timed::timedc {

bool dns(Context& context, const Words& words);
bool timeout(Context& context, const Words& words);
bool retries(Context& context, const Words& words);
bool keygen(Context& context, const Words& words);
bool end(Context& context, const Words& words);
bool obsolete(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_TOOL_COMMANDS_H_
