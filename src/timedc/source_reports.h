// The reports about sources.
// Each is given the whole line as words and says whether it has succeeded.
#ifndef TIMED_TIMEDC_SOURCE_REPORTS_H_
#define TIMED_TIMEDC_SOURCE_REPORTS_H_

#include "context.h"

namespace timed::timedc {

bool sources(Context& context, const Words& words);
bool sourcestats(Context& context, const Words& words);
bool selectdata(Context& context, const Words& words);
bool authdata(Context& context, const Words& words);
bool ntpdata(Context& context, const Words& words);
bool sourcename(Context& context, const Words& words);
// The addresses of all sources, for who is typing one: as many as the daemon tells without delay.
std::vector<std::string> source_addresses(Context& context);
bool activity(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_SOURCE_REPORTS_H_
