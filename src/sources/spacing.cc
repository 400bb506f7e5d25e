#include "timed/sources/spacing.h"

#include <algorithm>

namespace timed::sources {

MonoTime keep_apart(MonoTime wanted, Duration separation, std::optional<MonoTime> last_dispatch,
                    std::vector<MonoTime> queued) {
  MonoTime when = wanted;
  if (last_dispatch) when = std::max(when, *last_dispatch + separation);
  std::sort(queued.begin(), queued.end());
  for (const MonoTime other : queued) {
    if (abs(other - when) < separation) when = other + separation;
  }
  return when;
}

}  // namespace timed::sources
