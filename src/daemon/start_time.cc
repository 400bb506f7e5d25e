#include "timed/daemon/start_time.h"

#include "timed/base/log.h"

namespace timed::daemon {
namespace {

constexpr std::size_t kMaxFile = 4096;
// Of the second that the RTC tells any part may be over.
constexpr Duration kHalfSecond = Duration::millis(500);

}  // namespace

std::optional<bool> rtc_keeps_utc(std::string_view hwclock_file) {
  for (int line = 1; line < 3; ++line) {
    const std::size_t end = hwclock_file.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    hwclock_file.remove_prefix(end + 1);
  }
  if (hwclock_file.starts_with("UTC")) return true;
  if (hwclock_file.starts_with("LOCAL")) return false;
  return std::nullopt;
}

bool StartTime::keeps_utc() const {
  if (options_.hwclock_file.empty()) return options_.utc;
  const auto text = host_.files().read(options_.hwclock_file, kMaxFile);
  if (!text) return options_.utc;
  const auto told = rtc_keeps_utc(*text);
  if (!told) log::warning("Could not read RTC LOCAL/UTC setting from %s", options_.hwclock_file.c_str());
  return told.value_or(options_.utc);
}

void StartTime::read_rtc() {
  const auto time = host_.read_rtc(options_.device, keeps_utc());
  if (time) {
    rtc_ = Reading{*time + kHalfSecond, timers_.now()};
  } else {
    log::error("%s", time.error().message.c_str());
  }
}

std::optional<StartTime::Target> StartTime::target(RawTime now, std::optional<RawTime> drift_file_modified) const {
  if (rtc_) {
    const RawTime time = rtc_->time + (timers_.now() - rtc_->at);
    const Duration offset = time - now;
    const bool believed = !drift_file_modified || time >= *drift_file_modified;
    if (believed && abs(offset) >= kLeastStep) return Target{offset, "System time set from RTC", true};
    if (believed) return std::nullopt;
    log::warning("RTC time before last driftfile modification (ignored)");
  }
  // A machine that forgets the time while it is off: it was at least as late when the drift file was written.
  if (!drift_file_modified || *drift_file_modified <= now) return std::nullopt;
  return Target{*drift_file_modified - now, "System time restored from driftfile", false};
}

}  // namespace timed::daemon
