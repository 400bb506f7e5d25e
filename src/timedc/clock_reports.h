// The reports about clocks.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_CLOCK_REPORTS_H_
#define TIMED_TIMEDC_CLOCK_REPORTS_H_

#include "context.h"

namespace timed::timedc {

bool tracking(Context& context, const Words& words);
bool waitsync(Context& context, const Words& words);
bool smoothing(Context& context, const Words& words);
bool rtcdata(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_CLOCK_REPORTS_H_
