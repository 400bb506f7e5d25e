#include "timed/daemon/start_checks.h"

#include <utility>

#include "timed/daemon/key_file.h"
#include "timed/daemon/temperature_poll.h"

namespace timed::daemon {
namespace {

void check_keys(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& path = outcome.config.key_file;
  if (path.empty()) return;
  const auto reading = KeyFile::read(path, checks.files);
  if (!reading) {
    const bool hidden = !checks.as_root && reading.error().kind == ErrorKind::Permission;
    (hidden ? outcome.warnings : outcome.errors)
        .push_back(outcome.about("keyfile", reading.error().message, hidden ? "" : "a file with keys"));
    return;
  }
  for (const std::string& warning : reading->warnings) {
    outcome.warnings.push_back(config::make_diagnostic(warning));
  }
}

void check_temperature_points(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& path = outcome.config.temperature.points_file;
  if (path.empty()) return;
  const auto points = TemperaturePoll::read_points(path, checks.files);
  if (points.ok()) return;
  outcome.errors.push_back(outcome.about("tempcomp", points.error().message,
                                         "a file with a temperature and parts per million on each line"));
}

// The account that holds without a word is made when the daemon is installed, which may come later.
void check_account(const StartChecks& checks, config::ParseOutcome& outcome) {
  if (outcome.config.process.user == config::default_user()) return;
  const Status found = checks.find_account(outcome.config.process.user);
  if (found.ok()) return;
  (checks.as_root ? outcome.errors : outcome.warnings)
      .push_back(outcome.about("user", found.error().message, "the name of an account of this machine"));
}

}  // namespace

void check_start(const StartChecks& checks, config::ParseOutcome& outcome) {
  if (!outcome.ok()) return;
  check_account(checks, outcome);
  check_keys(checks, outcome);
  check_temperature_points(checks, outcome);
}

}  // namespace timed::daemon
