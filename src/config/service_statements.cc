// A mistake is refused as chrony refuses it; what chrony would silently bend to its limits is bent here too, with a
// warning.
#include "service_statements.h"

#include <algorithm>
#include <array>

#include "access_rule.h"
#include "findings.h"
#include "number_reader.h"
#include "option_reader.h"
#include "statements.h"
#include "timed/auth/aead.h"

namespace timed::config {
namespace {

using Value = OptionRow::Value;

constexpr auto kRateLimitOptions = std::to_array<OptionRow>({
    {.name = "interval", .value = Value::Integer, .min = -32, .max = 32, .usual_min = -19, .usual_max = 12},
    // chrony documents up to 255 and takes up to 32.
    {.name = "burst", .value = Value::Integer, .min = -32, .max = 255, .usual_min = 1},
    {.name = "leak", .value = Value::Integer, .min = -32, .max = 32, .usual_min = 1, .usual_max = 4},
    {.name = "kod", .value = Value::Integer, .min = -32, .max = 32, .usual_min = 0, .usual_max = 4},
});
constexpr auto kRateLimitsWithoutKod = std::span(kRateLimitOptions).first<3>();

// Options that a line does not name stay as an earlier one has left them.
void parse_limits(const Statement& statement, std::span<const OptionRow> rows, server::RateLimitOptions& limits,
                  Findings& findings) {
  server::RateLimitOptions read = limits;
  read.enabled = true;
  OptionReader options(statement, 1, rows, OptionReader::Shapes::Plain, findings);
  while (const OptionRow* option = options.next()) {
    const int value = options.integer();
    if (option->name == "interval") read.interval = std::clamp(value, -19, 12);
    if (option->name == "burst") read.burst = std::clamp(value, 1, 255);
    if (option->name == "leak") read.leak = std::clamp(value, 1, 4);
    if (option->name == "kod") read.kod = std::clamp(value, 0, 4);
  }
  if (options.ok()) limits = read;
}

// In the order of HwTimestampLine::Filter.
constexpr auto kFilters = std::to_array<std::string_view>({"all", "ntp", "ptp", "none"});
constexpr auto kHwTimestampOptions = std::to_array<OptionRow>({
    {.name = "minpoll", .value = Value::Integer, .min = -32, .max = 32, .usual_min = -6, .usual_max = 20},
    {.name = "maxpoll", .value = Value::Integer, .min = -32, .max = 32, .usual_min = -6, .usual_max = 20},
    {.name = "minsamples", .value = Value::Integer, .usual_min = 2, .usual_max = 64},
    {.name = "maxsamples", .value = Value::Integer, .usual_min = 2, .usual_max = 64},
    {.name = "precision", .value = Value::Real, .usual_min = 0},
    {.name = "txcomp", .value = Value::Real},
    {.name = "rxcomp", .value = Value::Real},
    {.name = "nocrossts"},
    {.name = "rxfilter", .value = Value::Choice, .choices = kFilters},
});

void parse_command_access(bool allow, const Statement& statement, Config& config, Findings& findings) {
  if (auto rule = parse_access_rule(allow, statement, findings)) config.command_access.push_back(std::move(*rule));
}

// In the order of control::OpenReport.
constexpr auto kReports = std::to_array<std::string_view>(
    {"activity", "authdata", "clients", "manual", "ntpdata", "rtcdata", "selectdata", "serverstats", "smoothing",
     "sourcename", "sources", "sourcestats", "tracking", "daemonstatus", "reloadstatus", "serververdicts",
     "sourceverdicts", "ntsserver", "estimators"});

}  // namespace

void parse_broadcast(const Statement& statement, Config& config, Findings& findings) {
  const std::size_t given = statement.arguments().size();
  if (given < 2 || given > 3) {
    refuse(statement, std::min<std::size_t>(statement.words.size(), 4), findings);
    return;
  }
  constexpr int kLongestInterval = 1 << 24;
  const auto interval = read_loose_integer(statement, 1, 1, kLongestInterval, findings);
  if (!interval) return;
  const auto address = read_address(statement, 2, findings);
  if (!address) return;
  sources::BroadcastLine line;
  line.interval = static_cast<int>(std::clamp<std::int64_t>(*interval, 1, kLongestInterval));
  line.to.address = *address;
  if (given == 3) {
    const auto port = read_loose_integer(statement, 3, 0, kMaxPort, findings);
    if (!port) return;
    line.to.port = static_cast<std::uint16_t>(*port);
  }
  config.broadcasts.push_back(line);
}

void parse_serverthreads(const Statement& statement, Config& config, Findings& findings) {
  if (statement.words.size() == 2 && statement.words[1].text == "auto") {
    config.server.threads.reset();
    return;
  }
  const auto count = read_whole_number(statement, 0, server::kMaxServingThreads, findings);
  if (count) config.server.threads = static_cast<int>(*count);
}

void parse_clientloglimit(const Statement& statement, Config& config, Findings& findings) {
  constexpr double kMostBytes = 1e12;
  if (!has_arguments(statement, 1, findings)) return;
  const auto bytes = read_loose_integer(statement, 1, 0, kMostBytes, findings);
  if (bytes) config.server.client_log_limit = static_cast<std::uint64_t>(*bytes);  // what is negative wraps
}

void parse_hwtimestamp(const Statement& statement, Config& config, Findings& findings) {
  if (statement.words.size() < 2) {
    refuse(statement, 1, findings);
    return;
  }
  HwTimestampLine line;
  line.interface = std::string(statement.words[1].text);
  std::optional<int> max_poll;
  OptionReader options(statement, 2, kHwTimestampOptions, OptionReader::Shapes::Plain, findings);
  while (const OptionRow* option = options.next()) {
    const std::string_view name = option->name;
    if (name == "minpoll") line.min_poll = std::clamp(options.integer(), -6, 20);
    if (name == "maxpoll") max_poll = options.integer();
    if (name == "minsamples") line.min_samples = std::clamp(options.integer(), 2, 64);
    if (name == "maxsamples") line.max_samples = std::clamp(options.integer(), 2, 64);
    if (name == "precision") line.precision = Duration::seconds(options.number());
    if (name == "txcomp") line.tx_compensation = Duration::seconds(options.number());
    if (name == "rxcomp") line.rx_compensation = Duration::seconds(options.number());
    if (name == "nocrossts") line.no_cross_timestamps = true;
    if (name == "rxfilter") line.filter = static_cast<HwTimestampLine::Filter>(options.integer());
  }
  if (!options.ok()) return;
  line.max_poll = std::clamp(max_poll.value_or(line.min_poll + 1), line.min_poll, 20);
  config.timestamps.interfaces.push_back(std::move(line));
}

void parse_ratelimit(const Statement& statement, Config& config, Findings& findings) {
  parse_limits(statement, kRateLimitOptions, config.rate_limits.ntp, findings);
}

void parse_ntsratelimit(const Statement& statement, Config& config, Findings& findings) {
  parse_limits(statement, kRateLimitsWithoutKod, config.rate_limits.nts, findings);
}

void parse_cmdratelimit(const Statement& statement, Config& config, Findings& findings) {
  parse_limits(statement, kRateLimitsWithoutKod, config.rate_limits.commands, findings);
}

void parse_ntsaeads(const Statement& statement, Config& config, Findings& findings) {
  std::vector<int> ids;
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const auto id = parse_integer(statement.words[word].text);
    if (!id || *id < 0 || *id > std::numeric_limits<int>::max()) {
      refuse(statement, word, findings, "numbers of AEAD algorithms, as 30 or 15");
      return;
    }
    ids.push_back(static_cast<int>(*id));
  }
  const bool any = std::any_of(ids.begin(), ids.end(), [](int id) {
    return id <= std::numeric_limits<std::uint16_t>::max() && auth::aead_numbered(static_cast<std::uint16_t>(id));
  });
  if (!any) {
    findings.warnings.push_back(finding_at(statement, 1, "No cipher for NTS in ntsaeads directive",
                                           "30, 15 or both, which are all that there are"));
  }
  config.nts.aeads = std::move(ids);
}

