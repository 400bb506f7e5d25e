// errno as an Error: "WHAT : REASON", the shape of chrony's messages, and the kind that callers decide by.
#ifndef TIMED_SRC_OS_SYSTEM_ERROR_H_
#define TIMED_SRC_OS_SYSTEM_ERROR_H_

#include <string_view>

#include "timed/base/result.h"

namespace timed::os {

Error system_error(std::string_view what, int number);
// With "Could not VERB PATH" in front.
Error path_error(std::string_view verb, std::string_view path, int number);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_SYSTEM_ERROR_H_
