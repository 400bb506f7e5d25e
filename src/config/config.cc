#include "timed/config/config.h"

#include <algorithm>

namespace timed::config {
namespace {

// Room of a sample history (spec discipline.md, regression).
constexpr int kMaxSamples = 64;

}  // namespace

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

discipline::StatsOptions stats_of(const sources::SourceLine& line, const discipline::StatsOptions& defaults) {
  discipline::StatsOptions stats = line.stats;
  const int wanted_most = line.max_samples.value_or(defaults.max_samples);
  const int most = wanted_most <= 0 ? kMaxSamples : std::min(wanted_most, kMaxSamples);
  stats.max_samples = wanted_most <= 0 ? 0 : most;
  stats.min_samples = std::clamp(line.min_samples.value_or(defaults.min_samples), 1, most);
  return stats;
}

}  // namespace timed::config
