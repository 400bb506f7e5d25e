#include "timed/sources/pools.h"

#include <algorithm>

namespace timed::sources {

using discipline::SourceId;

std::size_t pool_slots(int max_sources) {
  return std::min(static_cast<std::size_t>(std::max(max_sources, 1)) * 2, kMaxPoolSlots);
}

std::vector<LineMembers::Member>::iterator LineMembers::find(SourceId id) {
  return std::find_if(members_.begin(), members_.end(), [id](const Member& m) { return m.id == id; });
}

void LineMembers::add(SourceId id) {
  members_.push_back({id, false});
}

void LineMembers::remove(SourceId id) {
  const auto found = find(id);
  if (found == members_.end()) return;
  members_.erase(found);
  max_sources_ = std::min(max_sources_, static_cast<int>(members_.size()));
}

std::vector<SourceId> LineMembers::confirm(SourceId id) {
  const auto found = find(id);
  if (found == members_.end() || found->confirmed) return {};
  found->confirmed = true;
  const auto confirmed = std::count_if(members_.begin(), members_.end(), [](const Member& m) { return m.confirmed; });
  std::vector<SourceId> superfluous;
  if (confirmed < max_sources_) return superfluous;
  for (const Member& member : members_) {
    if (!member.confirmed) superfluous.push_back(member.id);
  }
  return superfluous;
}

void LineMembers::doubt(SourceId id) {
  if (const auto found = find(id); found != members_.end()) found->confirmed = false;
}

std::vector<SourceId> LineMembers::ids() const {
  std::vector<SourceId> all;
  for (const Member& member : members_) all.push_back(member.id);
  return all;
}

}  // namespace timed::sources
