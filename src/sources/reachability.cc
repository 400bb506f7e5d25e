#include "timed/sources/reachability.h"

#include <algorithm>

namespace timed::sources {

void Reachability::shift(bool answered) {
  bits = static_cast<std::uint8_t>(bits << 1 | (answered ? 1 : 0));
  size = std::min(size + 1, 8);
  unreachable_run = bits == 0 ? unreachable_run + 1 : 0;
  ++updates;
}

void Reachability::clear() {
  bits = 0;
  size = 0;
  unreachable_run = 0;
  shift(false);
}

}  // namespace timed::sources
