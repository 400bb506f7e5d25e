#include "clock_statements.h"

#include <utility>

#include "findings.h"
#include "number_reader.h"

namespace timed::config {

void parse_fallbackdrift(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 2, findings)) return;
  NumberReader numbers(statement, 1, 3, findings);
  discipline::FallbackDriftOptions options;
  // Averages over 2^32 seconds would need a century.
  options.min = numbers.integer({0, 32});
  options.max = numbers.integer({0, 32});
  if (!numbers.ok()) return;
  if (options.min > options.max) warn_of_unusual(statement, statement.words[2].text, findings);
  config.fallback_drift = options;
}

void parse_tempcomp(const Statement& statement, Config& config, Findings& findings) {
  constexpr std::size_t kWithPoints = 3, kWithCoefficients = 6;
  const bool has_points = statement.arguments().size() == kWithPoints;
  if (!has_points && !has_arguments(statement, kWithCoefficients, findings)) return;
  discipline::TemperatureOptions options;
  options.file = std::string(statement.arguments()[0].text);
  // The coefficients are one run of numbers; the interval before a file stands alone.
  NumberReader numbers(statement, 2, has_points ? 3 : statement.words.size(), findings);
  const double interval_s = numbers.real();
  if (interval_s > 0.0) {
    options.interval = Duration::seconds(interval_s);
  } else if (numbers.ok()) {
    warn_of_unusual(statement, statement.words[2].text, findings);
  }
  if (has_points) {
    options.points_file = std::string(statement.arguments()[2].text);
  } else {
    for (double* coefficient : {&options.t0, &options.k0, &options.k1, &options.k2}) {
      if (numbers.ok()) *coefficient = numbers.real();
    }
  }
  if (numbers.ok()) config.temperature = std::move(options);
}

}  // namespace timed::config