void parse_ntstrustedcerts(const Statement& statement, Config& config, Findings& findings) {
  const bool has_set = statement.arguments().size() != 1;
  if (has_set && !has_arguments(statement, 2, findings)) return;
  nts::TrustedCertificates certificates;
  certificates.path = std::string(statement.words.back().text);
  if (has_set) {
    const auto set = read_loose_integer(statement, 1, 0, std::numeric_limits<std::uint32_t>::max(), findings);
    if (!set) return;
    certificates.set = static_cast<std::uint32_t>(*set);  // as with chrony it wraps
  }
  config.nts.client.trusted.push_back(std::move(certificates));
}

void parse_cmdallow(const Statement& statement, Config& config, Findings& findings) {
  parse_command_access(true, statement, config, findings);
}

void parse_cmddeny(const Statement& statement, Config& config, Findings& findings) {
  parse_command_access(false, statement, config, findings);
}

void parse_opencommands(const Statement& statement, Config& config, Findings& findings) {
  std::set<control::OpenReport> open;
  for (std::size_t word = 1; word < statement.words.size(); ++word) {
    const std::string_view text = statement.words[word].text;
    const auto found = std::find_if(kReports.begin(), kReports.end(),
                                    [text](std::string_view report) { return equals_ignoring_case(report, text); });
    if (found == kReports.end()) {
      refuse(statement, word, findings, one_of(kReports));
      findings.errors.back().suggestion = nearest_word(text, kReports);
      return;
    }
    open.insert(static_cast<control::OpenReport>(found - kReports.begin()));
  }
  config.control.open_reports = std::move(open);
}

}  // namespace timed::config
