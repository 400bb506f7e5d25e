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
    findings.errors.push_back(finding_at(statement, 1, could_not_parse(statement)));
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
  // What does not fit is taken too: chrony lets it wrap.
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", sign), text.size());
  if (end == sign) {
    findings.errors.push_back(finding_at(statement, word, could_not_parse(statement)));
    return std::nullopt;
  }
  const auto number = parse_integer_prefix(text);
  const double value = number ? static_cast<double>(number->value) : (text[0] == '-' ? -kLargestReal : kLargestReal);
  if (value < usual_min || value > usual_max) warn_of_unusual(statement, text.substr(0, end), findings);
  warn_of_rest(statement, text.substr(end), findings);
  return static_cast<std::int64_t>(value);
}

double NumberReader::real() {
  const std::string_view text = word();
  const auto parsed = parse_real_prefix(text);
  const bool good = parsed && !std::isnan(parsed->value);
  if (!take(good ? parsed->length : 0)) return 0.0;
  if (!is_bounded(parsed->value)) warn_of_unusual(statement_, text.substr(0, parsed->length), findings_);
  return bounded(parsed->value);
}

int NumberReader::integer() {
  const auto parsed = parse_integer_prefix(word());
  const bool good = parsed && std::abs(static_cast<double>(parsed->value)) <= std::numeric_limits<int>::max();
  return take(good ? parsed->length : 0) ? static_cast<int>(parsed->value) : 0;
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
