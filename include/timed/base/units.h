// Units, time scales and signs as types.
//
// Sign: an offset is reference - local, that which must be ADDED to the local clock; a frequency is the slope of such
// an offset, so a positive frequency means that the local clock is slow and must be sped up.
// Durations are doubles (they are divided, squared and averaged), points are whole nanoseconds (they are compared
// and put on the wire).  A difference of points is taken in integers first and only then becomes a double.
#ifndef TIMED_BASE_UNITS_H_
#define TIMED_BASE_UNITS_H_

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>

namespace timed {

class Frequency;

// A length of time or an offset, in seconds.  Not convertible to or from numbers without naming the unit.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration seconds(double s) { return Duration(s); }
  static constexpr Duration millis(double ms) { return Duration(ms * 1e-3); }
  static constexpr Duration micros(double us) { return Duration(us * 1e-6); }
  static constexpr Duration nanos(double ns) { return Duration(ns * 1e-9); }
  static constexpr Duration zero() { return Duration(0.0); }
  static constexpr Duration infinity() { return Duration(std::numeric_limits<double>::infinity()); }

  constexpr double to_seconds() const { return s_; }
  constexpr double to_nanos() const { return s_ * 1e9; }
  bool is_finite() const { return std::isfinite(s_); }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator-() const { return Duration(-s_); }
  constexpr Duration operator+(Duration other) const { return Duration(s_ + other.s_); }
  constexpr Duration operator-(Duration other) const { return Duration(s_ - other.s_); }
  constexpr Duration operator*(double factor) const { return Duration(s_ * factor); }
  constexpr Duration operator/(double divisor) const { return Duration(s_ / divisor); }
  constexpr double operator/(Duration other) const { return s_ / other.s_; }
  constexpr Duration operator*(Frequency f) const;
  constexpr Duration& operator+=(Duration other) { return *this = *this + other; }
  constexpr Duration& operator-=(Duration other) { return *this = *this - other; }
  constexpr Duration& operator*=(double factor) { return *this = *this * factor; }

 private:
  explicit constexpr Duration(double s) : s_(s) {}
  double s_ = 0.0;
};

constexpr Duration operator*(double factor, Duration d) {
  return d * factor;
}
constexpr Duration abs(Duration d) {
  return d < Duration::zero() ? -d : d;
}

// A frequency error or correction, dimensionless (seconds per second).
class Frequency {
 public:
  constexpr Frequency() = default;
  static constexpr Frequency ppm(double value) { return Frequency(value * 1e-6); }
  static constexpr Frequency ratio(double s_per_s) { return Frequency(s_per_s); }
  static constexpr Frequency zero() { return Frequency(0.0); }

  constexpr double to_ratio() const { return r_; }
  constexpr double to_ppm() const { return r_ * 1e6; }
  bool is_finite() const { return std::isfinite(r_); }

  constexpr auto operator<=>(const Frequency&) const = default;
  constexpr Frequency operator-() const { return Frequency(-r_); }
  constexpr Frequency operator+(Frequency other) const { return Frequency(r_ + other.r_); }
  constexpr Frequency operator-(Frequency other) const { return Frequency(r_ - other.r_); }
  constexpr Frequency operator*(double factor) const { return Frequency(r_ * factor); }
  constexpr Frequency operator/(double divisor) const { return Frequency(r_ / divisor); }
  constexpr double operator/(Frequency other) const { return r_ / other.r_; }

 private:
  explicit constexpr Frequency(double r) : r_(r) {}
  double r_ = 0.0;
};

constexpr Frequency abs(Frequency f) {
  return f < Frequency::zero() ? -f : f;
}
constexpr Duration Duration::operator*(Frequency f) const {
  return Duration(s_ * f.to_ratio());
}
constexpr Duration operator*(Frequency f, Duration d) {
  return d * f;
}

namespace units_internal {
// Whole nanoseconds of what is beyond their range, or NaN.
std::int64_t saturated_extreme(double seconds);
// Seconds as whole nanoseconds, rounded to the nearest; saturates (and NaN becomes 0) instead of overflowing.
inline std::int64_t saturated_nanos(double seconds) {
  constexpr double kLimit_s = 9.2e9;  // below 2^63 ns
  if (!(seconds > -kLimit_s && seconds < kLimit_s)) return saturated_extreme(seconds);
  // What llround does, which is a call.
  const double ns = seconds * 1e9;
  const auto whole = static_cast<std::int64_t>(ns);
  const double rest = ns - static_cast<double>(whole);
  return whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
}
// Sum and difference that saturate.
constexpr std::int64_t saturated_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}
constexpr std::int64_t saturated_subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}
}  // namespace units_internal

