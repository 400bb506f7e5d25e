// The state is guarded by a sequence number (a seqlock).  Its words are atomics with release and acquire instead of
// plain ones between fences, which gcc's ThreadSanitizer cannot follow: who has read a word of a later state sees the
// later number too, and reads again.
#include "timed/server/published.h"

#include <bit>
#include <utility>

namespace timed::server {

void Published::set_state(const discipline::OwnState& state) {
  const auto words = std::bit_cast<Words>(state);
  const std::uint32_t before = sequence_.load(std::memory_order_relaxed);
  sequence_.store(before + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
  sequence_.store(before + 2, std::memory_order_release);
}

bool Published::refresh(Version& into) const {
  Words words;
  while (true) {
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    if (before == into.number) return false;
    if (before % 2 != 0) continue;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
    if (sequence_.load(std::memory_order_relaxed) != before) continue;
    into.state = std::bit_cast<discipline::OwnState>(words);
    into.number = before;
    return true;
  }
}

void Published::set_tables(SharedTables tables) {
  {
    const std::lock_guard lock(mutex_);
    tables_ = std::move(tables);
  }
  tables_number_.fetch_add(1, std::memory_order_release);
}

SharedTables Published::tables() const {
  const std::lock_guard lock(mutex_);
  return tables_;
}

}  // namespace timed::server
