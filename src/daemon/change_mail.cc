#include "timed/daemon/change_mail.h"

#include <array>
#include <ctime>

#include "timed/base/text.h"

namespace timed::daemon {
namespace {

std::string date_of(RawTime at) {
  const std::time_t seconds = at.whole_seconds();
  std::tm parts{};
  std::array<char, 64> text{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "an unknown date";
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

}  // namespace

std::string change_mail(const config::MailOnChangeOptions& options, const std::string& program,
                        const std::string& machine, Duration offset, RawTime at) {
  std::string mail = "To: " + options.address + "\n";
  mail += "Subject: " + program + " reports change to system clock on node [" + machine + "]\n\n";
  mail += "Date of the change, by the clock before it: " + date_of(at) + "\n";
  mail += format("Adjustment (positive: the clock was slow): %.3f seconds\n", offset.to_seconds());
  mail += format("Threshold for this mail: %.3f seconds\n", options.threshold.to_seconds());
  return mail;
}

}  // namespace timed::daemon
