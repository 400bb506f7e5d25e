#include "statements.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "access_rule.h"
#include "choice_reader.h"
#include "findings.h"
#include "number_reader.h"
#include "option_reader.h"

namespace timed::config {
namespace {

void parse_access(bool allow, const Statement& statement, Config& config, Findings& findings) {
  if (auto rule = parse_access_rule(allow, statement, findings)) config.access.push_back(std::move(*rule));
}

constexpr auto kLocalOptions = std::to_array<OptionRow>({
    {.name = "stratum", .value = OptionRow::Value::Integer, .min = 1, .max = 15},
    {.name = "distance", .value = OptionRow::Value::Real, .usual_min = 0},
    {.name = "orphan"},
    {.name = "activate", .value = OptionRow::Value::Real, .usual_min = 0},
    {.name = "waitsynced", .value = OptionRow::Value::Real, .usual_min = 0},
    {.name = "waitunsynced", .value = OptionRow::Value::Real},
});

void put_address(const IpAddress& address, IpAddress& v4, IpAddress& v6) {
  (address.is_v4() ? v4 : v6) = address;
}

}  // namespace

std::optional<IpAddress> read_address(const Statement& statement, std::size_t word, Findings& findings) {
  const auto address = IpAddress::parse(statement.words[word].text);
  if (!address) refuse(statement, word, findings);
  return address;
}

void parse_driftfile(const Statement& statement, Config& config, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.empty()) {
    findings.errors.push_back(finding_at(statement, 1, missing_arguments(statement)));
    return;
  }
  discipline::DriftFileOptions options = config.drift_file;
  options.path = std::string(arguments[0].text);
  if (arguments.size() > 1) {
    constexpr auto kOptions = std::to_array<std::string_view>({"interval"});
    if (!equals_ignoring_case(arguments[1].text, kOptions[0])) {
      refuse(statement, 2, findings);
      findings.errors.back().suggestion = nearest_word(arguments[1].text, kOptions);
      return;
    }
    const auto seconds = arguments.size() > 2 ? parse_integer(arguments[2].text) : std::nullopt;
    if (!seconds || arguments.size() > 3) {
      refuse(statement, seconds ? 4 : 3, findings);
      return;
    }
    if (*seconds < 0) warn_of_unusual(statement, arguments[2].text, findings);
    options.interval = Duration::seconds(static_cast<double>(*seconds));
  }
  config.drift_file = std::move(options);
}

void parse_authselectmode(const Statement& statement, Config& config, Findings& findings) {
  using Mode = discipline::AuthSelectMode;
  constexpr auto kWords = std::to_array<std::string_view>({"require", "prefer", "mix", "ignore"});
  constexpr auto kModes = std::to_array<Mode>({Mode::Require, Mode::Prefer, Mode::Mix, Mode::Ignore});
  if (statement.arguments().size() != 1) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 2), findings);
  } else if (const auto mode = read_choice(statement, kWords, findings)) {
    config.selection.auth_mode = kModes[*mode];
  }
}

void parse_estimator(const Statement& statement, Config& config, Findings& findings) {
  using Kind = discipline::EstimatorKind;
  constexpr auto kWords = std::to_array<std::string_view>({"regression", "bayes"});
  constexpr auto kKinds = std::to_array<Kind>({Kind::Regression, Kind::Bayes});
  if (statement.arguments().size() != 1) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 2), findings);
  } else if (const auto kind = read_choice(statement, kWords, findings)) {
    config.stats.estimator = kKinds[*kind];
  }
}

void parse_makestep(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 2, findings)) return;
  NumberReader numbers(statement, 1, statement.words.size(), findings);
  discipline::MakeStep make_step;
  make_step.threshold = Duration::seconds(numbers.real(kNotNegative));
  make_step.limit = numbers.integer();
  if (numbers.ok()) config.reference.make_step = make_step;
}

void parse_resumestep(const Statement& statement, Config& config, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given != 1 && !has_arguments(statement, 2, findings)) return;
  NumberReader numbers(statement, 1, statement.words.size(), findings);
  discipline::MakeStep allowed;
  allowed.threshold = Duration::seconds(numbers.real(kNotNegative));
  allowed.limit = given == 2 ? numbers.integer() : 1;
  if (numbers.ok()) config.resume_step = allowed;
}

void parse_maxchange(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 3, findings)) return;
  NumberReader numbers(statement, 1, statement.words.size(), findings);
  discipline::MaxChange max_change;
  max_change.offset = Duration::seconds(numbers.real(kNotNegative));
  max_change.start = numbers.integer(kNotNegative);
  max_change.ignore = numbers.integer();
  if (numbers.ok()) config.reference.max_change = max_change;
}

void parse_initstepslew(const Statement& statement, Config& config, Findings& findings) {
  if (statement.words.size() < 2) {
    refuse(statement, 1, findings);
    return;
  }
  NumberReader numbers(statement, 1, 2, findings);
  InitStepSlewOptions options;
  options.threshold = Duration::seconds(numbers.real(kNotNegative));
  if (!numbers.ok()) return;
  for (const Word& host : statement.words.subspan(2)) options.hosts.emplace_back(host.text);
  config.init_step_slew = std::move(options);
}

