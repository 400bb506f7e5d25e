// The table, of which the rows are in three headers.  A word that has no function yet is a row all the same: it is
// known, documented and answered with one warning, so that a configuration written for chrony starts and says what it
// does not get.
#include "timed/config/directives.h"

#include <array>

#include "host_directives.h"
#include "service_directives.h"
#include "time_directives.h"

namespace timed::config {
namespace {

constexpr DirectiveGroup kGroups[] = {
    {"Time sources", kSources},
    {"Selection of sources", kSelection},
    {"System clock", kClock},
    {"Leap seconds and local reference", kLeapAndLocal},
    {"NTP server", kServer},
    {"Access", kAccess},
    {"Rate limits", kRateLimits},
    {"Network Time Security", kNts},
    {"Command access", kCommandAccess},
    {"Real-time clock", kRtc},
    {"Logging", kLogging},
    {"Process and files", kProcess},
};

constexpr std::size_t kWordCount = [] {
  std::size_t count = 0;
  for (const DirectiveGroup& group : kGroups) count += group.rows.size();
  return count;
}();

constexpr auto kWords = [] {
  std::array<std::string_view, kWordCount> words{};
  std::size_t at = 0;
  for (const DirectiveGroup& group : kGroups) {
    for (const Directive& row : group.rows) words[at++] = row.name;
  }
  return words;
}();

}  // namespace

std::span<const DirectiveGroup> directive_groups() {
  return kGroups;
}

const Directive* find_directive(std::string_view word) {
  for (const DirectiveGroup& group : kGroups) {
    for (const Directive& row : group.rows) {
      if (equals_ignoring_case(row.name, word)) return &row;
    }
  }
  return nullptr;
}

std::span<const std::string_view> directive_words() {
  return kWords;
}

}  // namespace timed::config
