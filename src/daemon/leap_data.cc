#include "timed/daemon/leap_data.h"

#include <utility>

#include "timed/base/log.h"

namespace timed::daemon {
namespace {

constexpr std::size_t kMaxFileSize = 1u << 20;

std::string zone_path(const std::string& zone) {
  return zone.starts_with("/") ? zone : "/usr/share/zoneinfo/" + zone;
}

}  // namespace

void LeapData::start(RawTime now) {
  if (!options_.list.empty()) {
    const auto table = read_list(now);
    if (table && table->passes_check()) {
      use_ = Use::List;
      log::info("Using leap second list %s", options_.list.c_str());
      return;
    }
    log::warning("Leap second list %s failed check, ignoring", options_.list.c_str());
  }
  if (!options_.zone.empty()) {
    const auto table = read_zone();
    if (table && table->passes_check()) {
      use_ = Use::Zone;
      log::info("Using %s timezone to obtain leap second data", options_.zone.c_str());
      return;
    }
    log::warning("Timezone %s failed leap second check, ignoring", options_.zone.c_str());
  }
}

discipline::LeapLookup LeapData::look_up(RawTime now) {
  if (use_ == Use::None) return {};
  const std::int64_t when = discipline::leap_look_up_time(now);
  if (looked_up_ == when) return latest_;
  looked_up_ = when;
  const auto table = use_ == Use::List ? read_list(now) : read_zone();
  latest_ = table ? table->look_up(when) : discipline::LeapLookup{};
  return latest_;
}

std::optional<discipline::LeapTable> LeapData::read_list(RawTime now) {
  const char* path = options_.list.c_str();
  const auto text = files_.read(options_.list, kMaxFileSize);
  if (!text) {
    log::error("Failed to open leap seconds list %s : %s", path, text.error().reason().c_str());
    return std::nullopt;
  }
  auto table = discipline::LeapTable::parse_list(*text);
  if (!table) {
    log::error("Failed to parse leap seconds list %s : %s", path, table.error().message.c_str());
    return std::nullopt;
  }
  const bool expired = table->expires() && *table->expires() <= now.whole_seconds();
  if (expired && !told_update_) log::warning("Leap second list %s needs update", path);
  told_update_ = expired;
  return table.take();
}

std::optional<discipline::LeapTable> LeapData::read_zone() {
  const std::string path = zone_path(options_.zone);
  const auto bytes = files_.read(path, kMaxFileSize);
  if (!bytes) {
    log::error("Failed to read timezone %s : %s", path.c_str(), bytes.error().reason().c_str());
    return std::nullopt;
  }
  auto table = discipline::LeapTable::parse_zone(*bytes);
  if (!table) {
    log::error("Failed to read timezone %s : %s", path.c_str(), table.error().message.c_str());
    return std::nullopt;
  }
  return table.take();
}

}  // namespace timed::daemon
