#include "timed/daemon/service_report.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"
#include "timed/base/text.h"
#include "timed/ntp/packet.h"

namespace timed::daemon {
namespace {

// Somebody who asks for a sign more often than this cannot mean it, and the loop would have nothing else to do.
constexpr Duration kLeastInterval = Duration::millis(20);

std::string count_text(unsigned count) {
  return format("%u source%s", count, count == 1 ? "" : "s");
}

std::string sources_text(const sources::ActivityReport& sources) {
  const unsigned online = sources.online + sources.burst_online;
  const unsigned offline = sources.offline + sources.burst_offline;
  if (online + offline + sources.unresolved == 0) return "no sources";
  std::string text = count_text(online) + " online";
  if (offline > 0) text += format(", %u offline", offline);
  if (sources.unresolved > 0) text += format(", %u without address", sources.unresolved);
  return text;
}

}  // namespace

std::string status_text(const ServiceState& state) {
  if (!state.ready) return "Setting the clock before the start";
  const bool synchronised = state.stratum > 0 && state.stratum < ntp::kUnsynchronisedStratum;
  std::string text;
  if (!synchronised) {
    text = "Not synchronised, " + sources_text(state.sources);
  } else if (state.reference.empty()) {
    text = format("Local reference, stratum %d", state.stratum);
  } else {
    text = format("Synchronised to %s, stratum %d", state.reference.c_str(), state.stratum);
  }
  if (state.serving) text += ", serving";
  if (state.lacking) text += state.serving ? ", but not on all addresses" : ", NTP port not open";
  if (state.lacking_keys) text += state.serving_keys ? ", NTS keys not on all addresses" : ", NTS port not open";
  return text;
}

void ServiceReport::tell(const ServiceState& state) {
  std::string text = status_text(state);
  if (text == told_) return;
  host_.notify("STATUS=" + text);
  told_ = std::move(text);
}

void ServiceReport::keep_watchdog(Duration limit, Hangs hangs) {
  interval_ = std::max(limit / kBeats, kLeastInterval);
  hangs_ = std::move(hangs);
  beat();
}

void ServiceReport::beat() {
  beat_.arm_in(interval_);
  const std::string_view who = hangs_();
  if (who.empty()) host_.notify("WATCHDOG=1");
  if (!who.empty() && who != told_of_) {
    log::error("%.*s does not answer", static_cast<int>(who.size()), who.data());
  }
  told_of_ = who;
}

}  // namespace timed::daemon
