// The commands about who may ask the daemon.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_ACCESS_COMMANDS_H_
#define TIMED_TIMEDC_ACCESS_COMMANDS_H_

#include "context.h"

namespace timed::timedc {

bool allow(Context& context, const Words& words);
bool deny(Context& context, const Words& words);
bool cmdallow(Context& context, const Words& words);
bool cmddeny(Context& context, const Words& words);
bool accheck(Context& context, const Words& words);
bool cmdaccheck(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_ACCESS_COMMANDS_H_
