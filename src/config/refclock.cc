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
  void (*store)(RefclockLine&, std::int64_t);
};

struct Driver {
  std::string_view name;
  RefclockLine::Driver driver;
  std::span<const DriverOption> options;
};

using Line = RefclockLine;
using Number = std::int64_t;
constexpr DriverOption kClear = {"clear", 0, [](Line& l, Number) { l.clear = true; }};
constexpr DriverOption kPpsOptions[] = {kClear};
constexpr DriverOption kShmOptions[] = {
    {"perm", 8, [](Line& l, Number x) { l.permissions = static_cast<unsigned>(x) & 0777; }}};
constexpr DriverOption kPhcOptions[] = {{"nocrossts", 0, [](Line& l, Number) { l.no_cross_timestamps = true; }},
                                        {"extpps", 0, [](Line& l, Number) { l.external_pulses = true; }},
                                        {"pin", 10, [](Line& l, Number x) { l.pin = static_cast<int>(x); }},
                                        {"channel", 10, [](Line& l, Number x) { l.channel = static_cast<int>(x); }},
                                        kClear};
constexpr DriverOption kRtcOptions[] = {{"utc", 0, [](Line& l, Number) { l.utc = true; }}};
constexpr auto kDrivers = std::to_array<Driver>({{"PPS", Line::Driver::Pps, kPpsOptions},
                                                 {"SHM", Line::Driver::Shm, kShmOptions},
                                                 {"SOCK", Line::Driver::Sock, {}},
                                                 {"PHC", Line::Driver::Phc, kPhcOptions},
                                                 {"RTC", Line::Driver::Rtc, kRtcOptions}});

using Value = OptionRow::Value;
struct Option {
  OptionRow row;
  void (*store)(RefclockLine&, const OptionReader&);
};

// Left-aligned.
ntp::RefId ref_id(std::string_view text) {
  ntp::RefId id;
  for (std::size_t i = 0; i < 4; ++i)
    id.value = id.value << 8 | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u);
  return id;
}

using Read = OptionReader;
constexpr auto kOptions = std::to_array<Option>({
    {{.name = "poll", .value = Value::Integer, .min = -32, .max = 32},
     [](Line& l, const Read& r) { l.poll = r.integer(); }},
    {{.name = "dpoll", .value = Value::Integer, .min = -32, .max = 32},
     [](Line& l, const Read& r) { l.driver_poll = r.integer(); }},
    {{.name = "refid", .value = Value::ReferenceId}, [](Line& l, const Read& r) { l.ref_id = ref_id(r.text()); }},
    {{.name = "lock", .value = Value::ReferenceId}, [](Line& l, const Read& r) { l.lock = ref_id(r.text()); }},
    {{.name = "rate", .value = Value::Integer, .min = 1}, [](Line& l, const Read& r) { l.rate = r.integer(); }},
    {{.name = "maxlockage", .value = Value::Integer, .min = 0},
     [](Line& l, const Read& r) { l.max_lock_age = r.integer(); }},
    {{.name = "width", .value = Value::Real, .usual_min = 0, .usual_max = 1},
     [](Line& l, const Read& r) { l.width = Duration::seconds(r.number()); }},
    {{.name = "pps"}, [](Line& l, const Read&) { l.pps = true; }},
    {{.name = "offset", .value = Value::Real},
     [](Line& l, const Read& r) { l.offset = Duration::seconds(r.number()); }},
    {{.name = "delay", .value = Value::Real, .usual_min = 0},
     [](Line& l, const Read& r) { l.delay = Duration::seconds(r.number()); }},
    {{.name = "stratum", .value = Value::Integer, .min = 0, .max = 15},
     [](Line& l, const Read& r) { l.stratum = r.integer(); }},
    {{.name = "precision", .value = Value::Real, .usual_min = 0},
     [](Line& l, const Read& r) { l.precision = Duration::seconds(r.number()); }},
    {{.name = "maxdispersion", .value = Value::Real, .usual_min = 0},
     [](Line& l, const Read& r) { l.max_dispersion = Duration::seconds(r.number()); }},
    {{.name = "filter", .value = Value::Integer, .min = 0, .usual_min = 1, .usual_max = 256},
     [](Line& l, const Read& r) { l.filter = std::clamp(r.integer(), 1, 256); }},
    {{.name = "prefer"}, [](Line& l, const Read&) { l.marks.prefer = true; }},
    {{.name = "noselect"}, [](Line& l, const Read&) { l.marks.noselect = true; }},
    {{.name = "trust"}, [](Line& l, const Read&) { l.marks.trust = true; }},
    {{.name = "require"}, [](Line& l, const Read&) { l.marks.require = true; }},
    {{.name = "tai"}, [](Line& l, const Read&) { l.tai = true; }},
    {{.name = "local"}, [](Line& l, const Read&) { l.local = true; }},
    {{.name = "minsamples", .value = Value::Integer, .min = 0},
     [](Line& l, const Read& r) { l.min_samples = r.integer(); }},
    {{.name = "maxsamples", .value = Value::Integer, .min = 0},
     [](Line& l, const Read& r) { l.max_samples = r.integer(); }},
    {{.name = "maxunreach", .value = Value::Integer, .min = 0},
     [](Line& l, const Read& r) { l.max_unreach = r.integer(); }},
});