void parse_local(const Statement& statement, Config& config, Findings& findings) {
  discipline::LocalReferenceOptions local;
  local.enabled = true;
  OptionReader options(statement, 1, kLocalOptions, OptionReader::Shapes::Named, findings);
  while (const OptionRow* option = options.next()) {
    const Duration duration = Duration::seconds(options.number());
    if (option->name == "stratum") local.stratum = static_cast<int>(options.number());
    if (option->name == "orphan") local.orphan = true;
    if (option->name == "distance") local.distance = duration;
    if (option->name == "activate") local.activate = duration;
    if (option->name == "waitsynced") local.wait_synced = duration;
    if (option->name == "waitunsynced") {
      local.wait_unsynced.reset();
      if (duration >= Duration::zero()) local.wait_unsynced = duration;
    }
  }
  if (options.ok()) config.reference.local = local;
}

void parse_allow(const Statement& statement, Config& config, Findings& findings) {
  parse_access(true, statement, config, findings);
}

void parse_deny(const Statement& statement, Config& config, Findings& findings) {
  parse_access(false, statement, config, findings);
}

void parse_bindaddress(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  const auto address = read_address(statement, 1, findings);
  if (!address) return;
  auto& bound = config.server.bind_addresses;
  const auto clashes = [&](const IpAddress& other) {
    return other.family() == address->family() && (other.is_any() || address->is_any() || other == *address);
  };
  // All of them and one of them cannot be bound at once: the later line holds.
  std::erase_if(bound, clashes);
  bound.push_back(*address);
}

void parse_bindacqaddress(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  if (const auto address = read_address(statement, 1, findings)) {
    put_address(*address, config.acquisition.bind_v4, config.acquisition.bind_v6);
  }
}

void parse_acquisitionport(const Statement& statement, Config& config, Findings& findings) {
  const auto port = read_whole_number(statement, 0, std::numeric_limits<std::uint16_t>::max(), findings);
  if (port) config.acquisition.port = static_cast<std::uint16_t>(*port);
}

void parse_bindcmdaddress(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  const std::string_view text = statement.arguments()[0].text;
  if (text[0] == '/') {
    config.control.unix_path = text == "/" ? std::string() : std::string(text);
    return;
  }
  if (const auto address = read_address(statement, 1, findings)) {
    put_address(*address, config.control.bind_v4, config.control.bind_v6);
  }
}

// Case counts, unlike in directives.
void parse_log(const Statement& statement, Config& config, Findings& findings) {
  JournalOptions wanted = config.journal;
  const std::pair<std::string_view, bool*> streams[] = {
      {"measurements", &wanted.measurements}, {"rawmeasurements", &wanted.raw_measurements},
      {"selection", &wanted.selection},       {"statistics", &wanted.statistics},
      {"tracking", &wanted.tracking},         {"rtc", &wanted.rtc},
      {"refclocks", &wanted.refclocks},       {"tempcomp", &wanted.tempcomp}};
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string_view given = statement.words[word].text;
    const auto* const found =
        std::find_if(std::begin(streams), std::end(streams), [given](const auto& s) { return s.first == given; });
    if (found == std::end(streams)) {
      std::vector<std::string_view> names;
      for (const auto& stream : streams) names.push_back(stream.first);
      Finding finding = finding_at(statement, word, "Invalid log parameter", one_of(names));
      finding.suggestion = nearest_word(given, names);
      findings.errors.push_back(std::move(finding));
      continue;
    }
    *found->second = true;
    const bool silent = found->second == &wanted.rtc || found->second == &wanted.refclocks;
    if (!silent) continue;
    findings.warnings.push_back(
        finding_at(statement, word, std::string(given) + " in log directive is not available yet"));
    findings.warnings.back().place = Finding::Place::Parenthesis;
  }
  if (findings.errors.empty()) config.journal = std::move(wanted);
}

void parse_pidfile(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  const std::string_view text = statement.arguments()[0].text;
  config.process.pid_file = text == "/" ? std::string() : std::string(text);
}

void parse_mailonchange(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 2, findings)) return;
  NumberReader numbers(statement, 2, 3, findings);
  MailOnChangeOptions options;
  options.address = std::string(statement.words[1].text);
  options.threshold = Duration::seconds(numbers.real(kNotNegative));
  if (numbers.ok()) config.mail_on_change = std::move(options);
}

void parse_sched_priority(const Statement& statement, Config& config, Findings& findings) {
  constexpr int kAccepted = 100;  // by chrony, which then refuses it at the start
  const auto priority = read_whole_number(statement, 0, kAccepted, findings);
  if (!priority) return;
  if (*priority != kAccepted) {
    config.process.sched_priority = static_cast<int>(*priority);
    return;
  }
  Finding finding =
      finding_at(statement, 1, format("Bad scheduler priority: %d", kAccepted), "a whole number from 0 to 99");
  finding.place = Finding::Place::None;
  findings.errors.push_back(std::move(finding));
}

}  // namespace timed::config
