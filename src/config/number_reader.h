// Numbers one after the other in a line, as scanf reads them: only behind the last one may anything be glued.
#ifndef TIMED_SRC_CONFIG_NUMBER_READER_H_
#define TIMED_SRC_CONFIG_NUMBER_READER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "timed/config/directives.h"

namespace timed::config {

// Limits of rows: chrony's integers and ports.
inline constexpr double kMaxInt = std::numeric_limits<int>::max();
inline constexpr double kMaxPort = 65535;
// No real of a configuration is larger: what is infinite in chrony is cut, so that no product of two is a NaN.
inline constexpr double kLargestReal = 1e15;
bool is_bounded(double value);
double bounded(double value);

// The only argument as a whole number within limits, or an error and nothing.
std::optional<std::int64_t> read_whole_number(const Statement& statement, double min, double max, Findings& findings);

// A word as an integer of which only the begin counts and which nothing limits: what does not fit is taken as the
// largest, what is outside of the usual with a warning.  An error and nothing where it does not begin with a number.
std::optional<std::int64_t> read_loose_integer(const Statement& statement, std::size_t word, double usual_min,
                                               double usual_max, Findings& findings);

// What a number is where it makes sense.
struct Usual {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};
inline constexpr Usual kNotNegative{.min = 0.0};

class NumberReader {
 public:
  // Words first … end - 1 of the statement are the numbers; there must be that many.
  NumberReader(const Statement& statement, std::size_t first, std::size_t end, Findings& findings)
      : statement_(statement), findings_(findings), next_(first), end_(end) {}

  // Outside of the usual they are taken with a warning; what does not fit is cut with one.
  double real(Usual usual = {});
  int integer(Usual usual = {});
  bool ok() const { return ok_; }

 private:
  std::string_view word() const { return statement_.words[next_].text; }
  bool take(std::size_t length);

  const Statement& statement_;
  Findings& findings_;
  std::size_t next_;
  std::size_t end_;
  bool ok_ = true;
};

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_NUMBER_READER_H_
