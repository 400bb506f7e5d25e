#include "refclock.h"

#include <algorithm>
#include <array>

#include "findings.h"
#include "option_reader.h"

namespace timed::config {
namespace {

struct DriverOption {
  std::string_view name;
  int base = 0;  // of its value, which is a whole number; 0: has none
};

struct Driver {
  std::string_view name;
  std::span<const DriverOption> options;
};

constexpr DriverOption kPpsOptions[] = {{"clear"}};
constexpr DriverOption kShmOptions[] = {{"perm", 8}};
constexpr DriverOption kPhcOptions[] = {{"nocrossts"}, {"extpps"}, {"pin", 10}, {"channel", 10}, {"clear"}};
constexpr DriverOption kRtcOptions[] = {{"utc"}};
constexpr auto kDrivers = std::to_array<Driver>(
    {{"PPS", kPpsOptions}, {"SHM", kShmOptions}, {"SOCK", {}}, {"PHC", kPhcOptions}, {"RTC", kRtcOptions}});

using Value = OptionRow::Value;
constexpr auto kOptions = std::to_array<OptionRow>({
    {.name = "poll", .value = Value::Integer, .min = -32, .max = 32},
    {.name = "dpoll", .value = Value::Integer, .min = -32, .max = 32},
    {.name = "refid", .value = Value::ReferenceId},
    {.name = "lock", .value = Value::ReferenceId},
    {.name = "rate", .value = Value::Integer, .min = 1},
    {.name = "maxlockage", .value = Value::Integer, .min = 0},
    {.name = "width", .value = Value::Real, .usual_min = 0, .usual_max = 1},
    {.name = "pps"},
    {.name = "offset", .value = Value::Real},
    {.name = "delay", .value = Value::Real, .usual_min = 0},
    {.name = "stratum", .value = Value::Integer, .min = 0, .max = 15},
    {.name = "precision", .value = Value::Real, .usual_min = 0},
    {.name = "maxdispersion", .value = Value::Real, .usual_min = 0},
    {.name = "filter", .value = Value::Integer, .min = 0, .usual_min = 1, .usual_max = 256},
    {.name = "prefer"},
    {.name = "noselect"},
    {.name = "trust"},
    {.name = "require"},
    {.name = "tai"},
    {.name = "local"},
    {.name = "minsamples", .value = Value::Integer, .min = 0},
    {.name = "maxsamples", .value = Value::Integer, .min = 0},
    {.name = "maxunreach", .value = Value::Integer, .min = 0},
});

bool is_digits(std::string_view text, int base) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [base](char c) { return c >= '0' && c < '0' + base; });
}

void refuse_at_text(const Statement& statement, std::string_view text, std::string summary, std::string expected,
                    Findings& findings) {
  Finding finding = finding_at_text(statement, text, std::move(summary), std::move(expected));
  finding.length = std::max<std::size_t>(finding.length, 1);
  finding.place = Finding::Place::None;
  findings.errors.push_back(std::move(finding));
}

// chrony looks at these words only when it starts, and then with case.
const Driver* read_driver(const Statement& statement, Findings& findings) {
  const std::string_view word = statement.words[1].text;
  const auto found = std::find_if(kDrivers.begin(), kDrivers.end(), [=](const Driver& d) { return d.name == word; });
  if (found != kDrivers.end()) return &*found;
  std::vector<std::string_view> names;
  for (const Driver& driver : kDrivers) names.push_back(driver.name);
  refuse_at_text(statement, word, "unknown refclock driver " + std::string(word), one_of(names), findings);
  findings.errors.back().suggestion = nearest_word(word, names);
  return nullptr;
}

void read_driver_option(const Driver& driver, const Statement& statement, std::string_view text, Findings& findings) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto found = std::find_if(driver.options.begin(), driver.options.end(),
                                  [=](const DriverOption& option) { return option.name == name; });
  if (found == driver.options.end()) {
    std::vector<std::string_view> names;
    for (const DriverOption& option : driver.options) names.push_back(option.name);
    refuse_at_text(statement, text, "Invalid refclock driver option " + std::string(text),
                   names.empty() ? "no driver option" : one_of(names), findings);
    findings.errors.back().suggestion = nearest_word(name, names);
    return;
  }
  std::string_view value = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  if (value.starts_with('-') && found->base == 10) value.remove_prefix(1);
  const bool usual = found->base == 0 ? equals == std::string_view::npos : is_digits(value, found->base);
  if (!usual) warn_of_unusual(statement, text, findings);
}

// What follows the colons of the parameter; one at its end is followed by nothing.
void read_parameter(const Driver& driver, const Statement& statement, Findings& findings) {
  std::string_view rest = statement.words[2].text;
  std::size_t colon = rest.find(':');
  const std::string_view parameter = rest.substr(0, colon);
  if (driver.name == "SHM" && !is_digits(parameter, 10)) {
    warn_of_unusual(statement, parameter.empty() ? rest : parameter, findings);
  }
  while (colon != std::string_view::npos && colon + 1 < rest.size()) {
    rest.remove_prefix(colon + 1);
    colon = rest.find(':');
    read_driver_option(driver, statement, rest.substr(0, colon), findings);
  }
}

}  // namespace

std::optional<RefclockFacts> read_refclock(const Statement& statement, Findings& findings) {
  const std::size_t errors_before = findings.errors.size();
  if (statement.words.size() < 3) {
    findings.errors.push_back(finding_at(statement, statement.words.size(), could_not_parse(statement)));
    return std::nullopt;
  }
  RefclockFacts facts;
  if (const Driver* driver = read_driver(statement, findings)) {
    facts.is_rtc = driver->name == "RTC";
    read_parameter(*driver, statement, findings);
  }
  OptionReader options(statement, 3, kOptions, OptionReader::Shapes::Named, findings);
  while (const OptionRow* option = options.next()) facts.is_tai = facts.is_tai || option->name == "tai";
  if (findings.errors.size() > errors_before) return std::nullopt;
  return facts;
}

}  // namespace timed::config
