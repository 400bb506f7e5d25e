// `timedc import`: a configuration of another daemon as one of timed, on standard output.
#ifndef TIMED_TIMEDC_IMPORT_COMMAND_H_
#define TIMED_TIMEDC_IMPORT_COMMAND_H_

#include "context.h"

namespace timed::timedc {

bool import(Context& context, const Words& words);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_IMPORT_COMMAND_H_
