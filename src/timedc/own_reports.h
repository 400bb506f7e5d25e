// The reports that only timed has: another daemon says that it does not know them.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_OWN_REPORTS_H_
#define TIMED_TIMEDC_OWN_REPORTS_H_

#include "context.h"

namespace timed::timedc {

bool daemonstatus(Context& context, const Words& words);
bool reloadstatus(Context& context, const Words& words);
bool serververdicts(Context& context, const Words& words);
bool ntsserver(Context& context, const Words& words);
bool sourceverdicts(Context& context, const Words& words);
bool estimators(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_OWN_REPORTS_H_
