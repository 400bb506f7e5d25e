// Directives that are one value: integers must be whole and within their limits; of a real only the begin must be a
// number, because configurations that chrony accepts are in use.  What is taken although it hardly makes sense is a
// warning; only NaN, which no comparison downstream can survive, is refused.
#include <cmath>

#include "findings.h"
#include "number_reader.h"
#include "timed/config/directives.h"

namespace timed::config {
namespace {

// Alternatives of Field by what they hold.
template <class T>
using Place = T& (*)(Config&);

bool is_integer(const Field& field) {
  return std::holds_alternative<Place<int>>(field) || std::holds_alternative<Place<std::uint16_t>>(field);
}

bool is_real(const Field& field) {
  return std::holds_alternative<Place<double>>(field) || std::holds_alternative<Place<Duration>>(field) ||
         std::holds_alternative<Place<Frequency>>(field) || std::holds_alternative<RealSetter>(field);
}

std::string limits_text(const Directive& row) {
  const bool low = std::isfinite(row.min);
  const bool high = std::isfinite(row.max) && row.max < std::numeric_limits<int>::max();
  if (low && high) return format(" from %.0f to %.0f", row.min, row.max);
  if (low) return format(" of at least %.0f", row.min);
  return "";
}

std::optional<std::int64_t> read_integer(const Directive& row, const Statement& statement, Findings& findings) {
  const auto value = read_whole_number(statement, row.min, row.max, findings);
  if (value && static_cast<double>(*value) > row.usual_max) {
    warn_of_unusual(statement, statement.arguments()[0].text, findings);
  }
  return value;
}

std::optional<double> read_real(const Directive& row, const Statement& statement, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return std::nullopt;
  const std::string_view text = statement.arguments()[0].text;
  const auto real = parse_real_prefix(text);
  if (!real || std::isnan(real->value)) {
    refuse(statement, 1, findings);
    return std::nullopt;
  }
  warn_of_rest(statement, text.substr(real->length), findings);
  // Zero stands for off where it is outside.
  const bool usual = real->value == 0.0 || (real->value >= row.min && real->value <= row.max);
  if (!usual || !is_bounded(real->value)) {
    warn_of_unusual(statement, text.substr(0, real->length), findings);
  }
  return bounded(real->value);
}

// Stores one value of whatever type the row's field has.
struct Apply {
  const Directive& row;
  const Statement& statement;
  Config& config;
  Findings& findings;

  void operator()(Retired) const { warn(" directive is no longer supported", Finding::Place::None); }
  void operator()(Ignored) const {}
  // The parser reads the files; it never comes here with them.
  void operator()(Include) const {}
  void operator()(IncludeAll) const {}
  void operator()(Place<bool> place) const {
    if (has_arguments(statement, 0, findings)) place(config) = true;
  }
  void operator()(Place<int> place) const {
    if (const auto value = read_integer(row, statement, findings)) place(config) = static_cast<int>(*value);
  }
  void operator()(Place<std::uint16_t> place) const {
    if (const auto value = read_integer(row, statement, findings)) place(config) = static_cast<std::uint16_t>(*value);
  }
  void operator()(Place<double> place) const {
    if (const auto value = read_real(row, statement, findings)) place(config) = *value;
  }
  void operator()(Place<Duration> place) const {
    if (const auto value = read_real(row, statement, findings)) place(config) = Duration::seconds(*value);
  }
  void operator()(Place<Frequency> place) const {
    if (const auto value = read_real(row, statement, findings)) place(config) = Frequency::ppm(*value);
  }
  void operator()(Place<std::string> place) const {
    if (has_arguments(statement, 1, findings)) place(config) = std::string(statement.arguments()[0].text);
  }
  void operator()(Place<std::vector<std::string>> place) const {
    if (has_arguments(statement, 1, findings)) place(config).emplace_back(statement.arguments()[0].text);
  }
  void operator()(RealSetter set) const {
    if (const auto value = read_real(row, statement, findings)) set(config, *value);
  }
  void operator()(StatementParser parse) const { parse(statement, config, findings); }

  void warn(const char* text, Finding::Place place) const {
    Finding finding = finding_at(statement, 0, std::string(statement.directive()) + text);
    finding.place = place;
    findings.warnings.push_back(std::move(finding));
  }
};

// The value of a row in a config that nothing was read into.
struct Default {
  Config config = {};

  template <class T>
  std::string operator()(T) {
    return "";
  }
  std::string operator()(Place<bool>) { return "off"; }
  std::string operator()(Place<int> place) { return format("%d", place(config)); }
  std::string operator()(Place<std::uint16_t> place) { return format("%d", place(config)); }
  std::string operator()(Place<double> place) { return format("%.10g", place(config)); }
  std::string operator()(Place<Duration> place) { return format("%.10g", place(config).to_seconds()); }
  std::string operator()(Place<Frequency> place) { return format("%.10g", place(config).to_ppm()); }
};

}  // namespace

bool is_available(const Directive& row) {
  return !row.not_yet;
}

std::string describe(const Directive& row) {
  std::string text(row.name);
  if (row.argument.empty()) return text + " alone";
  text += ' ';
  text += row.argument;
  if (is_integer(row.field)) text += ", a whole number" + limits_text(row);
  if (is_real(row.field)) text += ", a number" + limits_text(row);
  return text;
}

std::string default_text(const Directive& row) {
  return std::visit(Default(), row.field);
}

void apply(const Directive& row, const Statement& statement, Config& config, Findings& findings) {
  const std::size_t errors_before = findings.errors.size();
  const Apply apply_to{row, statement, config, findings};
  std::visit(apply_to, row.field);
  if (!is_available(row) && findings.errors.size() == errors_before) {
    apply_to.warn(" directive is not available yet", Finding::Place::Parenthesis);
  }
  for (std::size_t i = errors_before; i < findings.errors.size(); ++i) {
    if (findings.errors[i].expected.empty()) findings.errors[i].expected = describe(row);
  }
}

}  // namespace timed::config
