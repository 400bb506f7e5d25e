#include "timed/base/log.h"

#include <cstdarg>
#include <cstdio>
#include <utility>

#include "timed/base/text.h"

namespace timed::log {
namespace {

struct State {
  Sink sink;
  Severity minimum = Severity::Info;
};

State& state() {
  static State instance;
  return instance;
}

__attribute__((format(printf, 2, 0))) void write(Severity severity, const char* shape, std::va_list arguments) {
  if (enabled(severity)) message(severity, format_list(shape, arguments));
}

}  // namespace

void set_sink(Sink sink) {
  state().sink = std::move(sink);
}

void set_minimum(Severity minimum) {
  state().minimum = minimum;
}

bool enabled(Severity severity) {
  return severity >= state().minimum;
}

void message(Severity severity, std::string_view text) {
  if (!enabled(severity)) return;
  if (state().sink) {
    state().sink(severity, text);
  } else {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }
}

#define TIMED_LOG_FUNCTION(name, severity)       \
  void name(const char* shape, ...) {            \
    std::va_list arguments;                      \
    va_start(arguments, shape);                  \
    write(Severity::severity, shape, arguments); \
    va_end(arguments);                           \
  }
TIMED_LOG_FUNCTION(debug, Debug)
TIMED_LOG_FUNCTION(info, Info)
TIMED_LOG_FUNCTION(warning, Warning)
TIMED_LOG_FUNCTION(error, Error)
TIMED_LOG_FUNCTION(fatal, Fatal)
#undef TIMED_LOG_FUNCTION

}  // namespace timed::log