// A point on one time scale, in whole nanoseconds since that scale's zero (1970-01-01 UTC; arbitrary for MonoTime).
template <class Scale>
class TimePoint {
 public:
  constexpr TimePoint() = default;
  static constexpr TimePoint from_nanos(std::int64_t ns) { return TimePoint(ns); }
  static constexpr TimePoint from_seconds(std::int64_t s, std::int64_t ns = 0) { return TimePoint(s * kNanos + ns); }

  constexpr std::int64_t nanos() const { return ns_; }
  // Whole seconds, rounded down, and the nanoseconds above them (0 to 999 999 999).
  constexpr std::int64_t whole_seconds() const { return ns_ / kNanos - (ns_ % kNanos < 0 ? 1 : 0); }
  constexpr std::int64_t subsecond_nanos() const { return ns_ - whole_seconds() * kNanos; }

  constexpr auto operator<=>(const TimePoint&) const = default;
  constexpr Duration operator-(TimePoint other) const {
    return Duration::seconds(static_cast<double>(units_internal::saturated_subtract(ns_, other.ns_)) * 1e-9);
  }
  TimePoint operator+(Duration d) const {
    return TimePoint(units_internal::saturated_add(ns_, units_internal::saturated_nanos(d.to_seconds())));
  }
  TimePoint operator-(Duration d) const { return *this + -d; }
  TimePoint& operator+=(Duration d) { return *this = *this + d; }
  TimePoint& operator-=(Duration d) { return *this = *this - d; }

 private:
  static constexpr std::int64_t kNanos = 1'000'000'000;
  explicit constexpr TimePoint(std::int64_t ns) : ns_(ns) {}
  std::int64_t ns_ = 0;
};

using RawTime = TimePoint<struct RawScale>;      // CLOCK_REALTIME as read
using LocalTime = TimePoint<struct LocalScale>;  // raw + the correction not yet slewed in: what we believe now
using FreeTime = TimePoint<struct FreeScale>;    // raw with all our steering undone: the bare oscillator
using MonoTime = TimePoint<struct MonoScale>;    // timers only

// An offset that may be years and must be good to a picosecond: whole nanoseconds and a rest below one of them.
class WideDuration {
 public:
  constexpr WideDuration() = default;
  WideDuration(Duration d) : WideDuration(0, d.to_seconds()) {}
  static WideDuration from_nanos(std::int64_t ns, Duration rest = Duration::zero()) {
    return WideDuration(ns, rest.to_seconds());
  }
  // later - earlier, of points on two scales, exactly.
  template <class A, class B>
  static WideDuration between(TimePoint<A> later, TimePoint<B> earlier) {
    return WideDuration(units_internal::saturated_subtract(later.nanos(), earlier.nanos()), 0.0);
  }

  std::int64_t whole_nanos() const { return ns_; }
  Duration rest() const { return Duration::seconds(rest_s_); }
  Duration to_duration() const { return Duration::seconds(static_cast<double>(ns_) * 1e-9 + rest_s_); }

  WideDuration operator-() const { return WideDuration(units_internal::saturated_subtract(0, ns_), -rest_s_); }
  WideDuration operator+(WideDuration other) const {
    return WideDuration(units_internal::saturated_add(ns_, other.ns_), rest_s_ + other.rest_s_);
  }
  WideDuration operator-(WideDuration other) const {
    return WideDuration(units_internal::saturated_subtract(ns_, other.ns_), rest_s_ - other.rest_s_);
  }

  // The point of another scale that lies this much later, rounded to whole nanoseconds.
  template <class To, class From>
  TimePoint<To> from(TimePoint<From> earlier) const {
    return TimePoint<To>::from_nanos(units_internal::saturated_add(earlier.nanos(), ns_)) + Duration::seconds(rest_s_);
  }

 private:
  WideDuration(std::int64_t ns, double rest_s);  // moves whole nanoseconds out of the rest
  std::int64_t ns_ = 0;
  double rest_s_ = 0.0;
};

}  // namespace timed

#endif  // TIMED_BASE_UNITS_H_
