// How an oscillator's frequency follows its temperature ("tempcomp").  Pure.
#ifndef TIMED_DISCIPLINE_TEMPERATURE_H_
#define TIMED_DISCIPLINE_TEMPERATURE_H_

#include <optional>
#include <string_view>
#include <vector>

#include "timed/base/units.h"
#include "timed/discipline/options.h"

namespace timed::discipline {

struct TemperaturePoint {
  double temperature = 0.0;  // in the unit of the file, often thousandths of a degree
  Frequency compensation;    // correction of the oscillator at it: positive = it is slow
};

// A file of points ("tempcomp"): "TEMPERATURE PPM" on each line.  Empty where a line is anything else.
std::optional<std::vector<TemperaturePoint>> parse_temperature_points(std::string_view text);

class TemperatureCurve {
 public:
  static constexpr Frequency kMaxCompensation = Frequency::ppm(10);  // more is no oscillator's temperature
  static constexpr std::size_t kMinPoints = 2;

  // The polynomial of the options.
  explicit TemperatureCurve(const TemperatureOptions& options) : options_(options) {}
  // Straight lines through at least kMinPoints points, in their order; the first and the last line go on for ever.
  explicit TemperatureCurve(std::vector<TemperaturePoint> points);

  // Not limited; may be infinite or no number where the coefficients make it so.
  Frequency at(double temperature) const;

 private:
  TemperatureOptions options_;
  std::vector<TemperaturePoint> points_;  // empty: the polynomial
};

// The temperature in a file: the number it begins with.  Empty where there is none that is finite.
std::optional<double> parse_temperature(std::string_view text);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_TEMPERATURE_H_