constexpr auto kRows = [] {
  std::array<OptionRow, kOptions.size()> rows{};
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = kOptions[i].row;
  return rows;
}();

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
  std::array<std::string_view, kDrivers.size()> names;
  std::transform(kDrivers.begin(), kDrivers.end(), names.begin(), [](const Driver& d) { return d.name; });
  refuse_at_text(statement, word, "unknown refclock driver " + std::string(word), one_of(names), findings);
  findings.errors.back().suggestion = nearest_word(word, names);
  return nullptr;
}

void read_driver_option(const Driver& driver, const Statement& statement, std::string_view text, RefclockLine& line,
                        Findings& findings) {
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
  if (equals != std::string_view::npos) value = text.substr(equals + 1);
  const auto number = parse_saturated_prefix(value, found->base == 0 ? 10 : found->base);
  // Where there is no number chrony has a 0.
  found->store(line, std::clamp<std::int64_t>(number ? number->value : 0, -1, std::numeric_limits<int>::max()));
}

// What follows the colons of the parameter; one at its end is followed by nothing.
void read_parameter(const Driver& driver, const Statement& statement, RefclockLine& line, Findings& findings) {
  std::string_view rest = statement.words[2].text;
  std::size_t colon = rest.find(':');
  const std::string_view parameter = rest.substr(0, colon);
  line.parameter = std::string(parameter);
  if (driver.name == "SHM" && !is_digits(parameter, 10)) {
    warn_of_unusual(statement, parameter.empty() ? rest : parameter, findings);
  }
  while (colon != std::string_view::npos && colon + 1 < rest.size()) {
    rest.remove_prefix(colon + 1);
    colon = rest.find(':');
    read_driver_option(driver, statement, rest.substr(0, colon), line, findings);
  }
}

}  // namespace

std::optional<RefclockLine> read_refclock(const Statement& statement, Findings& findings) {
  const std::size_t errors_before = findings.errors.size();
  if (statement.words.size() < 3) {
    refuse(statement, statement.words.size(), findings);
    return std::nullopt;
  }
  RefclockLine line;
  if (const Driver* driver = read_driver(statement, findings)) {
    line.driver = driver->driver;
    read_parameter(*driver, statement, line, findings);
  }
  OptionReader options(statement, 3, kRows, OptionReader::Shapes::Named, findings);
  while (const OptionRow* option = options.next()) {
    kOptions[static_cast<std::size_t>(option - kRows.data())].store(line, options);
  }
  if (findings.errors.size() > errors_before) return std::nullopt;
  return line;
}

void parse_refclock(const Statement& statement, Config& config, Findings& findings) {
  if (auto line = read_refclock(statement, findings)) config.refclocks.push_back(std::move(*line));
}

}  // namespace timed::config
