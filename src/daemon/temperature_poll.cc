#include "timed/daemon/temperature_poll.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"

namespace timed::daemon {
namespace {

using discipline::TemperatureCurve;

constexpr std::size_t kMaxReading = 4096;
constexpr std::size_t kMaxPointsFile = 1u << 20;
constexpr Duration kShortestInterval = Duration::millis(10);  // or the loop would do nothing else

}  // namespace

TemperaturePoll::TemperaturePoll(const discipline::TemperatureOptions& options, env::Files& files, env::Timers& timers,
                                 std::function<void(const Reading&)> on_reading)
    : options_(options), files_(files), on_reading_(std::move(on_reading)), curve_(options), timer_(timers, [this] {
        poll();
      }) {}

Status TemperaturePoll::open() {
  if (options_.file.empty() || options_.points_file.empty()) return {};
  auto points = read_points(options_.points_file, files_);
  if (!points) return points.error();
  curve_ = TemperatureCurve(points.take());
  return {};
}

Result<std::vector<discipline::TemperaturePoint>> TemperaturePoll::read_points(const std::string& path,
                                                                               env::Files& files) {
  const auto text = files.read(path, kMaxPointsFile);
  if (!text) return text.error();
  auto points = discipline::parse_temperature_points(*text);
  if (!points) return Error{"Could not read tempcomp point from " + path, ErrorKind::Invalid};
  if (points->size() < TemperatureCurve::kMinPoints) {
    return Error{"Not enough points in " + path, ErrorKind::Invalid};
  }
  return std::move(*points);
}

void TemperaturePoll::start() {
  if (!options_.file.empty()) poll();
}

void TemperaturePoll::poll() {
  timer_.arm_in(std::max(options_.interval, kShortestInterval));
  if (const auto reading = read()) on_reading_(*reading);
}

std::optional<TemperaturePoll::Reading> TemperaturePoll::read() {
  const auto text = files_.read(options_.file, kMaxReading);
  const auto temperature = text ? discipline::parse_temperature(*text) : std::nullopt;
  if (!temperature) {
    if (!std::exchange(told_unreadable_, true)) {
      log::warning("Could not read temperature from %s", options_.file.c_str());
    }
    return std::nullopt;
  }
  told_unreadable_ = false;
  const Frequency compensation = curve_.at(*temperature);
  // Not the other way round: a curve of odd coefficients may give no number at all.
  const bool within = abs(compensation) <= TemperatureCurve::kMaxCompensation;
  if (!within && !std::exchange(told_excess_, true)) {
    log::warning("Temperature compensation of %.3f ppm exceeds sanity limit of %.1f", compensation.to_ppm(),
                 TemperatureCurve::kMaxCompensation.to_ppm());
  }
  if (!within) return std::nullopt;
  told_excess_ = false;
  return Reading{*temperature, compensation};
}

}  // namespace timed::daemon
