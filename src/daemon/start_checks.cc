#include "timed/daemon/start_checks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "source_checks.h"
#include "timed/base/text.h"
#include "timed/daemon/key_file.h"
#include "timed/daemon/temperature_poll.h"
#include "timed/nts/ke_server.h"
#include "timed/nts/server_keys.h"
#include "timed/server/acl.h"

namespace timed::daemon {
namespace {

// The keys that there are; empty where nobody knows, as the line may be there, with an error.
std::optional<auth::KeyStore> check_keys(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& path = outcome.config.key_file;
  if (path.empty()) return outcome.ok() ? std::optional(auth::KeyStore()) : std::nullopt;
  auto reading = KeyFile::read(path, checks.files);
  if (!reading) {
    const bool hidden = !checks.as_root && reading.error().kind == ErrorKind::Permission;
    const bool goes_on = hidden || KeyFile::may_be_missing(outcome.config, reading.error());
    (goes_on ? outcome.warnings : outcome.errors)
        .push_back(outcome.about("keyfile", 1, reading.error().message, hidden ? "" : "a file with keys"));
    return std::nullopt;
  }
  for (const std::string& warning : reading->warnings) {
    outcome.warnings.push_back(config::make_diagnostic(warning));
  }
  return std::move(reading->keys);
}

// A start tells it when there is something to write.
void check_logs(config::ParseOutcome& outcome) {
  const config::JournalOptions& logs = outcome.config.journal;
  const bool any = logs.measurements || logs.raw_measurements || logs.statistics || logs.tracking || logs.selection ||
                   logs.refclocks || logs.rtc || logs.tempcomp;
  if (!any || !logs.directory.empty()) return;
  outcome.warnings.push_back(outcome.about("log", 0, "logdir not specified", "a logdir line beside it"));
}

// A line that has been left in a file whose server was turned off, or the other way round.
void check_service(config::ParseOutcome& outcome) {
  const bool allows = std::ranges::any_of(outcome.config.access, [](const auto& rule) { return rule.allow; });
  const bool serves = outcome.config.server.port != 0 || !outcome.config.nts.server.certificates.empty();
  if (serves || !allows || !outcome.stated.contains("allow")) return;
  outcome.warnings.push_back(outcome.about("allow", 0, "Nobody is served : the port is 0", "no port line beside it"));
}

// A start goes on without, and serves no NTS.
void check_key_secret(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& path = outcome.config.nts.server.secret_file;
  if (path.empty()) return;
  const auto secret = nts::ServerKeys::read_secret(path, checks.files);
  if (secret) return;
  outcome.warnings.push_back(
      outcome.about("ntskeysecret", 1, secret.error().message, "a file with at least 32 hexadecimal digits"));
}

// A start goes on without them, and takes them when they are there.
void check_certificates(const StartChecks& checks, config::ParseOutcome& outcome) {
  const nts::NtsServerOptions& options = outcome.config.nts.server;
  if (options.certificates.empty()) return;
  const auto pairs = nts::KeServer::read_pairs(options, checks.files);
  if (pairs) return;
  outcome.warnings.push_back(
      outcome.about("ntsservercert", 1, pairs.error().message, "a certificate in a PEM file, and its key in another"));
}

void check_temperature_points(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& path = outcome.config.temperature.points_file;
  if (path.empty()) return;
  const auto points = TemperaturePoll::read_points(path, checks.files);
  if (points.ok()) return;
  outcome.errors.push_back(outcome.about("tempcomp", 3, points.error().message,
                                         "a file with a temperature and parts per million on each line"));
}

// The account that holds without a word is made when the daemon is installed, which may come later.
void check_account(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& name = outcome.config.process.user;
  const auto found = checks.find_account(name);
  if (found) return;
  const bool certain = checks.as_root && name != config::default_user();
  (certain ? outcome.errors : outcome.warnings)
      .push_back(outcome.about("user", 1, found.error().message, "the name of an account of this machine"));
}

// For an account that is not there yet nothing can belong to it.
void warn_of_exposed_files(const StartChecks& checks, config::ParseOutcome& outcome) {
  const auto owner = checks.find_account(outcome.config.process.user);
  if (!owner) return;
  const GuardedFiles guarded(outcome.config);
  std::vector<std::string> told = guarded.open_secrets(checks.files);
  for (std::string& text : guarded.exposures(checks.files, *owner, checks.true_path)) told.push_back(std::move(text));
  for (const std::string& text : told) outcome.warnings.push_back(config::make_diagnostic(text));
}

// The directory of the one that holds without a word is made at the start.
void check_pid_file(const StartChecks& checks, config::ParseOutcome& outcome) {
  const std::string& path = outcome.config.process.pid_file;
  if (path.empty() || path == config::default_pid_file()) return;
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  if (directory.empty()) return;
  const auto info = checks.files.info(directory);
  if (info && info->is_directory) return;
  const bool hidden = !checks.as_root && !info && info.error().kind == ErrorKind::Permission;
  (hidden ? outcome.warnings : outcome.errors)
      .push_back(outcome.about("pidfile", 1,
                               "Could not open " + path + " : " + (info ? "Not a directory" : info.error().reason()),
                               "a file in a directory that is there"));
}

// What only its use would show: a file that is to be read, or where one is to be written.  Whoever may not look knows
// nothing.
void check_places(const StartChecks& checks, config::ParseOutcome& outcome) {
  const auto absence = [&](const std::string& path, const std::string& place) -> std::optional<std::string> {
    const auto info = checks.files.info(place);
    if (info || info.error().kind != ErrorKind::NotFound) return std::nullopt;
    return "Could not open " + path + " : " + info.error().reason();
  };
  const std::string& drift = outcome.config.drift_file.path;
  if (const std::string directory = drift.substr(0, drift.rfind('/') + 1); !directory.empty()) {
    if (const auto absent = absence(drift, directory)) {
      outcome.warnings.push_back(outcome.about("driftfile", 1, *absent, "a file in a directory that is there"));
    }
  }
  if (const std::string& list = outcome.config.leap_seconds.list; !list.empty()) {
    if (const auto absent = absence(list, list)) {
      outcome.warnings.push_back(outcome.about("leapseclist", 1, *absent, "a list as leap-seconds.list is"));
    }
  }
  for (const nts::TrustedCertificates& trusted : outcome.config.nts.client.trusted) {
    // Of several lines the place of the last alone is known.
    const bool is_last = &trusted == &outcome.config.nts.client.trusted.back();
    if (const auto absent = absence(trusted.path, trusted.path)) {
      outcome.warnings.push_back(outcome.about(is_last ? "ntstrustedcerts" : "", trusted.set == 0 ? 1 : 2, *absent,
                                               "a file or a directory with certificates in PEM form"));
    }
  }
}

// Addresses far apart in what is given to the public: whoever admits them all admits the Internet, in how many subnets
// he may name it.
constexpr std::array kPublicAddresses4 = {"5.0.0.1",   "62.0.0.1",  "81.0.0.1",  "120.0.0.1",
                                          "142.0.0.1", "178.0.0.1", "200.0.0.1", "217.0.0.1"};
constexpr std::array kPublicAddresses6 = {"2001:db8::1", "2400::1", "2600::1", "2804::1", "2a00::1", "2c0f::1"};

bool admits_all(const server::AccessList& list, std::span<const char* const> addresses) {
  return std::all_of(addresses.begin(), addresses.end(),
                     [&](const char* text) { return list.allows(*IpAddress::parse(text)); });
}

// Whoever answers anybody, however often he asks, is a weapon against others.
void warn_of_open_access(config::ParseOutcome& outcome) {
  const config::Config& config = outcome.config;
  if (config.server.port == 0 || config.rate_limits.ntp.enabled) return;
  const server::AccessList access(config.access), limited(config.limited), needs_key(server::key_rules(config.access));
  const auto open = [&](std::span<const char* const> addresses) {
    return admits_all(access, addresses) && !admits_all(needs_key, addresses) && !admits_all(limited, addresses);
  };
  if (!open(kPublicAddresses4) && !open(kPublicAddresses6)) return;
  outcome.warnings.push_back(outcome.about(outcome.stated.contains("allow") ? "allow" : "restrict", 0,
                                           "NTP is served to the whole Internet without a rate limit",
                                           "a ratelimit line beside it, or the subnets that are to be served"));
}

void warn_of_missing_samba(config::ParseOutcome& outcome) {
  if (!outcome.config.restrict_mssntp || !outcome.config.server.signd_directory.empty()) return;
  outcome.warnings.push_back(outcome.about("restrict", 0, "mssntp in restrict directive has nobody who signs",
                                           "an ntpsigndsocket line beside it"));
}

// Where others may ask or times are typed in, sources may be added by commands.
bool has_purpose(const config::Config& config) {
  const bool serves = std::ranges::any_of(config.access, [](const server::AccessRule& rule) { return rule.allow; });
  return !config.sources.empty() || !config.source_directories.empty() || config.init_step_slew ||
         config.reference.local.enabled || config.manual || serves;
}

// How many addresses a pool or a directory has is known later.
void warn_of_few_sources(config::ParseOutcome& outcome) {
  const config::Config& config = outcome.config;
  const auto is_pool = [](const auto& line) { return line.kind == sources::SourceKind::Pool; };
  if (!config.source_directories.empty() || std::ranges::any_of(config.sources, is_pool)) return;
  const auto usable = std::ranges::count_if(config.sources, [](const auto& line) { return !line.marks.noselect; });
  if (usable == 0 || usable >= config.selection.min_sources) return;
  outcome.warnings.push_back(
      outcome.about("minsources", 1, "Fewer sources than minsources : nothing will be selected",
                    format("at most %d, the sources that may be selected, or more of them", static_cast<int>(usable))));
}

}  // namespace

void warn_of_sources(config::ParseOutcome& outcome) {
  if (!has_purpose(outcome.config)) {
    config::Diagnostic none = config::make_diagnostic("No source of time is specified");
    none.expected = "a server, pool, peer or sourcedir line, or local";
    outcome.warnings.push_back(std::move(none));
  }
  warn_of_few_sources(outcome);
}

void warn_of_access(config::ParseOutcome& outcome) {
  warn_of_open_access(outcome);
  warn_of_missing_samba(outcome);
}

void check_start(const StartChecks& checks, config::ParseOutcome& outcome) {
  // What seems to be missing may stand in a line with an error.
  const bool all_is_read = outcome.ok();
  if (all_is_read) {
    check_logs(outcome);
    check_service(outcome);
    warn_of_sources(outcome);
  }
  for (config::Diagnostic& absent : outcome.absent_directories) {
    config::add_bounded(outcome.warnings, std::move(absent));
  }
  const auto keys = check_keys(checks, outcome);
  SourceLacks lacks(outcome.config, keys ? &*keys : nullptr, all_is_read);
  check_sources(lacks, checks.files, outcome);
  check_account(checks, outcome);
  check_key_secret(checks, outcome);
  check_certificates(checks, outcome);
  check_temperature_points(checks, outcome);
  check_pid_file(checks, outcome);
  check_places(checks, outcome);
  warn_of_exposed_files(checks, outcome);
  warn_of_access(outcome);
}

}  // namespace timed::daemon
