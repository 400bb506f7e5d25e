// Messages for the operator.  One process-wide sink, write-only: logging cannot steer behaviour.  Rooms that are
// pure do not log; they return reasons.  Nothing is logged per packet.
#ifndef TIMED_BASE_LOG_H_
#define TIMED_BASE_LOG_H_

#include <functional>
#include <string>
#include <string_view>

namespace timed::log {

enum class Severity : int { Debug = -1, Info = 0, Warning = 1, Error = 2, Fatal = 3 };

using Sink = std::function<void(Severity, std::string_view message)>;

// Replaces the sink (at first: standard error, without time stamps).  Set by main, by the simulator and by tests.
void set_sink(Sink sink);
// Messages below this severity are dropped before they are formatted.  At first Info.
void set_minimum(Severity minimum);
bool enabled(Severity severity);

__attribute__((format(printf, 1, 2))) void debug(const char* shape, ...);
__attribute__((format(printf, 1, 2))) void info(const char* shape, ...);
__attribute__((format(printf, 1, 2))) void warning(const char* shape, ...);
__attribute__((format(printf, 1, 2))) void error(const char* shape, ...);
// The message of a failure that ends the process; ending it is the caller's business.
__attribute__((format(printf, 1, 2))) void fatal(const char* shape, ...);
void message(Severity severity, std::string_view text);

}  // namespace timed::log

#endif  // TIMED_BASE_LOG_H_
