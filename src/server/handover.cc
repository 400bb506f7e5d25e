#include "timed/server/handover.h"

#include <utility>

namespace timed::server {

Handover::Handover(Deliver deliver) : deliver_(std::move(deliver)) {}

// The memory is taken with the first packet: a server without threads never has one.
bool Handover::put(Kind kind, std::size_t place, const env::Datagram& datagram) {
  const std::lock_guard lock(mutex_);
  if (items_.empty()) items_.resize(kRoom);
  std::size_t& alike = of_kind_[static_cast<std::size_t>(kind)];
  if (count_ == kRoom || alike == kMost[static_cast<std::size_t>(kind)]) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  ++alike;
  items_[count_++] = {kind, place, datagram};
  return count_ == 1;
}

void Handover::take() {
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    std::swap(items_, taken_);
    count = std::exchange(count_, 0);
    of_kind_ = {};
  }
  for (std::size_t i = 0; i < count; ++i) deliver_(taken_[i].kind, taken_[i].place, taken_[i].datagram);
}

}  // namespace timed::server
