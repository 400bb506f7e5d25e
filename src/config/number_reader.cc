#include "number_reader.h"

#include <algorithm>
#include <cmath>

#include "findings.h"

namespace timed::config {

bool is_bounded(double value) {
  return value >= -kLargestReal && value <= kLargestReal;
}

double bounded(double value) {
  return std::clamp(value, -kLargestReal, kLargestReal);
}

std::optional<std::int64_t> read_whole_number(const Statement& statement, double min, double max, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return std::nullopt;
  const auto value = parse_integer(statement.arguments()[0].text);
  if (!value) {
    refuse(statement, 1, findings);
    return std::nullopt;
  }
  if (static_cast<double>(*value) < min || static_cast<double>(*value) > max) {
    std::string summary = format("Invalid value %lld in ", static_cast<long long>(*value));
    summary += statement.directive();
    summary += format(" directive (min %.0f, max %.0f)", min, max);
    findings.errors.push_back(finding_at(statement, 1, std::move(summary)));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> read_loose_integer(const Statement& statement, std::size_t word, double usual_min,
                                               double usual_max, Findings& findings) {
  const std::string_view text = statement.words[word].text;
  const auto number = parse_saturated_prefix(text);
  if (!number) {
    refuse(statement, word, findings);
    return std::nullopt;
  }
  const double value = static_cast<double>(number->value);
  if (value < usual_min || value > usual_max) warn_of_unusual(statement, text.substr(0, number->length), findings);
  warn_of_rest(statement, text.substr(number->length), findings);
  return number->value;
}

double NumberReader::real(Usual usual) {
  const std::string_view text = word();
  const auto parsed = parse_real_prefix(text);
  const bool good = parsed && !std::isnan(parsed->value);
  if (!take(good ? parsed->length : 0)) return 0.0;
  if (parsed->value < usual.min || parsed->value > usual.max || !is_bounded(parsed->value)) {
    warn_of_unusual(statement_, text.substr(0, parsed->length), findings_);
  }
  return bounded(parsed->value);
}

int NumberReader::integer(Usual usual) {
  const std::string_view text = word();
  const auto parsed = parse_saturated_prefix(text);
  if (!take(parsed ? parsed->length : 0)) return 0;
  const double value = static_cast<double>(parsed->value);
  if (value < usual.min || value > usual.max || std::fabs(value) > kMaxInt) {
    warn_of_unusual(statement_, text.substr(0, parsed->length), findings_);
  }
  return static_cast<int>(std::clamp(value, -kMaxInt, kMaxInt));
}

bool NumberReader::take(std::size_t length) {
  const std::string_view rest = word().substr(length);
  const bool last = next_ + 1 == end_;
  if (ok_ && (length == 0 || (!rest.empty() && !last))) {
    ok_ = false;
    findings_.errors.push_back(finding_at(statement_, next_, could_not_parse(statement_)));
  }
  if (ok_ && last) warn_of_rest(statement_, rest, findings_);
  if (!last) ++next_;
  return ok_;
}

}  // namespace timed::config
