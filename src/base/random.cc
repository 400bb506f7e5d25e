#include "timed/base/random.h"

#include <algorithm>
#include <cstring>

namespace timed {

std::uint64_t EntropyPool::u64() {
  if (left_ == 0) {
    fill_(std::as_writable_bytes(std::span(pool_)));
    left_ = pool_.size();
  }
  return std::exchange(pool_[--left_], 0);
}

void EntropyPool::bytes(std::span<std::byte> into) {
  while (!into.empty()) {
    const std::uint64_t word = u64();
    const std::size_t n = std::min(into.size(), sizeof(word));
    std::memcpy(into.data(), &word, n);
    into = into.subspan(n);
  }
}

}  // namespace timed
