// What the last word of a line that is being typed can become.
#ifndef TIMED_TIMEDC_COMPLETION_H_
#define TIMED_TIMEDC_COMPLETION_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace timed::timedc {

// Whole words that begin as the last one does, sorted; what follows a blank is an empty word.  sources: asked for the
// addresses of the daemon's sources, where they can stand.  own_extras: words of commands that chronyc has not, too.
std::vector<std::string> completions(std::string_view line, bool own_extras,
                                     const std::function<std::vector<std::string>()>& sources);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_COMPLETION_H_
