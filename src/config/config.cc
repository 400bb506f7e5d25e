#include "timed/config/config.h"

#include <algorithm>

namespace timed::config {

bool Config::names_a_key() const {
  return std::ranges::any_of(sources, [](const sources::SourceLine& line) { return line.key.has_value(); });
}

std::string default_path() {
  return TIMED_SYSCONFDIR "/timed.conf";
}

std::string default_user() {
  return TIMED_DEFAULT_USER;
}

std::string default_pid_file() {
  return TIMED_RUNDIR "/timed.pid";
}

control::ControlOptions default_control() {
  control::ControlOptions options;
  options.unix_path = TIMED_RUNDIR "/timed.sock";
  return options;
}

}  // namespace timed::config
