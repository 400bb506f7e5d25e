// The commands that change which sources there are and how they are polled.  Each is given the whole line as words and
// says whether it has succeeded.
#ifndef TIMED_TIMEDC_SOURCE_COMMANDS_H_
#define TIMED_TIMEDC_SOURCE_COMMANDS_H_

#include "context.h"

namespace timed::timedc {

bool add(Context& context, const Words& words);
bool remove(Context& context, const Words& words);
bool burst(Context& context, const Words& words);
bool online(Context& context, const Words& words);
bool offline(Context& context, const Words& words);
bool reload(Context& context, const Words& words);
bool reset(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_SOURCE_COMMANDS_H_
