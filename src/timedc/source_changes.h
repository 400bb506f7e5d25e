// The commands that change an option of a source.  Each is given the whole line as words and says whether it has
// succeeded.
#ifndef TIMED_TIMEDC_SOURCE_CHANGES_H_
#define TIMED_TIMEDC_SOURCE_CHANGES_H_

#include "context.h"

namespace timed::timedc {

bool minpoll(Context& context, const Words& words);
bool maxpoll(Context& context, const Words& words);
bool minstratum(Context& context, const Words& words);
bool polltarget(Context& context, const Words& words);
bool maxdelay(Context& context, const Words& words);
bool maxdelayratio(Context& context, const Words& words);
bool maxdelaydevratio(Context& context, const Words& words);
bool offset(Context& context, const Words& words);
bool selectopts(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_SOURCE_CHANGES_H_
