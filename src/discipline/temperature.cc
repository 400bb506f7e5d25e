#include "timed/discipline/temperature.h"

#include <cmath>
#include <utility>

#include "timed/base/check.h"
#include "timed/base/text.h"

namespace timed::discipline {
namespace {

std::optional<double> finite_number(std::string_view text) {
  const auto number = parse_real_prefix(text);
  return number && std::isfinite(number->value) ? std::optional(number->value) : std::nullopt;
}

}  // namespace

std::optional<std::vector<TemperaturePoint>> parse_temperature_points(std::string_view text) {
  std::vector<TemperaturePoint> points;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto words = split_words(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (words.size() < 2) return std::nullopt;
    const auto temperature = finite_number(words[0].text);
    const auto ppm = finite_number(words[1].text);
    if (!temperature || !ppm) return std::nullopt;
    points.push_back({*temperature, Frequency::ppm(*ppm)});
  }
  return points;
}

std::optional<double> parse_temperature(std::string_view text) {
  const auto words = split_words(text);
  return words.empty() ? std::nullopt : finite_number(words[0].text);
}

TemperatureCurve::TemperatureCurve(std::vector<TemperaturePoint> points) : points_(std::move(points)) {
  TIMED_ASSERT(points_.size() >= kMinPoints);
}

Frequency TemperatureCurve::at(double temperature) const {
  if (points_.empty()) {
    const double d = temperature - options_.t0;
    return Frequency::ppm(options_.k0 + d * options_.k1 + d * d * options_.k2);
  }
  std::size_t right = 1;
  while (right + 1 < points_.size() && points_[right].temperature < temperature) ++right;
  const TemperaturePoint& a = points_[right - 1];
  const TemperaturePoint& b = points_[right];
  return a.compensation +
         (b.compensation - a.compensation) * ((temperature - a.temperature) / (b.temperature - a.temperature));
}

}  // namespace timed::discipline
