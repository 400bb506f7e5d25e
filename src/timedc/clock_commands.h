// The commands that change the clock.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_CLOCK_COMMANDS_H_
#define TIMED_TIMEDC_CLOCK_COMMANDS_H_

#include "context.h"

namespace timed::timedc {

bool makestep(Context& context, const Words& words);
bool maxupdateskew(Context& context, const Words& words);
bool reselectdist(Context& context, const Words& words);
bool dfreq(Context& context, const Words& words);
bool doffset(Context& context, const Words& words);
bool settime(Context& context, const Words& words);
bool manual(Context& context, const Words& words);
bool local(Context& context, const Words& words);
bool smoothtime(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_CLOCK_COMMANDS_H_
