#include "timed/discipline/effective_marks.h"

#include <algorithm>

namespace timed::discipline {

void apply_auth_mode(std::span<Candidate> candidates, AuthSelectMode mode) {
  const auto is_any = [&](bool authenticated) {
    return std::any_of(candidates.begin(), candidates.end(), [authenticated](const Candidate& c) {
      return c.is_ntp && !c.marks.noselect && c.authenticated == authenticated;
    });
  };
  const bool exclude = mode == AuthSelectMode::Require || (mode == AuthSelectMode::Prefer && is_any(true));
  const bool trust_others = mode == AuthSelectMode::Mix && is_any(true) && is_any(false);
  for (Candidate& c : candidates) {
    if (c.marks.noselect) continue;
    const bool unauthenticated = c.is_ntp && !c.authenticated;
    if (exclude && unauthenticated) c.marks.noselect = true;
    if (trust_others && !unauthenticated) c.marks.trust = c.marks.require = true;
  }
}

}  // namespace timed::discipline
